"""What TikTok has pushed and nobody has acted on yet.

Receiving is one short transaction: the notification is written down for every shop of ours that it
is about, and one run is asked for that will read the named records again. While that run waits for
a worker, everything that comes joins it; what comes while it is being worked asks for the next.

    receive ──> notifications (pending) ──take──> read again ──settle──> kept to know a repetition
       └──────> a run in the tail lane ──claim──┘
"""

from __future__ import annotations

import secrets as random
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.exc import OperationalError

from clock import Clock
from errors import Retryable
from store.accounts_schema import access_ends, authorizations, notifications, runs, shops
from store.database import Database
from store.runs import request_under_way
from tiktok_shop.webhooks import Notification

#: The kind of run that reads records again, and its lane.
REREAD: Final = "reread"
LANE: Final = "tail"

#: TikTok repeats a notification for up to 15.5 hours; kept longer, it is known when it comes again.
KEPT_SECONDS: Final = 2 * 86_400.0
#: ... and no more than so many for a shop.
MOST_KEPT: Final = 50_000
#: What has been waiting longer than this has been read by scheduled imports since.
GIVEN_UP_AFTER_SECONDS: Final = 3 * 86_400.0
#: Notifications that one run takes.
MOST_TAKEN: Final = 2_000
#: Receivers wait so long for their turn; TikTok waits three seconds for an answer.
PATIENCE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.003
#: How long it is remembered which shops of ours have an id, and of how many ids.
REMEMBERED_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 10_000

#: Ids in one statement.
_AT_ONCE: Final = 500

_OURS: Final = (
    select(shops.c.workspace_id, shops.c.shop_id, shops.c.state, authorizations.c.refreshed_at)
    .join(authorizations, shops.c.authorization_id == authorizations.c.id)
    .where(
        shops.c.state != "disconnected",
        shops.c.is_sample.is_(False),
        or_(
            shops.c.shop_id == bindparam("shop"),
            and_(bindparam("shop") == "", authorizations.c.open_id == bindparam("seller")),
        ),
    )
)
_ADD: Final = text(
    "INSERT INTO notifications (workspace_id, shop_id, notification_id, topic, named, received_at) "
    "VALUES (:workspace_id, :shop_id, :notification_id, :topic, :named, :received_at) "
    "ON CONFLICT DO NOTHING"
)
# A run that is claimed this very moment is either seen here as running, or claimed after us.
_JOINABLE: Final = (
    select(runs.c.id)
    .where(
        runs.c.workspace_id == bindparam("workspace"),
        runs.c.shop_id == bindparam("shop"),
        runs.c.kind == REREAD,
        runs.c.state.in_(("pending", "waiting", "blocked")),
    )
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Told:
    """A shop of ours that a notification is about. `state` is the shop's; `granted_at` is when
    TikTok last gave us tokens for it, UTC epoch seconds."""

    workspace_id: str
    shop_id: str
    state: str
    granted_at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """Notifications that one run acts on; `named`: ids by what they are, each once."""

    ids: tuple[str, ...]
    named: Mapping[str, Sequence[str]]


@dataclass(slots=True, eq=False)
class _Received:
    """A notification whose sender waits; `kept` when the transaction it was part of is over."""

    notification: Notification
    told: Sequence[Told]
    kept: threading.Event = field(default_factory=threading.Event)


class Notifications:
    """Threads may share it. `database` is for everything but receiving; `impatient` is the same one
    with no busy timeout, since whoever delivers a notification waits for our answer."""

    def __init__(self, database: Database, impatient: Database, clock: Clock) -> None:
        self._database = database
        self._impatient = impatient
        self._clock = clock
        # A transaction waits for the disk: while one does, the next ones gather and become one.
        self._gathered: deque[_Received] = deque()
        self._turn = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, list[Told]]] = {}

    def about(self, notification: Notification) -> list[Told]:
        """The shops of ours that it is about: none for a shop we do not know, those of the seller
        when it names no shop. As of `REMEMBERED_SECONDS` ago at the most; of a notification that
        names no record, as of now."""
        who = (notification.shop_id, notification.seller_open_id)
        now = self._clock.monotonic()
        until, told = self._known.get(who, (0.0, []))
        if now < until and notification.named:
            return told
        with self._database.reading() as connection:
            found = connection.execute(_OURS, {"shop": who[0], "seller": who[1]})
            told = [Told(*row) for row in found]
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[who] = (now + REMEMBERED_SECONDS, told)
        return told

    def receive(self, notification: Notification, told: Sequence[Told]) -> None:
        """Write it down for those of them that can be read and ask for the runs it needs, once
        however often it comes. Raises Retryable when the database has no time for it: TikTok will
        come again."""
        received = _Received(notification, [one for one in told if one.state == "connected"])
        if not received.told or not (notification.named or notification.ends_at):
            return
        self._gathered.append(received)
        try:
            self._keep_in_turn(received)
        except OperationalError as error:
            raise _busy() from error
        finally:
            # A sender that is told to come again waits no longer.
            with suppress(ValueError):
                self._gathered.remove(received)

    def _keep_in_turn(self, received: _Received) -> None:
        """Whoever has the turn writes for all that have gathered meanwhile."""
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            raise _busy()
        try:
            if not received.kept.is_set():
                batch = list(self._gathered)
                self._keep_batch(batch)
                for one in batch:
                    one.kept.set()
        finally:
            self._turn.release()

    def _keep_batch(self, batch: Sequence[_Received]) -> None:
        """One transaction. Looks often whether another process has ended its own: SQLite itself
        would look ever more seldom, and with several web processes some senders wait too long."""
        until = self._clock.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._impatient.writing() as connection:
                    _keep(connection, batch, self._clock.now())
            except OperationalError:
                if self._clock.monotonic() >= until:
                    raise
                self._clock.sleep(LOOK_SECONDS)
            else:
                return

    def take(self, workspace_id: str, shop_id: str) -> Taken:
        """The oldest that nobody has acted on. They are taken again until they are settled. Drops
        what is too old to be repeated, and runs of this kind that are done."""
        ours = _of_shop(workspace_id, shop_id)
        pending = and_(ours, notifications.c.settled_at.is_(None))
        with self._database.writing() as connection:
            _forget(connection, workspace_id, shop_id, self._clock.now())
        with self._database.reading() as connection:
            found = connection.execute(
                select(notifications.c.notification_id, notifications.c.named)
                .where(pending)
                .order_by(notifications.c.received_at)
                .limit(MOST_TAKEN)
            ).all()
        named: dict[str, dict[str, None]] = {}
        for row in found:
            for what, record_id in orjson.loads(row.named):
                named.setdefault(what, {})[record_id] = None
        return Taken(
            tuple(row.notification_id for row in found),
            {what: tuple(ids) for what, ids in named.items()},
        )

    def settle(self, workspace_id: str, shop_id: str, taken: Taken) -> None:
        """These have been acted on. Asks for another run when there were too many for one."""
        ours = _of_shop(workspace_id, shop_id)
        now = self._clock.now()
        with self._database.writing() as connection:
            for at in range(0, len(taken.ids), _AT_ONCE):
                these = notifications.c.notification_id.in_(taken.ids[at : at + _AT_ONCE])
                connection.execute(update(notifications).where(ours, these).values(settled_at=now))
            more = select(func.count()).where(ours, notifications.c.settled_at.is_(None))
            if connection.scalar(more):
                _ensure_run(connection, workspace_id, shop_id, now)

    def forget_shop(self, workspace_id: str, shop_id: str) -> None:
        """Forget everything that was pushed about a shop."""
        with self._database.writing() as connection:
            connection.execute(delete(notifications).where(_of_shop(workspace_id, shop_id)))
            told = and_(
                access_ends.c.workspace_id == workspace_id, access_ends.c.shop_id == shop_id
            )
            connection.execute(delete(access_ends).where(told))

    def access_ends(self, workspace_id: str) -> dict[str, float]:
        """Shop id -> when TikTok will end our access to it (UTC epoch seconds, in the future), for
        those it has said it of."""
        mine = select(access_ends.c.shop_id, access_ends.c.ends_at).where(
            access_ends.c.workspace_id == workspace_id,
            access_ends.c.ends_at > self._clock.now(),
        )
        with self._database.reading() as connection:
            return {row.shop_id: row.ends_at for row in connection.execute(mine)}

    def access_renewed(self, workspace_id: str, shop_ids: Sequence[str]) -> None:
        """The seller has granted access anew: what was said of its end before no longer counts."""
        now = self._clock.now()
        with self._database.writing() as connection:
            for shop_id in shop_ids:
                _note_end(connection, (workspace_id, shop_id), None, now)


def _keep(connection: Connection, batch: Iterable[_Received], now: float) -> None:
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for one in batch:
        notification = one.notification
        for told in one.told:
            place = (told.workspace_id, told.shop_id)
            if notification.ends_at is not None:
                told_at = now if notification.told_at is None else notification.told_at
                _note_end(connection, place, notification.ends_at, told_at)
            if notification.named:
                rows.setdefault(place, []).append(_row(notification, place, now))
    for place, added in rows.items():
        if connection.execute(_ADD, added).rowcount:
            _ensure_run(connection, *place, now)


def _row(notification: Notification, place: tuple[str, str], now: float) -> dict[str, object]:
    return {
        "workspace_id": place[0],
        "shop_id": place[1],
        "notification_id": notification.id,
        "topic": notification.topic,
        "named": orjson.dumps(notification.named).decode(),
        "received_at": now,
    }


def _ensure_run(connection: Connection, workspace_id: str, shop_id: str, now: float) -> None:
    """A run that nobody works yet, the one that there is or a new one."""
    place = {"workspace": workspace_id, "shop": shop_id}
    if connection.execute(_JOINABLE, place).first() is not None:
        return
    connection.execute(
        runs.insert(),
        {
            "id": random.token_hex(8),
            "workspace_id": workspace_id,
            "shop_id": shop_id,
            "lane": LANE,
            "kind": REREAD,
            "slot": random.token_hex(8),
            "parameters": "{}",
            "trigger": "webhook",
            "priority": 0,
            "not_before": 0.0,
            "state": "pending",
            "attempt": 0,
            "message": "",
            "created_at": now,
            "request_id": request_under_way(),
        },
    )


def _note_end(
    connection: Connection, place: tuple[str, str], ends_at: float | None, told_at: float
) -> None:
    """Only what was said later counts, in whatever order it arrives."""
    workspace_id, shop_id = place
    this = and_(access_ends.c.workspace_id == workspace_id, access_ends.c.shop_id == shop_id)
    said = connection.scalar(select(access_ends.c.told_at).where(this))
    values = {"ends_at": ends_at, "told_at": told_at}
    if said is None:
        connection.execute(
            access_ends.insert().values(workspace_id=workspace_id, shop_id=shop_id, **values)
        )
    elif told_at > said:
        connection.execute(update(access_ends).where(this).values(values))


def _forget(connection: Connection, workspace_id: str, shop_id: str, now: float) -> None:
    ours = _of_shop(workspace_id, shop_id)
    beyond = (
        select(notifications.c.received_at)
        .where(ours)
        .order_by(notifications.c.received_at.desc())
        .offset(MOST_KEPT)
        .limit(1)
        .scalar_subquery()
    )
    settled = notifications.c.settled_at.is_not(None)
    old = or_(
        and_(settled, notifications.c.received_at < now - KEPT_SECONDS),
        and_(settled, notifications.c.received_at <= func.coalesce(beyond, -1.0)),
        notifications.c.received_at < now - GIVEN_UP_AFTER_SECONDS,
    )
    connection.execute(delete(notifications).where(ours, old))
    done = and_(
        runs.c.workspace_id == workspace_id,
        runs.c.shop_id == shop_id,
        runs.c.kind == REREAD,
        runs.c.state == "done",
    )
    connection.execute(delete(runs).where(done))


def _of_shop(workspace_id: str, shop_id: str) -> Any:
    return and_(notifications.c.workspace_id == workspace_id, notifications.c.shop_id == shop_id)


def _busy() -> Retryable:
    return Retryable(
        "The service is busy. Send the notification again later.",
        retry_after=60,
        debug="the accounts database had no time for a notification",
    )
