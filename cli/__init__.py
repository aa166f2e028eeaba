"""The command line: `flask --app app COMMAND`. Lists take `--json`.

Commands only read arguments, call one thing and print; what they call is handed in by `app`.
"""
