"""The small web app: a status page, connecting a shop, health and metrics.

Each module makes one blueprint and is handed what it shows as functions."""
