"""All commands, put on the app."""

from __future__ import annotations

from typing import Final

from flask import Flask

from cli.accounts import accounts_commands
from cli.documents import documents_commands
from cli.exports import exports_commands
from cli.external import external_commands
from cli.imports import imports_commands
from cli.installation import Installation
from cli.invites import invites_commands
from cli.keeping import keeping_commands
from cli.running import running_commands
from cli.runs import runs_commands
from cli.shops import shops_commands

_PARTS: Final = (
    running_commands,
    accounts_commands,
    shops_commands,
    invites_commands,
    imports_commands,
    exports_commands,
    external_commands,
    runs_commands,
    keeping_commands,
    documents_commands,
)


def register(app: Flask, here: Installation) -> None:
    for part in _PARTS:
        for command in part(here):
            app.cli.add_command(command)
