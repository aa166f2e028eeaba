"""A file that SQLite cannot read any more: everything that meets it says so, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app import create_app
from backfill.schedule import enqueue_sync
from store.shop_file import DAMAGED
from tests.answering import Answering, HandMadeShop, StandingClock, answering, fill

pytestmark = pytest.mark.slow

SHOP = HandMadeShop("7000001", "Shop", "US")


def overwrite_the_middle(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8_192)
        file.write(b"\xa5" * (size - 2 * 8_192))


def overwrite_the_beginning(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"not a database" * 300)


@pytest.fixture(params=[overwrite_the_middle, overwrite_the_beginning])
def test(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Answering]:
    """The processes that had the file open have ended; another one begins."""
    before = answering(tmp_path, tiktok_app_key="dummy", tiktok_app_secret="dummy")
    row = before.shop(SHOP)
    fill(before, row)
    before.publish(row)
    before.here.close()
    request.param(before.here.folder.records_path("default", SHOP.id))
    app = create_app(before.here.settings, StandingClock())
    made = Answering(app, app.extensions["installation"], before.key)
    yield made
    made.here.close()


def test_a_run_is_blocked_and_says_what_to_do(test: Answering) -> None:
    here = test.here
    run = enqueue_sync(here.ledger, here.clock, "default", SHOP.id)
    with capture_logs():
        here.worker("worker-1").run_until_idle()
    left = here.ledger.run(run.id)
    assert (left.state, left.message) == ("blocked", DAMAGED)
    assert left.reference


@pytest.mark.parametrize(
    "command",
    [
        ("rebuild", SHOP.id),
        ("backfill", SHOP.id, "--start", "2026-06-01", "--end", "2026-07-01", "--estimate"),
    ],
)
def test_a_command_says_so_in_a_sentence(test: Answering, command: tuple[str, ...]) -> None:
    result = test.app.test_cli_runner().invoke(args=list(command))
    assert (result.exit_code, result.output) == (2, DAMAGED + "\n")


def test_the_list_of_shops_and_the_runs_can_still_be_looked_at(test: Answering) -> None:
    runner = test.app.test_cli_runner()
    for command in (["shops", "list"], ["runs", "list"]):
        assert runner.invoke(args=command).exit_code == 0


def test_an_answer_says_so(test: Answering) -> None:
    assert test.refused("orders") == (500, "internal", DAMAGED)


def test_a_damaged_accounts_file_is_named_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = answering(tmp_path)
    before.here.close()
    before.here.accounts.database.close()
    overwrite_the_beginning(before.here.folder.accounts_path)
    with pytest.raises(SystemExit) as ended:
        create_app(before.here.settings, StandingClock())
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("The file with accounts and runs (accounts.sqlite")
