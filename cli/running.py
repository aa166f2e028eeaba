"""Starting the processes, and what the first start prints."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable
from typing import Final

import click
import orjson

from cli.command import command, workspace_option
from cli.installation import Installation, opened
from errors import ConnectorError
from memory import use_little_memory
from store.accounts import SAMPLE
from store.accounts_rows import DEFAULT_WORKSPACE
from supervisor import (
    port_problem,
    run_until_stopped,
    web_process,
    worker_process,
)
from worker import give_way, owner

_SIGN_IN_SECONDS: Final = 24 * 3600.0


def running_commands(here: Installation) -> Iterable[click.Command]:
    settings = here.settings

    def checked() -> None:
        settings.refuse_unsafe()
        problem = port_problem(settings.host, settings.port)
        if problem:
            click.echo(problem, err=True)
            sys.exit(2)

    @command("up")
    def up() -> None:
        """Prepare everything, then run web and worker until Ctrl-C."""
        checked()
        here.prepare()
        _greet(here)
        here.close()
        status = run_until_stopped([web_process(), worker_process()], here.clock, click.echo)
        click.echo("Stopped." if status == 0 else "Ended.")
        sys.exit(status)

    @command("serve")
    def serve() -> None:
        """Run the web server only."""
        checked()
        here.prepare()
        here.close()
        sys.exit(run_until_stopped([web_process()], here.clock, click.echo))

    @command("worker")
    @click.option("--until-idle", is_flag=True, help="Stop when nothing is due.")
    def worker(until_idle: bool) -> None:
        """Work the runs in the ledger."""
        use_little_memory()
        here.prepare()
        if until_idle:
            here.worker(owner()).run_until_idle()
        else:
            give_way()
            here.work()
        here.close()

    @command("login-link")
    @workspace_option
    def login_link(workspace: str) -> None:
        """Print a link that signs a person in, once, within 24 hours."""
        click.echo(_sign_in_link(here, workspace))

    return (up, serve, worker, login_link)


def _sign_in_link(here: Installation, workspace_id: str) -> str:
    opened(here, workspace_id)
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
    _, key = here.accounts.workspace(DEFAULT_WORKSPACE).create_key("make run", numbered=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key
