"""The command line: `flask --app app COMMAND`. Lists take `--json`.

Commands only read arguments, call one thing and print; what they call is handed in by `app`.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol

import click
import orjson
from flask import Flask
from flask.cli import AppGroup

from backfill.schedule import enqueue_backfill
from catalogue.docs import fields_page, tables_page
from catalogue.fields import FIELDS
from clock import Clock
from errors import BadRequest, ConnectorError
from settings import Settings, settings_table
from store.accounts import SAMPLE, Accounts, ShopRow
from store.ledger import Ledger, Run
from store.sessions import Sessions
from store.shops import ShopStores
from supervisor import (
    port_problem,
    run_until_stopped,
    web_process,
    worker_process,
)
from worker import Worker, use_little_memory

DEFAULT_WORKSPACE: Final = "default"
_SIGN_IN_SECONDS: Final = 24 * 3600.0
_POLL_SECONDS: Final = 0.5
_REGIONS: Final = ("US", "GB", "SEA", "ROW")
_FINAL: Final = ("done", "blocked", "failed")
#: Generated documents, by file name.
DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "fields.md": fields_page,
    "tables.md": tables_page,
    "settings.md": lambda: (
        f"# Settings\n\nMade from `settings.py`; do not edit.\n\n{settings_table()}"
    ),
}


class Installation(Protocol):
    """What the commands work with; `app.Installation` is it."""

    settings: Settings
    clock: Clock
    accounts: Accounts
    sessions: Sessions
    ledger: Ledger
    stores: ShopStores

    def prepare(self) -> None: ...
    def connect(self, workspace_id: str, code: str, region: str) -> list[ShopRow]: ...
    def worker(self, owner: str) -> Worker: ...
    def close(self) -> None: ...


def register(app: Flask, here: Installation) -> None:
    for group in (
        _running(here), _workspaces(here), _shops(here), _keys(here), _runs(here), _documents()
    ):  # fmt: skip
        for command in group:
            app.cli.add_command(command)


class _Told(click.Command):
    """A command whose expected errors are one sentence and exit status 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConnectorError as error:
            click.echo(error.message, err=True)
            ctx.exit(2)


class _Group(AppGroup):
    command_class = _Told


def _command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    return click.command(name, cls=_Told)


_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON line a row.")
_WORKSPACE = click.option(
    "--workspace", default=DEFAULT_WORKSPACE, show_default=True, help="Id of the workspace."
)


# -- running -----------------------------------------------------------------------------------


def _running(here: Installation) -> Iterable[click.Command]:
    settings = here.settings

    def checked() -> None:
        settings.refuse_unsafe()
        problem = port_problem(settings.host, settings.port)
        if problem:
            click.echo(problem, err=True)
            sys.exit(2)

    @_command("up")
    def up() -> None:
        """Prepare everything, then run web and worker until Ctrl-C."""
        checked()
        here.prepare()
        _greet(here)
        here.close()
        status = run_until_stopped([web_process(), worker_process()], here.clock, click.echo)
        click.echo("Stopped." if status == 0 else "Ended.")
        sys.exit(status)

    @_command("serve")
    def serve() -> None:
        """Run the web server only."""
        checked()
        here.prepare()
        here.close()
        sys.exit(run_until_stopped([web_process()], here.clock, click.echo))

    @_command("worker")
    @click.option("--until-idle", is_flag=True, help="Stop when nothing is due.")
    def worker(until_idle: bool) -> None:
        """Work the runs in the ledger."""
        use_little_memory()
        here.prepare()
        at_work = here.worker(_owner())
        if until_idle:
            at_work.run_until_idle()
        else:
            at_work.run_until_stopped()
        here.close()

    @_command("login-link")
    @_WORKSPACE
    def login_link(workspace: str) -> None:
        """Print a link that signs a person in, once, within 24 hours."""
        click.echo(_sign_in_link(here, workspace))

    return (up, serve, worker, login_link)


def _sign_in_link(here: Installation, workspace_id: str) -> str:
    here.accounts.workspace(workspace_id)
    token = here.sessions.new_link_token(workspace_id, _SIGN_IN_SECONDS)
    return f"{here.settings.base_url}/sign-in?token={token}"


def _greet(here: Installation) -> None:
    base, key = here.settings.base_url, _own_key(here)
    today = dt.datetime.fromtimestamp(here.clock.now(), dt.UTC).date()
    asked = {
        "configParams": {"shops": SAMPLE},
        "dateRange": {
            "startDate": (today - dt.timedelta(days=28)).isoformat(),
            "endDate": (today - dt.timedelta(days=1)).isoformat(),
        },
        "fields": [{"name": "date"}, {"name": "gmv"}, {"name": "orders"}],
    }
    click.echo(f"Sign in    {_sign_in_link(here, DEFAULT_WORKSPACE)}")
    click.echo(f"API key    {key}")
    click.echo("Ask for the Sample Account's sales (a first import takes a few seconds):\n")
    click.echo(f"  curl -s {base}/connector/v1/getData \\")
    click.echo(f"    -H 'Authorization: Bearer {key}' \\")
    click.echo(f"    -d '{orjson.dumps(asked).decode()}'\n")
    click.echo("Ctrl-C stops everything; `make run` goes on where it stopped.")


def _own_key(here: Installation) -> str:
    """The key `make run` shows: made once, kept beside the secret key for the next start."""
    path = here.settings.data_dir / "api_key"
    if path.exists():
        kept = path.read_text(encoding="ascii").strip()
        try:
            here.accounts.principal_for_key(kept)
        except ConnectorError:
            path.unlink()
        else:
            return kept
    _, key = here.accounts.workspace(DEFAULT_WORKSPACE).create_key("make run", "read")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


# -- workspaces, shops, keys ---------------------------------------------------------------------


def _workspaces(here: Installation) -> Iterable[click.Command]:
    group = _Group("workspaces", help="Tenants of this installation.")

    @group.command("create")
    @click.argument("name")
    @click.option("--id", "workspace_id", help="Its id; made up when missing.")
    def create(name: str, workspace_id: str | None) -> None:
        """Make a workspace and print its id."""
        click.echo(here.accounts.create_workspace(name, workspace_id=workspace_id).id)

    @group.command("list")
    @_JSON
    def show(as_json: bool) -> None:
        """List the workspaces."""
        _print([asdict(row) for row in here.accounts.workspaces()], as_json, ("id", "name"))

    return (group,)


def _shops(here: Installation) -> Iterable[click.Command]:
    group = _Group("shops", help="Connected TikTok shops.")

    @group.command("list")
    @_WORKSPACE
    @_JSON
    def show(workspace: str, as_json: bool) -> None:
        """List the shops of a workspace, the Sample Account among them."""
        rows = [_shown(shop) for shop in here.accounts.workspace(workspace).shops()]
        _print(rows, as_json, ("shop_id", "name", "region", "currency", "state"))

    @group.command("connect")
    @click.option("--code", required=True, help="The code TikTok's consent page gave.")
    @click.option("--region", required=True, type=click.Choice(_REGIONS))
    @click.option("--shop", "shop_id", help="Wait for this shop only.")
    @click.option("--wait", is_flag=True, help="Import before returning.")
    @_WORKSPACE
    def connect(code: str, region: str, shop_id: str | None, wait: bool, workspace: str) -> None:
        """Connect the shops of a consent code and start their first imports."""
        here.prepare()
        shops = here.connect(workspace, code, region)
        if shop_id is not None and shop_id not in {shop.shop_id for shop in shops}:
            raise BadRequest(f"The consent does not cover shop {shop_id}.", code="unknown_shop")
        for shop in shops:
            click.echo(f"{shop.shop_id}  {shop.name}")
        if wait:
            waited = [shop for shop in shops if shop_id in (None, shop.shop_id)]
            _wait(here, [run for shop in waited for run in _unfinished(here, shop)])

    return (group, *_imports(here))


def _imports(here: Installation) -> Iterable[click.Command]:
    @_command("backfill")
    @click.argument("shop_id")
    @click.option("--start", required=True, type=click.DateTime(["%Y-%m-%d"]))
    @click.option("--end", required=True, type=click.DateTime(["%Y-%m-%d"]))
    @click.option("--data", default="", help="Comma list of orders, products; all when missing.")
    @click.option("--wait", is_flag=True, help="Import before returning.")
    @_WORKSPACE
    def backfill(
        shop_id: str, start: dt.datetime, end: dt.datetime, data: str, wait: bool, workspace: str
    ) -> None:
        """Import history: orders created from START to END, both days included, in UTC."""
        shop = here.accounts.workspace(workspace).shop(shop_id)
        run = enqueue_backfill(
            here.ledger,
            here.clock,
            shop.workspace_id,
            shop.shop_id,
            start=_midnight(start),
            end=min(_midnight(end) + 86_400, int(here.clock.now())),
            data=[word.strip() for word in data.split(",") if word.strip()],
        )
        click.echo(run.id)
        if wait:
            _wait(here, [run])

    @_command("rebuild")
    @click.argument("shop_id")
    @_WORKSPACE
    def rebuild(shop_id: str, workspace: str) -> None:
        """Make all columns of a shop again from its records."""
        shop = here.accounts.workspace(workspace).shop(shop_id)
        here.stores.columns(shop.workspace_id, shop.shop_id).rebuild()
        click.echo(f"The columns of {shop.name} were made again.")

    return (backfill, rebuild)


def _keys(here: Installation) -> Iterable[click.Command]:
    group = _Group("keys", help="API keys.")

    @group.command("create")
    @_WORKSPACE
    @click.option("--scope", default="read", type=click.Choice(["read", "manage"]))
    @click.option("--name", default="command line", help="What it is for.")
    def create(workspace: str, scope: str, name: str) -> None:
        """Make an API key and print it; it is shown this once."""
        click.echo(here.accounts.workspace(workspace).create_key(name, scope)[1])

    @group.command("list")
    @_WORKSPACE
    @_JSON
    def show(workspace: str, as_json: bool) -> None:
        """List the keys of a workspace, without the secrets."""
        kept = here.accounts.workspace(workspace)
        rows = [asdict(key) for key in kept.keys()]  # noqa: SIM118 - not a dict
        _print(rows, as_json, ("id", "name", "scope", "last_used_at", "revoked_at"))

    @group.command("revoke")
    @click.argument("key_id")
    @_WORKSPACE
    def revoke(key_id: str, workspace: str) -> None:
        """Make a key useless from now on."""
        here.accounts.workspace(workspace).revoke_key(key_id)
        click.echo(f"Key {key_id} is revoked.")

    return (group,)


def _runs(here: Installation) -> Iterable[click.Command]:
    group = _Group("runs", help="Imports, past and present.")

    @group.command("list")
    @click.option("--workspace", default=None, help="Only this workspace.")
    @_JSON
    def show_all(workspace: str | None, as_json: bool) -> None:
        """List the newest runs."""
        rows = [asdict(run) for run in here.ledger.runs(workspace)]
        _print(rows, as_json, ("id", "shop_id", "kind", "state", "attempt", "message"))

    @group.command("show")
    @click.argument("run_id")
    @_JSON
    def show_one(run_id: str, as_json: bool) -> None:
        """Show a run and how far its shop's stages are."""
        run = here.ledger.run(run_id)
        stages = here.stores.records(run.workspace_id, run.shop_id).progress().values()
        if as_json:
            whole = {**asdict(run), "stages": [asdict(stage) for stage in stages]}
            click.echo(orjson.dumps(whole).decode())
            return
        _print([asdict(run)], False, ("id", "shop_id", "kind", "state", "attempt", "message"))
        click.echo("")
        put_aside = here.stores.records(run.workspace_id, run.shop_id).quarantine_count()
        columns = ("stage", "state", "done", "total", "waits_for", "error", "reference")
        _print([asdict(stage) for stage in stages], False, columns)
        if put_aside:
            click.echo(f"\n{put_aside} records could not be read and were put aside.")

    return (group,)


# -- documents -----------------------------------------------------------------------------------


def _documents() -> Iterable[click.Command]:
    @_command("fields")
    @_JSON
    def fields(as_json: bool) -> None:
        """List every field that can be asked for."""
        rows = [
            {"id": field.id, "label": field.label, "group": field.group, "about": field.about}
            for field in FIELDS.values()
        ]
        _print(rows, as_json, ("id", "label", "group"))

    @_command("docs")
    @click.option("--check", is_flag=True, help="Only say whether they are up to date.")
    def docs(check: bool) -> None:
        """Write the documents that are made from declarations into docs/."""
        folder = Path(__file__).parent / "docs"
        for name, page in DOCUMENTS.items():
            path = folder / name
            if path.exists() and path.read_text(encoding="utf-8") == page():
                continue
            if check:
                raise BadRequest(f"docs/{name} is out of date; run `flask --app app docs`.")
            path.write_text(page(), encoding="utf-8")
            click.echo(f"docs/{name} written.")

    return (fields, docs)


# -- small parts ---------------------------------------------------------------------------------


def _print(rows: Sequence[Mapping[str, Any]], as_json: bool, columns: Sequence[str]) -> None:
    """JSON lines with everything, or aligned columns for a person."""
    if as_json:
        for row in rows:
            click.echo(orjson.dumps(row).decode())
        return
    cells = [list(columns), *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _shown(shop: ShopRow) -> dict[str, Any]:
    """A shop without its cipher, which is a credential."""
    return {name: value for name, value in asdict(shop).items() if name != "cipher"}


def _owner() -> str:
    """Names this process in a lease."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def _midnight(day: dt.datetime) -> int:
    return int(day.replace(tzinfo=dt.UTC).timestamp())


def _unfinished(here: Installation, shop: ShopRow) -> list[Run]:
    runs = here.ledger.runs(shop.workspace_id, shop.shop_id)
    return [run for run in runs if run.state not in _FINAL]


def _wait(here: Installation, runs: Sequence[Run]) -> None:
    """Work until these runs are left for good, beside any other worker; exit 1 unless all done."""
    at_work = here.worker(_owner())
    while True:
        at_work.run_until_idle()
        left = [here.ledger.run(run.id) for run in runs]
        if all(run.state in _FINAL for run in left):
            break
        here.clock.sleep(_POLL_SECONDS)
    for run in left:
        click.echo(f"{run.shop_id}  {run.state}  {run.message}".rstrip())
    here.close()
    if any(run.state != "done" for run in left):
        sys.exit(1)
