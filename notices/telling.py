"""What a worker does about notices, again and again: see what is worth telling, and send what is
due. Harmless to repeat, and to do in several processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import structlog

from clock import Clock
from notices.occasions import (
    DIGEST,
    TEST,
    digest_key,
    export_occasions,
    leaving_occasions,
    occasions,
)
from notices.sending import Mail, NotSent, Post
from notices.wording import digest, trial, written, written_exports
from settings import Settings
from store.accounts import SAMPLE, Accounts
from store.exports import Export, Exports
from store.farewell import Farewells
from store.notices import EMAIL, Channels, Message, Notices, Occasion, Written
from store.shop_health import ShopHealth, shop_health

#: Looking at all shops takes a moment; nothing here is known to the minute.
LOOKED_EVERY_SECONDS: Final = 60.0
#: Deliveries of one round: a server that does not answer keeps the others waiting.
_MOST_SENT: Final = 3

_NOTICE: Final = "notice"

_log = structlog.get_logger(__name__)


def telling_of(
    accounts: Accounts, clock: Clock, settings: Settings, *, kinds: Collection[str]
) -> Telling:
    """With the mail server and the hosts of the settings."""
    password = settings.smtp_password
    mail = Mail(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=password.get_secret_value() if password else "",
    )
    return Telling(
        accounts=accounts,
        notices=Notices(accounts, clock),
        clock=clock,
        mail=mail if settings.sends_mail else None,
        post=Post(tuple(settings.listed_notice_hosts)),
        kinds=kinds,
        farewells=Farewells(accounts.database, clock, settings.keep_disconnected_days),
        base_url=settings.base_url,
    )


class Telling:
    """`mail` is None where the installation sends none. `kinds`: the runs whose failures count.
    `base_url`: where people reach this installation."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        notices: Notices,
        clock: Clock,
        mail: Mail | None,
        post: Post,
        kinds: Collection[str],
        farewells: Farewells,
        base_url: str,
    ) -> None:
        self._accounts = accounts
        self.notices = notices
        self._clock = clock
        self._mail = mail
        self._post = post
        self._kinds = kinds
        self._farewells = farewells
        self._base_url = base_url
        self._exports = Exports(accounts.database, clock)
        self._looked_at: float | None = None

    def once(self) -> None:
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOKED_EVERY_SECONDS:
            self._looked_at = now
            self.look()
        self.send_due()

    def look(self) -> None:
        """Write down what is worth telling now."""
        now = self._clock.now()
        health = shop_health(self._accounts.database, self._kinds, now)
        failing = self._exports.failing()
        leaving = self._farewells.leaving()
        for workspace in self._accounts.workspaces():
            ill = [export for export in failing if export.workspace_id == workspace.id]
            self._tell_exports(workspace.id, workspace.name, ill, now)
            shops = [shop for shop in health if shop.workspace_id == workspace.id]
            leaves = [one for one in leaving if one.workspace_id == workspace.id]
            if workspace.id == SAMPLE or not (shops or leaves):
                continue
            channels = self.notices.channels(workspace.id)
            self.notices.tell(
                workspace.id,
                _NOTICE,
                [*occasions(shops, now), *leaving_occasions(leaves, now)],
                self._about(workspace.name),
                channels,
            )
            if shops and channels.names and (key := digest_key(channels.digest, now)):
                self._tell_digest(workspace.id, workspace.name, shops, channels, key)

    def _tell_exports(
        self, workspace_id: str, name: str, failing: Sequence[Export], now: float
    ) -> None:
        if not failing:
            return
        self.notices.tell(
            workspace_id,
            _NOTICE,
            export_occasions(failing, now),
            lambda fresh: written_exports(fresh, name, self._base_url),
            self.notices.channels(workspace_id),
        )

    def _about(self, workspace_name: str) -> Callable[[Sequence[Occasion]], Written]:
        return lambda fresh: written(fresh, workspace_name, self._base_url)

    def _tell_digest(
        self,
        workspace_id: str,
        name: str,
        shops: Sequence[ShopHealth],
        channels: Channels,
        key: str,
    ) -> None:
        said = digest(shops, name, self._base_url, self._clock.now())
        today = Occasion(key, DIGEST, "", {})
        self.notices.tell(workspace_id, DIGEST, [today], lambda _: said, channels)

    def try_out(self, workspace_id: str) -> bool:
        """Send a test through the workspace's channels; False when one was sent this minute."""
        name = self._accounts.workspace(workspace_id).name
        this_minute = Occasion(f"test:{int(self._clock.now() // 60)}", TEST, "", {})
        said = trial(name, self._base_url)
        channels = self.notices.channels(workspace_id)
        return bool(self.notices.tell(workspace_id, TEST, [this_minute], lambda _: said, channels))

    def send_due(self) -> None:
        for _ in range(_MOST_SENT):
            taken = self.notices.take()
            if taken is None:
                return
            message, channel = taken
            try:
                self._send(message, channel)
            except NotSent as error:
                _log.warning("notice_not_sent", message=message.id, reason=error.problem)
                self.notices.not_sent(message.id, channel, error.problem, final=error.final)
            else:
                self.notices.sent(message.id, channel)

    def _send(self, message: Message, channel: str) -> None:
        """Where the workspace wants them now, not where it wanted them then."""
        channels = self.notices.channels(message.workspace_id)
        if channel not in channels.names:
            raise NotSent("This channel was removed.", final=True)
        if channel == EMAIL:
            if self._mail is None:
                raise NotSent("This installation has no mail server (SMTP_HOST).", final=True)
            self._mail.send(message, channels.addresses, self._clock.now())
        else:
            name = self._accounts.workspace(message.workspace_id).name
            self._post.send(message, channels.webhook, name)
