"""An in-memory Google Sheets API v4, with the few Drive v3 calls an exporter makes.

`server.Emulator` answers HTTP calls; `clients` puts it under gspread and google-api-python-client
without a network. It follows Google's documentation and answers that were recorded from the live
API, not the calls of our own exporter.
"""
