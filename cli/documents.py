"""What is made from declarations: the list of fields, and the generated documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import click

from catalogue.docs import fields_page, tables_page
from catalogue.fields import FIELDS
from cli.command import command, json_option, print_rows
from cli.installation import Installation
from cli.limits import limits_page
from cli.looker_template import template_page
from errors import BadRequest
from settings import settings_table

#: Generated documents, by file name.
DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "fields.md": fields_page,
    "tables.md": tables_page,
    "limits.md": limits_page,
    "looker_template.md": template_page,
    "settings.md": lambda: (
        f"# Settings\n\nMade from `settings.py`; do not edit.\n\n{settings_table()}"
    ),
}


def documents_commands(_here: Installation) -> Iterable[click.Command]:
    @command("fields")
    @json_option
    def fields(as_json: bool) -> None:
        """List every field that can be asked for."""
        rows = [
            {"id": field.id, "label": field.label, "group": field.group, "about": field.about}
            for field in FIELDS.values()
        ]
        print_rows(rows, as_json, ("id", "label", "group"))

    @command("docs")
    @click.option("--check", is_flag=True, help="Only say whether they are up to date.")
    def docs(check: bool) -> None:
        """Write the documents that are made from declarations into docs/."""
        folder = Path(__file__).parent.parent / "docs"
        for name, page in DOCUMENTS.items():
            path = folder / name
            if path.exists() and path.read_text(encoding="utf-8") == page():
                continue
            if check:
                raise BadRequest(f"docs/{name} is out of date; run `flask --app app docs`.")
            path.write_text(page(), encoding="utf-8")
            click.echo(f"docs/{name} written.")

    return (fields, docs)
