"""The small web app: shops, their imports and settings, connecting, dashboard, health and metrics.

Each module makes one blueprint and is handed what it shows as functions."""
