"""What a workspace is told, and whom it is told to.

An occasion is told once, whatever process sees it: its key is written down together with the
message it is told in. A message goes through the workspace's channels; each delivery is tried again
for a while and claimed by whoever tries, so that two processes do not send it twice.

    tell ──> notices + message + deliveries (due) ──take──> sent
                                               └──try again later──┘ └──> failed
"""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, delete, select, text, update

from clock import Clock
from store.accounts import Accounts
from store.bookkeeping_schema import deliveries, messages, notice_channels, notices

EMAIL: Final = "email"
WEBHOOK: Final = "webhook"

DIGESTS: Final = ("none", "daily", "weekly")

#: Whoever takes a delivery has so long for it.
TAKEN_SECONDS: Final = 300.0
#: After so many seconds it is tried again; then it is given up.
AGAIN_AFTER: Final = (60.0, 300.0, 1_800.0, 7_200.0, 21_600.0)

_WEBHOOK_PLACE: Final = "webhook of notices"

_NOTE: Final = text(
    'INSERT INTO notices (workspace_id, "key", shop_id, kind, noticed_at, message_id) '
    "VALUES (:workspace, :key, :shop, :kind, :now, :message) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Channels:
    """Whom notices go to; `webhook` is an address that must not be shown. `digest` is one of
    DIGESTS."""

    addresses: tuple[str, ...] = ()
    webhook: str = ""
    digest: str = "none"

    @property
    def names(self) -> list[str]:
        """The channels that are in use."""
        return [EMAIL] * bool(self.addresses) + [WEBHOOK] * bool(self.webhook)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something worth telling. `key` is the same as long as it is the same occasion. `facts` is
    what the wording needs."""

    key: str
    kind: str
    shop_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """`problem`: why it did not arrive (yet), in words. Instants are UTC epoch seconds."""

    channel: str
    state: str
    attempts: int
    due_at: float
    ended_at: float | None
    problem: str


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    workspace_id: str
    kind: str
    subject: str
    body: str
    made_at: float
    deliveries: tuple[Delivery, ...] = ()


class Notices:
    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._database = accounts.database
        self._clock = clock

    # --- whom to tell ---

    def channels(self, workspace_id: str) -> Channels:
        kept = select(notice_channels).where(notice_channels.c.workspace_id == workspace_id)
        with self._database.reading() as connection:
            row = connection.execute(kept).first()
        if row is None:
            return Channels()
        sealed = row.sealed_webhook
        scope = self._accounts.workspace(workspace_id)
        return Channels(
            tuple(one for one in row.addresses.split(",") if one),
            scope.unseal(sealed, _WEBHOOK_PLACE) if sealed else "",
            row.digest,
        )

    def set_channels(self, workspace_id: str, chosen: Channels) -> None:
        """The addresses must have been checked."""
        scope = self._accounts.workspace(workspace_id)
        values = {
            "addresses": ",".join(chosen.addresses),
            "sealed_webhook": scope.seal(chosen.webhook, _WEBHOOK_PLACE) if chosen.webhook else "",
            "digest": chosen.digest,
        }
        this = notice_channels.c.workspace_id == workspace_id
        with self._database.writing() as connection:
            connection.execute(delete(notice_channels).where(this))
            connection.execute(notice_channels.insert().values(workspace_id=workspace_id, **values))

    # --- what to tell ---

    def tell(
        self,
        workspace_id: str,
        kind: str,
        occasions: Sequence[Occasion],
        write: Callable[[Sequence[Occasion]], Written],
        channels: Channels,
    ) -> str:
        """One message about those of the occasions that nobody was told of yet; gives its id, ""
        when there is none. `write` words it."""
        now, message_id = self._clock.now(), random.token_hex(8)
        if not self._untold(workspace_id, occasions):
            return ""
        with self._database.writing() as connection:
            fresh = [
                one
                for one in occasions
                if connection.execute(
                    _NOTE,
                    {
                        "workspace": workspace_id,
                        "key": one.key,
                        "shop": one.shop_id,
                        "kind": one.kind,
                        "now": now,
                        "message": message_id,
                    },
                ).rowcount
            ]
            if not fresh:
                return ""  # another process was quicker
            written = write(fresh)
            connection.execute(
                messages.insert().values(
                    id=message_id,
                    workspace_id=workspace_id,
                    kind=kind,
                    subject=written.subject,
                    body=written.body,
                    made_at=now,
                )
            )
            for channel in channels.names:
                connection.execute(
                    deliveries.insert().values(
                        message_id=message_id,
                        channel=channel,
                        workspace_id=workspace_id,
                        state="due",
                        attempts=0,
                        due_at=now,
                        problem="",
                    )
                )
        return message_id

    def _untold(self, workspace_id: str, occasions: Sequence[Occasion]) -> bool:
        """Looking takes no writer's turn."""
        keys = {one.key for one in occasions}
        told = select(notices.c.key).where(
            notices.c.workspace_id == workspace_id, notices.c.key.in_(keys)
        )
        with self._database.reading() as connection:
            return bool(keys - set(connection.scalars(told)))

    # --- telling ---

    def take(self) -> tuple[Message, str] | None:
        """A message and the channel it is due on, now the caller's for TAKEN_SECONDS; or None."""
        now = self._clock.now()
        due = and_(deliveries.c.state == "due", deliveries.c.due_at <= now)
        oldest = select(deliveries).where(due).order_by(deliveries.c.due_at).limit(1)
        with self._database.reading() as connection:
            found = connection.execute(oldest).first()
        if found is None:
            return None
        this = _delivery(found.message_id, found.channel)
        same = and_(this, due, deliveries.c.attempts == found.attempts)
        taken = {"attempts": found.attempts + 1, "due_at": now + TAKEN_SECONDS}
        with self._database.writing() as connection:
            if not connection.execute(update(deliveries).where(same).values(taken)).rowcount:
                return None  # another process was quicker
            row = connection.execute(
                select(messages).where(messages.c.id == found.message_id)
            ).one()
        return _message(row), found.channel

    def sent(self, message_id: str, channel: str) -> None:
        ended = {"state": "sent", "ended_at": self._clock.now(), "problem": ""}
        with self._database.writing() as connection:
            connection.execute(
                update(deliveries).where(_delivery(message_id, channel)).values(ended)
            )

    def not_sent(self, message_id: str, channel: str, problem: str, *, final: bool) -> None:
        """It did not arrive: it is tried again later, unless that is `final` or was tried often."""
        now, this = self._clock.now(), _delivery(message_id, channel)
        with self._database.writing() as connection:
            attempts = connection.scalar(select(deliveries.c.attempts).where(this)) or 0
            values: dict[str, Any] = {"problem": problem}
            if final or attempts > len(AGAIN_AFTER):
                values |= {"state": "failed", "ended_at": now}
            else:
                values |= {"due_at": now + AGAIN_AFTER[max(0, attempts - 1)]}
            connection.execute(update(deliveries).where(this).values(values))

    def messages(self, workspace_id: str, limit: int = 50) -> list[Message]:
        """The newest first, each with its deliveries."""
        newest = (
            select(messages)
            .where(messages.c.workspace_id == workspace_id)
            .order_by(messages.c.made_at.desc(), messages.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(newest).all()
            ids = [row.id for row in rows]
            sent = connection.execute(
                select(deliveries)
                .where(deliveries.c.message_id.in_(ids))
                .order_by(deliveries.c.channel)
            ).all()
        return [
            _message(row, tuple(_sent(one) for one in sent if one.message_id == row.id))
            for row in rows
        ]


def _delivery(message_id: str, channel: str) -> Any:
    return and_(deliveries.c.message_id == message_id, deliveries.c.channel == channel)


def _message(row: Any, sent: tuple[Delivery, ...] = ()) -> Message:
    return Message(row.id, row.workspace_id, row.kind, row.subject, row.body, row.made_at, sent)


def _sent(row: Any) -> Delivery:
    return Delivery(row.channel, row.state, row.attempts, row.due_at, row.ended_at, row.problem)
