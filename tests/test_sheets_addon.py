"""The menu in a spreadsheet: its own specification, and the real script against the real server and
the status block that the writer really makes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporting import ExportHouse, export_house

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parent.parent / "sheets_addon"

#: Runs one entry of the script in the made-up spreadsheet; what the server would answer comes in,
#: and what was asked and said goes out.
ONE_CALL = """
const { Spreadsheet } = require('./test/apps_script.js');
const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const sheet = new Spreadsheet(() => given.answer);
sheet.blocks = given.blocks || {};
sheet.typed = given.line ?? null;
sheet.call('connect');
sheet.toasts.length = 0;
sheet.call(given.name);
const { fetched, toasts, alerts } = sheet;
console.log(JSON.stringify({ fetched, toasts, alerts }));
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    folder = tmp_path_factory.mktemp("addon")
    with export_house(folder, public_url="https://hub.example") as made:
        made.refresh(made.create(schedule="daily"))
        yield made


def called(name: str, **given: object) -> dict[str, list[object]]:
    done = subprocess.run(
        ["node", "-e", ONE_CALL],
        cwd=PROJECT,
        input=json.dumps({"name": name, **given}),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_the_script_keeps_its_own_specification() -> None:
    """The Node tests; there is nothing to install for them."""
    files = sorted(str(path) for path in (PROJECT / "test").glob("*.test.js"))
    command = ["node", "--test", "--test-reporter=tap", *files]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=55)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    figures = dict(re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert int(figures["pass"]) == int(figures["tests"]) > 15


def test_the_node_lock_names_no_host_and_every_package_has_a_checksum() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    installed = [entry for name, entry in packages.items() if name]
    assert len(installed) > 50
    assert not any("resolved" in entry for entry in installed)
    assert all(entry["integrity"].startswith("sha512-") for entry in installed)


def test_the_script_may_see_this_spreadsheet_only() -> None:
    manifest = json.loads((PROJECT / "appsscript.json").read_text())
    assert [scope.rpartition("/")[2] for scope in manifest["oauthScopes"]] == [
        "spreadsheets.currentonly",
        "script.container.ui",
        "script.external_request",
    ]


def test_what_the_menu_asks_the_server_answers(house: ExportHouse) -> None:
    scope = house.test.here.accounts.workspace("default")
    _, key = scope.create_key("Menu", "refresh", target=house.book_id)
    line = f"https://hub.example#{key}"
    (asked,) = called("refresh", line=line, answer={"status": 503})["fetched"]
    assert isinstance(asked, dict)
    answer = house.test.app.test_client().open(
        asked["url"].removeprefix("https://hub.example"),
        method=asked["method"].upper(),
        headers=asked["headers"],
    )
    assert answer.status_code == 202
    said = called("refresh", line=line, answer={"status": 202, "body": answer.get_json()})
    assert said["toasts"] == [
        "The export is being refreshed. The status above each table says when it is done."
    ]
    wrong = house.test.app.test_client().post(
        "/sheets/refresh", headers={"Authorization": f"Bearer {key[:-1]}x"}
    )
    refused = {"status": wrong.status_code, "body": wrong.get_json()}
    assert "not valid any more" in str(called("refresh", line=line, answer=refused)["toasts"])


def test_the_status_is_read_from_the_block_that_the_writer_makes(house: ExportHouse) -> None:
    (export,) = house.exporting.exports.of_workspace("default")
    (name,) = [
        one["name"]
        for one in house.emulator.books[house.book_id].named
        if one["name"].endswith("_status")
    ]
    assert name == f"tiktok_shop_{export.id}_status"
    block = house.emulator.look(house.book_id, name, render="FORMATTED_VALUE")
    width = max(len(row) for row in block)
    cells = [[str(cell) for cell in row] + [""] * (width - len(row)) for row in block]
    (said,) = called("showStatus", blocks={name: cells})["alerts"]
    assert isinstance(said, str)
    assert said.startswith("Sales: OK\nLast success: 2026-08-20 12:00")
    assert "\nRows: 3" in said
    assert "\nNext run: 2026-08-21 07:00" in said
