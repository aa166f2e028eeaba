"""The command line as a person uses it, over a data folder of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from app import create_app
from installation import Installation
from settings import Settings
from tests.answering import Answering, HandMadeShop, answering, fill

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskCliRunner]:
    """A first start, its import not yet worked."""
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("commands")))
    app.extensions["installation"].prepare()
    yield app.test_cli_runner()
    here: Installation = app.extensions["installation"]
    here.close()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Answering]:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def lines(runner: FlaskCliRunner, *args: str) -> list[str]:
    result = runner.invoke(args=list(args))
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def told(runner: FlaskCliRunner, *args: str) -> str:
    """What a refused command says: one sentence, exit status 2, no traceback."""
    result = runner.invoke(args=list(args))
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.timeout(240)  # twenty-four stages over ninety days: half a minute of a quiet core
def test_a_worker_imports_the_sample_account_and_the_run_says_so(runner: FlaskCliRunner) -> None:
    lines(runner, "worker", "--until-idle")
    (run,) = [json.loads(line) for line in lines(runner, "runs", "list", "--json")]
    assert (run["shop_id"], run["kind"], run["state"]) == ("sample", "import", "done")
    shown = json.loads(lines(runner, "runs", "show", run["id"], "--json")[0])
    stages = {stage["stage"]: stage for stage in shown["stages"]}
    assert stages["orders"]["state"] == "done"
    assert stages["orders"]["done"] == stages["orders"]["total"] > 0


def test_a_new_workspace_has_its_own_key(runner: FlaskCliRunner) -> None:
    (workspace,) = lines(runner, "workspaces", "create", "Agency")
    (key,) = lines(runner, "keys", "create", "--workspace", workspace)
    headers = {"Authorization": f"Bearer {key}"}
    seen = runner.app.test_client().get("/connector/v1/whoami", headers=headers).get_json()
    assert seen["workspace"] == {"id": workspace, "name": "Agency"}
    assert seen["shops"] == ["sample"]
    (listed,) = [
        json.loads(line)
        for line in lines(runner, "keys", "list", "--workspace", workspace, "--json")
    ]
    assert key not in json.dumps(listed)


def test_before_anything_was_started_a_key_and_a_sign_in_link_can_be_made(tmp_path: Path) -> None:
    runner = create_app(Settings(data_dir=tmp_path)).test_cli_runner()
    (key,) = lines(runner, "keys", "create")
    assert key.startswith("tts_")
    (link,) = lines(runner, "login-link")
    assert "/sign-in?token=" in link
    assert told(runner, "keys", "create", "--workspace", "other") == "There is no such workspace.\n"
    runner.app.extensions["installation"].close()


def test_the_list_of_shops_shows_no_credential(filled: Answering) -> None:
    runner = filled.app.test_cli_runner()
    (shop,) = [json.loads(line) for line in lines(runner, "shops", "list", "--json")]
    assert shop["shop_id"] == "111"
    assert "dummy-cipher" not in json.dumps(shop)
    assert "First shop" in lines(runner, "shops", "list")[1]


def test_rebuild_makes_the_same_columns_again(filled: Answering) -> None:
    before = filled.rows("date", "gmv", "orders")
    lines(filled.app.test_cli_runner(), "rebuild", "111")
    assert filled.rows("date", "gmv", "orders") == before


def test_a_sign_in_link_opens_the_status_page_once(filled: Answering) -> None:
    (link,) = lines(filled.app.test_cli_runner(), "login-link")
    token = link.partition("token=")[2]
    client = filled.app.test_client()
    assert client.get("/").status_code == 401
    assert client.post("/sign-in", data={"token": token}).status_code == 303
    page = client.get("/").get_data(as_text=True)
    assert "First shop" in page
    other = filled.app.test_client()
    assert other.post("/sign-in", data={"token": token}).status_code != 303


def test_fields_can_be_listed(runner: FlaskCliRunner) -> None:
    rows = [json.loads(line) for line in lines(runner, "fields", "--json")]
    assert {"id": "gmv", "label": "GMV"}.items() <= next(
        row for row in rows if row["id"] == "gmv"
    ).items()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("shops", "list", "--workspace", "nobody"), "no such workspace"),
        (("rebuild", "12345"), "not connected"),
        (("runs", "show", "nothing"), "no such run"),
        (("backfill", "sample", "--start", "2026-02-01", "--end", "2026-01-01"), "before"),
        (("shops", "connect", "--code", "x", "--region", "US"), "TIKTOK_APP_KEY"),
        (
            ("backfill", "sample", "--start", "2026-01-01", "--end", "2026-02-01", "--data", "x"),
            "x",
        ),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    runner: FlaskCliRunner, command: tuple[str, ...], words: str
) -> None:
    assert words in told(runner, *command)
