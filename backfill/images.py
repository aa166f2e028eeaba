"""Product pictures: fetched once, kept by us, served under an address that stays.

TikTok's own addresses are signed and stop working after a while, so that a report would show broken
pictures the week after. A picture is fetched anew only when the part of its address before the
signature changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from backfill.normalise.rows import BuyerHasher, Normalised, Row
from backfill.stage import Context, Images
from catalogue.tables import PRODUCTS
from store.commits import Write
from store.images import ImageFolder
from store.records import ShopRecords
from tiktok_shop.attempt import Reply
from tiktok_shop.client import Page
from tiktok_shop.images import Image, NoImage

#: After so many pictures in a row whose server did not answer, the others wait for another run.
_PATIENCE: Final = 8

#: Nobody writes a picture for longer.
_WRITTEN_SECONDS: Final = 3_600.0

_GIVEN_UP: Final = NoImage("The pictures' server did not answer; asked again later.", final=False)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures come from and go to. `address` is where we serve those of this shop, with a
    slash at its end; `keyed` is the workspace's keyed digest."""

    download: Callable[[str], Image | NoImage]
    folder: ImageFolder
    address: str
    keyed: BuyerHasher

    def keep(self, image: Image) -> str:
        """Keep a picture; gives the path under which it is served."""
        digest = sha256(image.content).hexdigest()
        name = f"{self.keyed(f'picture {digest}')[0][:32]}.{image.ending}"
        self.folder.keep(name, image.content)
        return self.address + name


@dataclass(slots=True)
class _Patience:
    silent: int = 0


@dataclass(slots=True)
class ImageReading:
    """The picture of one product. `asked`: one row (product id, its update time, address)."""

    pictures: Pictures
    patience: _Patience
    asked: Sequence[tuple[Any, ...]]
    now: Callable[[], float]
    restarts: int = field(default=0)

    def fetch(self) -> Page:
        ((product_id, update_time, url),) = self.asked
        answer: Image | NoImage = _GIVEN_UP
        if self.patience.silent < _PATIENCE:
            answer = self.pictures.download(url)
            silent = isinstance(answer, NoImage) and not answer.reached
            self.patience.silent = self.patience.silent + 1 if silent else 0
        row: dict[str, Any] = {"product_id": product_id, "update_time": update_time}
        if isinstance(answer, Image):
            row |= {"path": self.pictures.keep(answer), "note": None, "final": True}
        else:
            row |= {"path": None, "note": answer.reason, "final": answer.final}
        row["source"] = source_of(url)
        return Page([row], "", None, Reply({}, "", "", self.now()))


def source_of(url: str) -> str:
    """The address without its signature: what stays the same while the picture does."""
    return url.partition("?")[0]


def image_readings(
    reads: Images, records: ShopRecords, pictures: Pictures | None, now: Callable[[], float]
) -> list[ImageReading]:
    """One for every product whose picture we have not asked for; none where pictures are off."""
    if pictures is None:
        return []
    pictures.folder.forget_unfinished(now() - _WRITTEN_SECONDS)
    patience = _Patience()
    return [
        ImageReading(pictures, patience, (tuple(row),), now) for row in records.query(reads.pending)
    ]


_ASKED: Final = ("product_id", "update_time", "image_skip_reason", "image_source", "image_path")


def normalise_images(records: Iterable[object], _context: Context) -> Normalised:
    """Columns of products about their picture. One that could not be had today keeps what was
    there, and only the reason is noted."""
    settled: list[Row] = []
    put_off: list[Row] = []
    for record in records:
        assert isinstance(record, dict)  # noqa: S101
        get = record.get
        row = (get("product_id"), get("update_time"), get("note"))
        if get("final"):
            settled.append((*row, get("source"), get("path")))
        elif get("product_id"):
            put_off.append(row)
    return Normalised(
        (
            Write(PRODUCTS, _ASKED, settled, is_ours=True),
            Write(PRODUCTS, _ASKED[:3], put_off, is_ours=True),
        )
    )
