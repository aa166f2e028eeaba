"""A copy of everything that cannot be made again, taken while the program goes on working.

    accounts.sqlite          first, so that a run that ends meanwhile is still open in the copy
    shops/W/S/records.sqlite each as of one moment
    shops/W/S/images/        as they are
    backup.json              every file with its size and checksum, written last

Columns are left out: they are made again from the records at the first question. So is the secret
key, unless it is asked for: who has it and the copy has the tokens. To restore, put the folder's
content into an empty data folder, with `secret_key` or the same SECRET_KEY.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson

from clock import Clock
from errors import Refused
from store.database import Database
from store.drafts import drafted
from store.images import ImageFolder
from store.paths import DataFolder
from store.secrets import KEY_FILE

LIST_NAME: Final = "backup.json"
#: Bumped when what the files mean changes.
_FORM: Final = 1
_READ_BYTES: Final = 1 << 20


def back_up(
    folder: DataFolder,
    accounts: Database,
    target: Path,
    clock: Clock,
    *,
    with_secret_key: bool = False,
) -> list[str]:
    """Make the copy in `target`, which must not exist or be empty; gives the names of its files.
    It is there only when it is whole and checked.

    BadRequest when there is something at `target` already, Refused when the copy does not check.
    """
    with drafted(target, last=LIST_NAME) as draft:
        if accounts.is_sqlite and accounts.engine.url.database:
            _copy_database(Path(accounts.engine.url.database), draft / folder.accounts_path.name)
        for source in sorted(folder.shops_folder.glob("*/*/records.sqlite")):
            _copy_if_there(source, draft / source.relative_to(folder.root))
        for images in sorted(folder.shops_folder.glob("*/*/images")):
            ImageFolder(images).copy_to(draft / images.relative_to(folder.root))
        if with_secret_key and folder.secret_key_path.exists():
            _copy_file(folder.secret_key_path, draft / KEY_FILE)
        _write_list(draft, clock.now())
        problems = problems_of(draft)
        if problems:
            raise Refused(f"The copy is not good: {problems[0]}", code="internal")
    return [name for name, _ in _files(target)]


def problems_of(copy: Path) -> list[str]:
    """What is wrong with a copy, in sentences; nothing when every file is there as it was made and
    every database in it is sound."""
    try:
        listed: dict[str, dict[str, Any]] = orjson.loads((copy / LIST_NAME).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{LIST_NAME} is missing or damaged, so nothing tells what should be there."]
    found = []
    for name, told in listed.items():
        path = copy / name
        if not path.is_file():
            found.append(f"{name} is missing.")
        elif _checksum(path) != told["sha256"]:
            found.append(f"{name} is not as it was copied.")
        elif path.suffix == ".sqlite" and not _is_sound(path):
            found.append(f"{name} is a damaged database.")
    return found


def _copy_database(source: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy.touch(mode=0o600)
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as reading,
        closing(sqlite3.connect(copy)) as writing,
    ):
        # In one step: else every commit meanwhile would make it begin again.
        reading.backup(writing, pages=-1)
        # A file of its own, without a log beside it.
        writing.execute("PRAGMA journal_mode = DELETE")


def _copy_if_there(source: Path, copy: Path) -> None:
    """Of a shop whose workspace is deleted meanwhile nothing is copied."""
    try:
        _copy_database(source, copy)
    except sqlite3.OperationalError:
        if source.exists():
            raise
        copy.unlink()


def _copy_file(source: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy.touch(mode=0o600)
    shutil.copyfile(source, copy)


def _write_list(folder: Path, now: float) -> None:
    files = {
        name: {"bytes": path.stat().st_size, "sha256": _checksum(path)}
        for name, path in _files(folder)
    }
    content = orjson.dumps(
        {"form": _FORM, "made_at": int(now), "files": files}, option=orjson.OPT_INDENT_2
    )
    descriptor = os.open(folder / LIST_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != LIST_NAME:
            yield path.relative_to(folder).as_posix(), path


def _checksum(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            found.update(part)
    return found.hexdigest()


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return (
                database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                and database.execute("PRAGMA foreign_key_check").fetchone() is None
            )
    except sqlite3.DatabaseError:
        return False
