"""Links into Looker Studio: a report made with one click, and the data source by itself. Pure.

Linking API: developers.google.com/looker-studio/integrate/linking-api. A link never holds the key:
who opens it connects with a key of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

#: The alias of the template's only data source.
_SOURCE: Final = "ds0"


@dataclass(frozen=True, slots=True)
class Looker:
    """`connector_id`: of the deployed Apps Script; `template_id`: of the report to copy, "" for an
    empty report that has the data source."""

    host: str
    connector_id: str
    template_id: str = ""

    def report(self, workspace: str, config: Mapping[str, str], subject: str = "") -> str:
        """A link that makes a report. `config`: answers to getConfig's questions by name;
        `subject`: the shop or client it is about."""
        name = " – ".join(["TikTok Shop", subject or workspace])
        parameters = {
            **({"c.reportId": self.template_id} if self.template_id else {}),
            "c.mode": "edit",
            "r.reportName": name,
            f"{_SOURCE}.connector": "community",
            f"{_SOURCE}.connectorId": self.connector_id,
            f"{_SOURCE}.datasourceName": source_name(workspace),
            # The template's own labels and formats stay where the fields are the same.
            f"{_SOURCE}.refreshFields": "false",
            **{f"{_SOURCE}.{question}": answer for question, answer in config.items()},
        }
        return f"https://{self.host}/reporting/create?{urlencode(parameters, quote_via=quote)}"

    def data_source(self) -> str:
        """A link that opens the connector's configuration."""
        connector = quote(self.connector_id, safe="")
        return f"https://{self.host}/datasources/create?connectorId={connector}"


def source_name(workspace: str) -> str:
    """What a data source of the workspace is called, unless somebody calls it otherwise."""
    return f"TikTok Shop – {workspace}"
