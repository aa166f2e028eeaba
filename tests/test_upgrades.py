"""A data folder of the first release opens, answers what it answered then, and goes on with what
was not done; an upgrade that is cut off at any step leaves a folder that opens.

The folder is `first_release.tar.xz`: a shop of 30 orders as the first release imported it from its
simulator, a run that nobody had begun, a second workspace, an API key in the file `key`.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import Connection

from app import create_app
from errors import Refused
from installation import Installation
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.world import seeded_world
from settings import Settings
from store.accounts_migration import STEPS, migrate
from store.database import Database
from store.migrations import SHOP_STEPS, Step, prepare_shop_file
from store.shop_file import open_writer
from tests.installation import upgrade_and_die
from tests.living import MovedClock

pytestmark = pytest.mark.slow

ARCHIVE = Path(__file__).parent / "first_release.tar.xz"
SECRET_KEY = "first-release-dummy-0123456789-abcdef"  # pragma: allowlist secret
SHOP = "7495000000003000001"
#: 22 November 2026, 15:00 UTC: shortly after it was written.
WRITTEN = 1_795_359_600
MONTH = ("2026-11-01", "2026-11-21")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "data", filter="data")
    return tmp_path / "data"


@contextmanager
def opened(folder: Path) -> Iterator[Installation]:
    """By the program as it is now, beside the simulator that it was written beside."""
    clock = MovedClock()
    clock.moved = WRITTEN - clock.now()
    world = seeded_world(3, 30, 20, now=WRITTEN, wall=clock.now)

    def session() -> requests.Session:
        made = requests.Session()
        made.mount(BASE_URL, SampleShopAdapter(world, wall=clock.now))
        return made

    settings = Settings(
        data_dir=folder,
        secret_key=SecretStr(SECRET_KEY),
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_api_base=BASE_URL,
        tiktok_auth_base=BASE_URL,
        sample_account=False,
        log_level="error",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("installation.new_session", session)
        patch.setattr("connector.live.WAIT_SECONDS", 0.0)
        app = create_app(settings, clock)
        here: Installation = app.extensions["installation"]
        here.prepare()
        try:
            yield here
        finally:
            here.close()
            here.accounts.database.close()


def rows(here: Installation, folder: Path, fields: str) -> list[list[Any]]:
    app = create_app(here.settings, here.clock)
    answer = app.test_client().post(
        "/connector/v1/getData",
        headers={"Authorization": f"Bearer {(folder / 'key').read_text().strip()}"},
        json={
            "configParams": {"shops": SHOP},
            "dateRange": {"startDate": MONTH[0], "endDate": MONTH[1]},
            "fields": [{"name": name} for name in fields.split(",")],
        },
    )
    app.extensions["installation"].close()
    assert answer.status_code == 200, answer.text
    return [row["values"] for row in answer.get_json()["rows"]]


def test_a_folder_of_the_first_release_answers_what_it_answered_then(folder: Path) -> None:
    with opened(folder) as here:
        assert rows(here, folder, "gmv,orders,items_sold") == [[916.73, 29, 43]]
        assert rows(here, folder, "order_status,orders,gmv") == [
            ["AWAITING_COLLECTION", 1, 3.35],
            ["AWAITING_SHIPMENT", 1, 17.81],
            ["CANCELLED", 2, 23.75],
            ["COMPLETED", 7, 255.94],
            ["DELIVERED", 11, 399.19],
            ["IN_TRANSIT", 7, 216.69],
        ]
        assert rows(here, folder, "returns,cancellations") == [[2, 2]]
        names = [workspace.id for workspace in here.accounts.workspaces()]
        assert {"default", "agency"} <= set(names)


def test_it_goes_on_with_the_run_that_nobody_had_begun(folder: Path) -> None:
    """September and October, with all that has been added since. Figures by the hour there are
    none of so early."""
    with opened(folder) as here:
        assert here.ledger.counts()["pending"] == 1
        records = here.stores.records("default", SHOP)
        assert records.coverage("statements") == [], "which the first release did not read"
        here.worker("worker").run_until_idle()
        assert here.ledger.counts()["pending"] == 0
        assert records.coverage("statements") != []
        stages = records.progress("backward")
        left = {name for name, stage in stages.items() if stage.state != "done"}
        assert left == {"shop_performance_hourly"}
        assert rows(here, folder, "orders") == [[29]]


def test_a_copy_of_each_file_is_kept_beside_it(folder: Path) -> None:
    with opened(folder) as here:
        here.stores.records("default", SHOP)
    (copy,) = folder.glob("accounts.sqlite.version-1")
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT value FROM metadata").fetchall() == [("1",)]
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (2,)
    assert list((folder / "shops" / "default" / SHOP).glob("records.sqlite.before-*"))


class CutOff(Exception):
    pass


def cut_after(step: Callable[[Any], None]) -> Callable[[Any], None]:
    def run(connection: Any) -> None:
        step(connection)
        raise CutOff

    return run


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_accounts_whose_upgrade_broke_at_any_step_are_as_before_and_upgrade_again(
    number: int, folder: Path
) -> None:
    database = Database(f"sqlite:///{folder}/accounts.sqlite")
    broken = (*STEPS[:number], cut_after(STEPS[number]), *STEPS[number + 1 :])
    with pytest.raises(CutOff):
        migrate(database, broken)
    with database.reading() as connection:
        assert version(connection) == "1"
    migrate(database)
    with database.reading() as connection:
        assert version(connection) == str(1 + len(STEPS))
        assert connection.exec_driver_sql("SELECT count(*) FROM runs").scalar() == 2
        assert not connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    database.close()


def version(connection: Connection) -> str:
    found = connection.exec_driver_sql("SELECT value FROM metadata WHERE name = 'version'")
    return str(found.scalar())


@pytest.mark.parametrize("number", range(1, len(SHOP_STEPS)))
def test_a_shops_file_whose_upgrade_broke_at_any_step_goes_on_there(
    number: int, folder: Path
) -> None:
    path = folder / "shops" / "default" / SHOP / "records.sqlite"
    step = SHOP_STEPS[number]
    broken = [
        Step(one.number, one.about, cut_after(one.run)) if one is step else one
        for one in SHOP_STEPS
    ]
    with closing(open_writer(path)) as writer:
        with pytest.raises(CutOff):
            prepare_shop_file(writer, path, broken)
        done = {row[0] for row in writer.execute("SELECT number FROM _migrations")}
        assert done == {one.number for one in SHOP_STEPS[:number]}
        prepare_shop_file(writer, path)
        assert writer.execute("SELECT count(*) FROM orders").fetchone() == (30,)
        assert writer.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_process_that_is_killed_in_the_middle_of_an_upgrade_costs_nothing(folder: Path) -> None:
    address = f"sqlite:///{folder}/accounts.sqlite"
    spawn = multiprocessing.get_context("spawn")
    killed = spawn.Process(target=upgrade_and_die, args=(address,))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    with opened(folder) as here:
        assert rows(here, folder, "orders") == [[29]]


def test_a_folder_of_a_newer_release_is_refused_and_left_alone(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/accounts.sqlite")
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE metadata SET value = '999' WHERE name = 'version'")
    database.close()
    shutil.copy(folder / "accounts.sqlite", folder / "before")
    with pytest.raises(Refused, match="newer release"):
        migrate(Database(f"sqlite:///{folder}/accounts.sqlite"))
    assert (folder / "before").read_bytes() == (folder / "accounts.sqlite").read_bytes()
