"""The architecture as a table: imports point strictly down, libraries stay in their rooms.

The table is checked against the imports of every module, read with `ast` (also those inside
functions). The second half breaks each rule in a made-up tree, to see that it is caught.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).resolve().parent.parent

#: From the top down. A module imports only from floors below its own; neighbours do not meet.
#: `installation` joins the parts, `app` puts the pages before them, which a worker need not load;
#: `cli` has a floor between them and the rooms it gives orders to; `settings` one above `errors`,
#: which it raises.
FLOORS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"app"}),
    frozenset({"installation"}),
    frozenset({"cli", "gunicorn_conf"}),
    frozenset({"hub", "schema_explorer", "sheets_export", "supervisor", "logs"}),
    frozenset({"backfill", "connector", "notices", "web", "worker"}),
    frozenset({"store"}),
    frozenset({"catalogue", "tiktok_shop"}),
    frozenset({"settings"}),
    frozenset({"errors", "clock", "memory", "setting_values"}),
)
FLOOR_OF: Final = {name: number for number, floor in enumerate(FLOORS) for name in floor}

#: The simulator imports nothing of ours; of ours only `installation` imports it.
APART: Final = "sample_shop"

#: They join the parts and may use all libraries.
JOINTS: Final = frozenset({"app", "installation"})

EVERYWHERE: Final = frozenset({"pydantic", "structlog", "orjson", "prometheus_client"})

#: Third-party packages by module or by single file.
LIBRARIES: Final[Mapping[str, frozenset[str]]] = {
    "cli": frozenset({"flask", "click"}),
    "hub": frozenset({"flask", "werkzeug", "markupsafe"}),
    "schema_explorer": frozenset({"flask", "werkzeug", "markupsafe"}),
    "sheets_export": frozenset({"flask", "werkzeug", "gspread", "google", "googleapiclient"}),
    "sheets_export/book.py": frozenset({"requests"}),
    "sheets_export/drive.py": frozenset({"google_auth_httplib2", "httplib2"}),
    "backfill": frozenset({"cachetools"}),
    "connector": frozenset({"cachetools"}),
    "connector/routes.py": frozenset({"flask", "werkzeug"}),
    "web": frozenset(
        {
            "flask",
            "flask_bootstrap",
            "werkzeug",
            "itsdangerous",
            "markupsafe",
            "cachetools",
            "google",
        }
    ),
    "web/heads.py": frozenset({"gunicorn"}),
    "store": frozenset({"sqlite_utils", "sqlalchemy", "duckdb", "pyarrow", "cryptography"}),
    "tiktok_shop": frozenset({"msgspec", "requests", "urllib3"}),
    "sample_shop": frozenset({"numpy", "requests", "urllib3", "flask", "werkzeug"}),
}

#: Standard modules that read the time or hide an import, and the only file that may use them. The
#: simulator keeps a clock of its own.
HOMES: Final[Mapping[str, frozenset[str]]] = {
    "time": frozenset({"clock.py", "sample_shop"}),
    "importlib": frozenset(),
    "runpy": frozenset(),
}

#: Folders that hold no module of the program.
NO_ROOMS: Final = frozenset({"tests", "benchmarks", "tools", "docs", "data", "node_modules"})


def imports_of(path: str, source: str) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; `__import__` as `importlib`."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Name) and node.id == "__import__":
            yield "importlib"


def room_of(path: str) -> str:
    """The top-level module or package that a path like `store/records.py` belongs to."""
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def why_not(path: str, imported: str) -> str | None:
    """The rule that an import breaks, else None."""
    room, other = room_of(path), imported.split(".", maxsplit=1)[0]
    if other == room or other == "__future__":
        return None
    if other == APART:
        return None if room == "installation" else "only the joint may know the simulator"
    if other in FLOOR_OF:
        if room == APART:
            return "the simulator imports nothing of ours"
        if FLOOR_OF[other] <= FLOOR_OF[room]:
            return "imports point strictly down"
        return None
    if other in HOMES:
        return None if {path, room} & HOMES[other] else f"{other} has another home"
    if other in sys.stdlib_module_names or room in JOINTS or other in EVERYWHERE:
        return None
    allowed = LIBRARIES.get(room, frozenset()) | LIBRARIES.get(path, frozenset())
    return None if other in allowed else f"{other} is not a library of this room"


def violations(tree: Mapping[str, str]) -> list[str]:
    """Every broken rule in a tree of {path: source}, as sentences."""
    found = []
    for path, source in sorted(tree.items()):
        if room_of(path) not in FLOOR_OF and room_of(path) != APART:
            found.append(f"{path}: this module has no floor")
            continue
        found.extend(
            f"{path} imports {imported}: {reason}"
            for imported in imports_of(path, source)
            if (reason := why_not(path, imported))
        )
    return found


def our_modules() -> dict[str, str]:
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*.py")]
    return {
        path.as_posix(): (ROOT / path).read_text(encoding="utf-8")
        for path in paths
        if not path.parts[0].startswith(".") and not NO_ROOMS & set(path.parts[:-1])
    }


def test_every_import_points_down_and_every_library_stays_in_its_room() -> None:
    tree = our_modules()
    assert {"errors.py", "clock.py", "settings.py", "supervisor.py"} <= tree.keys()
    assert violations(tree) == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("store/records.py", "from connector.plan import Plan", "strictly down"),
        ("store/records.py", "def f():\n    import connector.plan", "strictly down"),
        ("connector/plan.py", "import backfill.windows", "strictly down"),
        ("catalogue/field.py", "from tiktok_shop import client", "strictly down"),
        ("tiktok_shop/client.py", "if True:\n    from store.accounts import Accounts", "down"),
        ("clock.py", "import errors", "strictly down"),
        ("hub/routes.py", "from cli.running import up", "strictly down"),
        ("cli/running.py", "from app import create_app", "strictly down"),
        ("backfill/run.py", "from worker import Worker", "strictly down"),
        ("backfill/run.py", "import sample_shop", "only the joint"),
        ("hub/routes.py", "from sample_shop.adapter import Adapter", "only the joint"),
        ("sample_shop/signing.py", "from tiktok_shop.signing import sign", "nothing of ours"),
        ("sample_shop/orders.py", "import errors", "nothing of ours"),
        ("backfill/run.py", "import requests", "not a library of this room"),
        ("hub/routes.py", "import gspread", "not a library of this room"),
        ("connector/plan.py", "import flask", "not a library of this room"),
        ("connector/fetch.py", "import duckdb", "not a library of this room"),
        ("catalogue/orders.py", "import numpy", "not a library of this room"),
        ("store/records.py", "from time import monotonic", "another home"),
        ("backfill/run.py", "import time", "another home"),
        ("app.py", "import importlib", "another home"),
        ("app.py", "module = __import__('connector')", "another home"),
        ("backfill/run.py", "from tests.shop import orders", "not a library of this room"),
        ("helpers/text.py", "import re", "no floor"),
        ("reports.py", "import re", "no floor"),
    ],
)
def test_a_broken_rule_is_caught(path: str, source: str, reason: str) -> None:
    assert [reason in sentence for sentence in violations({path: source})] == [True]


def test_a_relative_import_is_followed_to_its_room() -> None:
    assert list(imports_of("store/deep/records.py", "from ..accounts import x")) == [
        "store.accounts"
    ]
    assert list(imports_of("store/records.py", "from . import accounts")) == ["store"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app.py", "import connector.routes, installation, requests, cli, flask"),
        ("installation.py", "import connector.fetch, sample_shop, cli"),
        ("cli/running.py", "import click\nfrom supervisor import run_until_stopped\nimport hub"),
        ("connector/routes.py", "import flask\nfrom connector.plan import Plan"),
        ("connector/plan.py", "import catalogue.field, store.columns, errors, orjson, re"),
        ("store/records.py", "import sqlite3, sqlite_utils, catalogue.tables"),
        ("settings.py", "from __future__ import annotations\nimport pydantic, errors"),
        ("sample_shop/serve.py", "import time, numpy, sample_shop.orders"),
        ("clock.py", "import time"),
    ],
)
def test_what_the_house_allows_is_allowed(path: str, source: str) -> None:
    assert violations({path: source}) == []


def test_no_module_stands_on_two_floors() -> None:
    assert len(FLOOR_OF) == sum(len(floor) for floor in FLOORS)
