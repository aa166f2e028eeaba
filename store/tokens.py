"""TikTok's tokens for one shop, renewed by one process at a time.

One authorization may cover several shops, and a refresh answers with a new refresh token. So tokens
are kept per authorization, all four values change in one transaction, and whoever wants new ones
first takes the authorization's refresh lease: a thread or process that comes second waits and then
finds the tokens already changed. No transaction is open while TikTok is asked.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Row, select, update

from clock import Clock
from errors import Reauthorise, Retryable
from store.accounts_rows import Grant, ShopRow
from store.accounts_schema import authorizations, shops
from store.database import Database
from store.grants import ACCESS_PLACE, REFRESH_PLACE, set_state_of_shops, token_columns
from store.secrets import WorkspaceSecrets

#: Ask for new tokens when less than this is left of the access token.
RENEW_BEFORE_SECONDS: Final = 600.0
#: ... but not again so soon after the last time, whatever the answer said.
RENEW_AT_MOST_EVERY_SECONDS: Final = 60.0
#: How long one process may take to ask TikTok, with its own repeats; after a crash others wait
#: so long.
REFRESH_LEASE_SECONDS: Final = 100.0
#: How long a token is used without looking whether it was changed, or taken back, meanwhile.
REMEMBERED_SECONDS: Final = 1.0
WAIT_STEP_SECONDS: Final = 0.1


class TokenKeeper:
    """`tiktok_shop.client.Access` for one shop. Threads may share it."""

    def __init__(
        self,
        shop: ShopRow,
        refresh: Callable[[str], Grant],
        *,
        database: Database,
        secrets: WorkspaceSecrets,
        clock: Clock,
    ) -> None:
        """`refresh` takes the refresh token and raises Reauthorise when the seller must act."""
        self.shop_key = shop.shop_id
        self.cipher = shop.cipher
        self._workspace_id = shop.workspace_id
        self._shop_id = shop.shop_id
        self._authorization_id = shop.authorization_id
        self._refresh = refresh
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._remembered: tuple[float, str] | None = None

    def access_token(self) -> str:
        """A token that should be accepted now. Raises Reauthorise when the grant has ended."""
        remembered = self._remembered
        now = self._clock.now()
        if remembered is not None and 0 <= now - remembered[0] < REMEMBERED_SECONDS:
            return remembered[1]
        row = self._read()
        token = self._token(row)
        left = row.access_expires_at - now
        if left < RENEW_BEFORE_SECONDS and now - row.refreshed_at >= RENEW_AT_MOST_EVERY_SECONDS:
            try:
                return self.renew(token)
            except Retryable:
                if left <= 0:
                    raise
        self._remembered = (now, token)
        return token

    def renew(self, stale_token: str) -> str:
        """A token other than `stale_token`: asks TikTok once, or takes what another was given.

        Raises Reauthorise (and marks the authorization and its shops) when the seller must grant
        access again; passes on Retryable when TikTok cannot be asked now."""
        self._remembered = None
        owner = random.token_hex(8)
        give_up_at = self._clock.monotonic() + 1.1 * REFRESH_LEASE_SECONDS
        while True:
            row = self._take_lease(owner, stale_token)
            if row.refresh_owner == owner:
                return self._ask(row, owner)
            token = self._token(row)
            if token != stale_token:
                return token
            started = self._clock.monotonic()
            self._clock.sleep(WAIT_STEP_SECONDS)
            woken = self._clock.monotonic()
            if woken > give_up_at or woken - started < WAIT_STEP_SECONDS / 2:
                raise Retryable(
                    "TikTok's access token is being renewed. Try again in a minute.",
                    retry_after=REFRESH_LEASE_SECONDS,
                )

    def _take_lease(self, owner: str, stale_token: str) -> Row[Any]:
        """The row as it is now; ours to refresh if its `refresh_owner` is `owner`."""
        this = authorizations.c.id == self._authorization_id
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._checked(
                connection.execute(select(authorizations).where(this).with_for_update()).first()
            )
            if self._token(row) != stale_token or row.refresh_until > now:
                return row
            lease = {"refresh_owner": owner, "refresh_until": now + REFRESH_LEASE_SECONDS}
            connection.execute(update(authorizations).where(this).values(lease))
            return connection.execute(select(authorizations).where(this)).one()

    def _ask(self, row: Row[Any], owner: str) -> str:
        try:
            grant = self._renewed(row)
        except Reauthorise as error:
            return self._ended(row, error)
        except BaseException:
            self._release(owner)
            raise
        return self._keep(row, grant)

    def _renewed(self, row: Row[Any]) -> Grant:
        if row.refresh_expires_at <= self._clock.now():
            raise _must_reauthorise()
        place = REFRESH_PLACE.format(row.id)
        return self._refresh(self._secrets.unseal(row.sealed_refresh_token, place))

    def _keep(self, asked: Row[Any], grant: Grant) -> str:
        """Store the new pair, unless a newer one came while we asked (our lease had run out), or
        the seller took back the grant."""
        this = authorizations.c.id == asked.id
        with self._database.writing() as connection:
            row = connection.execute(select(authorizations).where(this).with_for_update()).one()
            if row.token_version != asked.token_version:
                self._checked(row)
                if row.access_expires_at >= grant.access_expires_at:
                    return self._token(row)
            values = {
                **token_columns(self._secrets, asked.id, grant, self._clock.now()),
                "token_version": row.token_version + 1,
                "state": "connected",
                "refresh_owner": "",
                "refresh_until": 0.0,
            }
            connection.execute(update(authorizations).where(this).values(values))
        return grant.access_token

    def _ended(self, asked: Row[Any], error: Reauthorise) -> str:
        """TikTok will not renew. If the tokens changed meanwhile, those count; else mark it."""
        this = authorizations.c.id == asked.id
        with self._database.writing() as connection:
            row = connection.execute(select(authorizations).where(this).with_for_update()).one()
            if row.token_version != asked.token_version:
                return self._token(self._checked(row))
            values = {"state": "reauthorise", "refresh_owner": "", "refresh_until": 0.0}
            connection.execute(update(authorizations).where(this).values(values))
            set_state_of_shops(connection, asked.id, "connected", "reauthorise")
        raise error

    def _release(self, owner: str) -> None:
        mine = authorizations.c.refresh_owner == owner
        free = {"refresh_owner": "", "refresh_until": 0.0}
        with self._database.writing() as connection:
            connection.execute(update(authorizations).where(mine).values(free))

    def _read(self) -> Row[Any]:
        """The grant that the shop is read with now, which may be another one than before."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(authorizations)
                .join(shops, shops.c.authorization_id == authorizations.c.id)
                .where(
                    shops.c.workspace_id == self._workspace_id,
                    shops.c.shop_id == self._shop_id,
                    shops.c.state != "disconnected",
                )
            ).first()
        checked = self._checked(row)
        self._authorization_id = checked.id
        return checked

    def _checked(self, row: Row[Any] | None) -> Row[Any]:
        if row is None or row.state != "connected":
            raise _must_reauthorise()
        return row

    def _token(self, row: Row[Any]) -> str:
        return self._secrets.unseal(row.sealed_access_token, ACCESS_PLACE.format(row.id))


def _must_reauthorise() -> Reauthorise:
    return Reauthorise(
        "TikTok no longer gives access to this shop. Connect the shop again to go on."
    )
