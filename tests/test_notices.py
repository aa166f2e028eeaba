"""Notices: what is worth telling, that it is told once, how it is worded, and where it may go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from notices.addresses import addresses_in, is_listed, problem_of_addresses, problem_of_webhook
from notices.occasions import digest_key, occasions
from notices.sending import Mail, NotSent, Post, posted
from notices.wording import digest, written
from store.accounts_schema import authorizations, runs
from store.notices import AGAIN_AFTER, Channels, Message, Notices, Occasion, Written
from store.runs import Run
from store.shop_health import ShopHealth, shop_health
from store.stalls import STUCK_AFTER_SECONDS, Stalls
from tests.import_house import ONE, TWO, ImportHouse, token_of, words
from tests.installation import START, MadeGrant, MadeShop, at_once, connect_shop
from tests.receiving import HOST, MailServer, WebServer, mail_server, trusting, web_server

pytestmark = pytest.mark.slow

DAY = 86_400.0
HOUR = 3_600.0
HOOK = f"https://{HOST}/services/T0/secret?x=1"
BASE = "https://here.example.com"


def run(state: str, run_id: str = "r1", **more: Any) -> Run:
    times = {"created_at": START, "started_at": START, "heartbeat_at": START, "finished_at": START}
    fixed = {"lane": "forward", "kind": "sync", "slot": "s", "parameters": {}, "priority": 0}
    values = {"not_before": 0.0, "attempt": 1, "message": "", **fixed, **times, **more}
    return Run(id=run_id, workspace_id="alice", shop_id=ONE, state=state, **values)


def health(**changes: Any) -> ShopHealth:
    usual: dict[str, Any] = {
        "workspace_id": "alice",
        "shop_id": ONE,
        "name": "First shop",
        "state": "connected",
        "zone": "UTC",
        "token_version": 3,
        "access_ends_at": START + 200 * DAY,
        "last_done_at": START - HOUR,
    }
    return ShopHealth(**{**usual, **changes})


def keys(*shops: ShopHealth, now: float = START) -> list[str]:
    return [one.key for one in occasions(shops, now)]


# --- what is worth telling ---


def test_of_a_shop_that_is_well_there_is_nothing_to_tell() -> None:
    assert keys(health(), health(access_ends_at=None), health(state="inactive")) == []


@pytest.mark.parametrize(
    ("days_left", "told"),
    [(30.1, None), (30.0, 30), (8.0, 30), (7.0, 7), (1.5, 7), (1.0, 1), (0.2, 1), (-1.0, 1)],
)
def test_an_authorization_that_ends_is_told_30_7_and_1_days_before(
    days_left: float, told: int | None
) -> None:
    end = START + 40 * DAY
    found = keys(health(access_ends_at=end), now=end - days_left * DAY)
    assert found == ([f"ending:{ONE}:{int(end // DAY)}:{told}"] if told else [])


def test_access_that_has_ended_is_told_and_nothing_that_follows_from_it() -> None:
    dead = health(state="reauthorise", access_ends_at=0.0, ended=[run("blocked"), run("blocked")])
    assert keys(dead) == [f"ended:{ONE}:3"]
    assert keys(health(state="reauthorise", token_version=5)) == [f"ended:{ONE}:5"]


def test_an_import_that_fails_twice_is_one_occasion_until_one_ends_well() -> None:
    twice = [run("failed", "r2"), run("failed", "r1")]
    (first,) = keys(health(ended=twice))
    assert keys(health(ended=[run("failed", "r3"), run("failed", "r2")])) == [first]
    assert keys(health(ended=twice, last_done_at=START)) != [first]
    assert keys(health(ended=[run("failed"), run("done", "r0")])) == []
    assert keys(health(ended=[run("failed")])) == []


def test_a_stuck_run_is_told_once_for_the_run() -> None:
    assert keys(health(stuck=[run("running", "r9", stuck_at=START)])) == ["stuck:r9"]


@pytest.mark.parametrize(
    ("kind", "now", "key"),
    [
        ("daily", START + 5.9 * HOUR, ""),
        ("daily", START + 6 * HOUR, "digest:2026-01-01"),
        ("daily", START + 23 * HOUR, "digest:2026-01-01"),
        ("weekly", START + 12 * HOUR, ""),
        # 5 January 2026 is a Monday.
        ("weekly", START + 4 * DAY + 6 * HOUR, "digest:2026-01-05"),
        ("none", START + 12 * HOUR, ""),
    ],
)
def test_a_digest_is_due_once_a_day_or_on_mondays(kind: str, now: float, key: str) -> None:
    assert digest_key(kind, now) == key


# --- in words ---


def about(kind: str, **facts: Any) -> Occasion:
    shop = facts.pop("shop", health())
    return Occasion(f"{kind}:{shop.shop_id}", kind, shop.shop_id, {"shop": shop, **facts})


def test_one_shop_is_named_in_the_subject_and_the_text_says_what_to_do() -> None:
    said = written([about("authorization_ended")], "Alice's agency", BASE)
    assert said.subject == "Access has ended: First shop"
    assert f"First shop ({ONE})\nTikTok no longer gives access to this shop" in said.body
    assert f"{BASE}/connect/tiktok/start?shop={ONE}" in said.body
    assert f"Workspace Alice's agency. Who gets this is set at {BASE}/settings/notices" in said.body


def test_an_end_is_told_in_the_zone_of_the_shops_reports() -> None:
    shop = health(access_ends_at=START + 6.5 * DAY, zone="America/New_York")
    said = written([about("authorization_ending", shop=shop, days=6.5)], "A", BASE)
    assert "in 7 days, on 07 Jan 2026 07:00 (America/New_York)" in said.body


def test_a_failure_says_why_with_its_reference() -> None:
    failed = run("failed", "r2", message="TikTok did\nnot answer.", reference="req-1")
    said = written([about("import_failing", run=failed)], "A", BASE)
    assert "failed twice in a row. It says: TikTok did not answer. (reference req-1)" in said.body
    assert f"{BASE}/history/r2" in said.body


def test_several_shops_are_told_in_one_message_the_most_pressing_first() -> None:
    other = health(shop_id=TWO, name="Second shop")
    stuck = about("import_stuck", shop=other, run=run("running", "r9"))
    said = written([stuck, about("authorization_ended")], "A", BASE)
    assert said.subject == "2 shops need attention"
    assert said.body.index("First shop") < said.body.index("Second shop")
    both = written(
        [about("authorization_ended"), about("authorization_ended", shop=other)], "A", ""
    )
    assert both.subject == "2 shops: access has ended"


def test_a_name_cannot_begin_a_line_of_its_own() -> None:
    strange = health(name="Shop\r\nBcc: everybody@example.com\u202e")
    said = written([about("authorization_ended", shop=strange)], "A", BASE)
    assert said.subject == "Access has ended: Shop Bcc: everybody@example.com"
    assert "\nBcc" not in said.body


def test_a_digest_tells_of_all_shops_those_that_need_somebody_first() -> None:
    shops = [
        health(),
        health(shop_id=TWO, name="Second shop", state="reauthorise"),
        health(shop_id="3", name="Third shop", access_ends_at=START + 9.5 * DAY),
        health(shop_id="4", name="Fourth shop", last_done_at=None),
    ]
    said = digest(shops, "A", BASE, START)
    assert said.subject == "3 of 4 shops need attention"
    assert said.body.startswith(
        f"Need attention\nSecond shop ({TWO}): access has ended, connect it again\n"
        "Third shop (3): access ends in 10 days\n"
        "Fourth shop (4): the first import is not complete yet\n\n"
        f"Up to date\nFirst shop ({ONE}): read 31 Dec 2025 23:00 (UTC)\n"
    )
    assert digest([health()], "A", BASE, START).subject == "The shop is up to date"


# --- how shops are, read from the database ---


@pytest.fixture
def house(tmp_path: Path) -> ImportHouse:
    return ImportHouse(tmp_path)


def seen(house: ImportHouse, shop_id: str = ONE) -> ShopHealth:
    found = shop_health(house.accounts.database, ("import", "sync"), house.clock.now())
    return next(one for one in found if one.shop_id == shop_id)


def fails(house: ImportHouse, state: str = "failed", shop_id: str = ONE) -> Run:
    slot = f"{house.clock.instant}:{shop_id}"
    house.ledger.enqueue("alice", shop_id, "forward", "sync", slot=slot, parameters={})
    house.clock.instant += HOUR
    claim = house.claimed("forward")
    house.ledger.finish(claim, state, "TikTok is away.")
    return claim.run


def test_health_is_read_from_shops_grants_and_runs(house: ImportHouse) -> None:
    well = seen(house)
    assert (well.state, well.ended, well.stuck, well.last_done_at) == ("connected", (), (), None)
    # The made-up grant is for 9,000 days.
    assert well.access_ends_at == START + 9_000 * DAY
    fails(house, "done")
    done_at = house.clock.instant
    first, second = fails(house), fails(house)
    ill = seen(house)
    assert [run.id for run in ill.ended] == [second.id, first.id]
    assert ill.last_done_at == done_at
    assert seen(house, TWO).ended == ()
    assert {one.shop_id for one in _all(house)} == {ONE, TWO, "8000008"}, "no Sample Account"


def _all(house: ImportHouse) -> list[ShopHealth]:
    return shop_health(house.accounts.database, ("import", "sync"), house.clock.now())


def test_failures_of_a_week_ago_are_no_news(house: ImportHouse) -> None:
    fails(house)
    fails(house)
    house.clock.instant += 8 * DAY
    assert seen(house).ended == ()


# --- told once ---


def told(house: ImportHouse, workspace: str = "alice") -> list[str]:
    return [message.subject for message in house.notices.messages(workspace)]


def test_what_is_worth_telling_is_told_once_and_again_when_it_happens_again(
    house: ImportHouse,
) -> None:
    house.telling.look()
    assert told(house) == []
    house.accounts.deauthorised(ONE)
    for _ in range(3):
        house.clock.instant += HOUR
        house.telling.look()
    assert told(house) == ["2 shops: access has ended"], "the grant covers both"
    connect_shop(house.accounts, "alice", MadeGrant(), *_shops())
    house.telling.look()
    assert len(told(house)) == 1
    house.accounts.deauthorised(ONE)
    house.telling.look()
    assert len(told(house)) == 2
    assert told(house, "bob") == []


def _shops() -> list[MadeShop]:
    return [MadeShop(ONE, "First shop"), MadeShop(TWO, "Second shop", cipher="ROW_cipher_2")]


def test_a_failing_import_is_told_after_the_second_time(house: ImportHouse) -> None:
    fails(house)
    house.telling.look()
    assert told(house) == []
    fails(house)
    house.telling.look()
    fails(house)
    house.telling.look()
    assert told(house) == ["The import fails: First shop"]
    fails(house, "done")
    fails(house)
    fails(house)
    house.telling.look()
    assert told(house) == ["The import fails: First shop"] * 2


def test_a_stuck_import_is_told(house: ImportHouse) -> None:
    house.ledger.enqueue("alice", ONE, "forward", "sync", slot="s", parameters={})
    house.claimed("forward")
    house.clock.instant += STUCK_AFTER_SECONDS + 60.0
    Stalls(house.accounts.database, house.clock).mark_stuck()
    house.telling.look()
    assert told(house) == ["The import is stuck: First shop"]


def test_an_authorization_that_ends_soon_is_told(house: ImportHouse) -> None:
    ends = {"refresh_expires_at": house.clock.now() + 20 * DAY}
    with house.accounts.database.writing() as connection:
        connection.execute(update(authorizations).values(ends))
    house.telling.look()
    assert told(house) == ["2 shops: access ends soon"]
    assert told(house, "bob") == ["Access ends soon: Bob's shop"]


def test_that_data_is_deleted_is_told_once_a_week_before(house: ImportHouse) -> None:
    """Kept for 30 days; also where no other shop of the workspace is read."""
    for shop_id in (ONE, TWO):
        house.accounts.workspace("alice").disconnect_shop(shop_id)
    house.overview.farewells.due()
    house.clock.instant += 23 * DAY - 60
    house.telling.look()
    assert told(house) == []
    house.clock.instant += 60
    house.telling.look()
    house.clock.instant += DAY
    house.telling.look()
    assert told(house) == ["2 shops: data is deleted soon"]
    (message,) = house.notices.messages("alice")
    assert "what was imported is deleted on" in message.body


def test_several_processes_tell_it_once(house: ImportHouse) -> None:
    house.accounts.deauthorised(ONE)
    at_once(6, lambda _: house.telling.look())
    assert len(told(house)) == 1


def test_looking_is_not_repeated_within_a_minute(house: ImportHouse) -> None:
    house.telling.once()
    house.accounts.deauthorised(ONE)
    house.clock.instant += 30.0
    house.telling.once()
    assert told(house) == []
    house.clock.instant += 31.0
    house.telling.once()
    assert len(told(house)) == 1


def test_a_purged_shop_is_named_in_no_message_any_more(house: ImportHouse) -> None:
    house.accounts.deauthorised(ONE)
    house.telling.look()
    house.ledger.forget("alice", ONE)
    assert told(house) == []


# --- by mail ---


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def mailing(folder: Path, server: MailServer) -> ImportHouse:
    mail = Mail("127.0.0.1", server.port, "none", "notices@example.com")
    house = ImportHouse(folder, mail=mail)
    house.notices.set_channels("alice", Channels(("ops@example.com", "anna@example.com")))
    return house


def test_a_notice_goes_to_every_address(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    house.accounts.deauthorised(ONE)
    house.telling.once()
    house.telling.once()
    ((recipients, mail),) = server.mails
    assert recipients == ["ops@example.com", "anna@example.com"]
    assert mail["Subject"] == "2 shops: access has ended"
    assert mail["From"] == "notices@example.com"
    assert mail["Date"] == "Thu, 01 Jan 2026 00:00:00 -0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Connect it again, and the import goes on" in mail.get_content()
    (message,) = house.notices.messages("alice")
    assert [(one.channel, one.state) for one in message.deliveries] == [("email", "sent")]


def test_a_mail_that_is_not_taken_is_tried_again_with_longer_and_longer_waits(
    tmp_path: Path, server: MailServer
) -> None:
    house = mailing(tmp_path, server)
    server.refuses["MAIL"] = "451 not now"
    house.accounts.deauthorised(ONE)
    house.telling.once()
    for wait in AGAIN_AFTER:
        (message,) = house.notices.messages("alice")
        (delivery,) = message.deliveries
        assert (delivery.state, delivery.due_at) == ("due", house.clock.instant + wait)
        assert delivery.problem == "The mail server could not take it (SMTPSenderRefused)."
        house.clock.instant += wait - 1.0
        house.telling.send_due()
        assert house.notices.messages("alice")[0].deliveries == (delivery,), "not yet"
        house.clock.instant += 1.0
        house.telling.send_due()
    (message,) = house.notices.messages("alice")
    assert [one.state for one in message.deliveries] == ["failed"]
    assert server.mails == []


def test_a_mail_server_that_is_back_gets_it(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    server.refuses["MAIL"] = "451 not now"
    house.accounts.deauthorised(ONE)
    house.telling.once()
    server.refuses.clear()
    house.clock.instant += 60.0
    house.telling.send_due()
    assert len(server.mails) == 1
    assert house.notices.messages("alice")[0].deliveries[0].problem == ""


def test_two_processes_do_not_send_the_same_mail(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    house.accounts.deauthorised(ONE)
    house.telling.look()
    at_once(6, lambda _: house.telling.send_due())
    assert len(server.mails) == 1


def test_addresses_that_nobody_takes_are_final(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    server.refuses["RCPT"] = "550 unknown"
    house.accounts.deauthorised(ONE)
    house.telling.once()
    (delivery,) = house.notices.messages("alice")[0].deliveries
    assert (delivery.state, delivery.problem) == (
        "failed",
        "The mail server takes none of the addresses.",
    )


def test_a_server_that_offers_no_encryption_gets_no_mail(server: MailServer) -> None:
    mail = Mail("127.0.0.1", server.port, "starttls", "notices@example.com")
    with pytest.raises(NotSent, match="SMTPNotSupportedError"):
        mail.send(MESSAGE, ("ops@example.com",), START)
    assert server.mails == []


def test_the_digest_is_sent_once_a_day(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    house.notices.set_channels("alice", Channels(("ops@example.com",), digest="daily"))
    for hour in range(26):
        house.clock.instant = START + hour * HOUR
        house.telling.once()
    assert [mail["Subject"] for _, mail in server.mails] == ["2 of 2 shops need attention"]
    house.clock.instant = START + 31 * HOUR
    house.telling.once()
    assert len(server.mails) == 2


# --- by webhook ---

MESSAGE = Message("m1", "alice", "notice", "Access has ended: First shop", "Text.\n", START)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with web_server(tmp_path) as running:
        yield running


def poster(folder: Path, web: WebServer, **changes: Any) -> Post:
    usual: dict[str, Any] = {
        "hosts": (HOST,),
        "address_of": lambda _host, _port: "127.0.0.1",
        "context": partial(trusting, folder),
        "port": web.port,
    }
    return Post(**{**usual, **changes})


def test_a_notice_is_posted_as_fields(tmp_path: Path, web: WebServer) -> None:
    poster(tmp_path, web).send(MESSAGE, HOOK, "Alice's agency")
    ((path, headers, body),) = web.posts
    assert path == "/services/T0/secret?x=1"
    assert (headers["host"], headers["content-type"]) == (HOST, "application/json")
    assert body == {
        "id": "m1",
        "kind": "notice",
        "workspace": "Alice's agency",
        "subject": "Access has ended: First shop",
        "text": "Text.\n",
        "at": 1_767_225_600,
    }


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("hooks.slack.com", "text"),
        ("chat.googleapis.com", "text"),
        ("agency.webhook.office.com", "text"),
        ("discord.com", "content"),
    ],
)
def test_services_that_take_nothing_else_get_a_text(host: str, name: str) -> None:
    assert posted(MESSAGE, "A", host) == {name: "Access has ended: First shop\n\nText.\n"}
    assert "at" in posted(MESSAGE, "A", f"{host}.example.com")


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("302 Found\r\nLocation: https://169.254.169.254/", True),
        ("404 Gone", True),
        ("429 Slow down", False),
        ("500 Broken", False),
    ],
)
def test_an_answer_says_whether_another_try_is_worth_it(
    tmp_path: Path, web: WebServer, status: str, final: bool
) -> None:
    web.status = status
    with pytest.raises(NotSent) as refused:
        poster(tmp_path, web).send(MESSAGE, HOOK, "A")
    assert (refused.value.final, refused.value.problem) == (final, f"{HOST} answered {status[:3]}.")
    assert len(web.posts) == 1, "a redirect is not followed"


def test_a_server_without_a_good_certificate_gets_nothing(tmp_path: Path, web: WebServer) -> None:
    with pytest.raises(NotSent, match=f"{HOST} could not be reached .SSLCertVerificationError"):
        Post((HOST,), lambda _host, _port: "127.0.0.1", port=web.port).send(MESSAGE, HOOK, "A")
    assert web.posts == []


def test_a_server_that_drips_is_cut_off(tmp_path: Path, web: WebServer) -> None:
    web.drips = True
    with pytest.raises(NotSent, match="could not be reached"):
        poster(tmp_path, web, seconds=0.2).send(MESSAGE, HOOK, "A")


def test_a_host_with_an_address_that_is_not_public_is_not_connected_to(web: WebServer) -> None:
    """`localhost` is looked up for real here and found to be this machine."""
    with pytest.raises(NotSent, match=r"localhost could not be reached .OSError"):
        Post(("localhost",), port=web.port).send(MESSAGE, "https://localhost/x", "A")
    assert web.posts == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "https://other.example.com/x",
        "https://hooks.example.com.evil.test/x",
        "https://hooks.example.com:8443/x",
        "https://user:word@hooks.example.com/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://hooks.example.com/x\r\nHost: evil.test",
        "https://hooks.example.com/ü",
        "ftp://hooks.example.com/x",
        "javascript:alert(1)",
        "https://",
        "https://[",
        "x" * 10_000,
    ],
)
def test_no_other_address_is_taken(url: str) -> None:
    assert problem_of_webhook(url, [HOST])
    with pytest.raises(NotSent) as refused:
        Post((HOST,)).send(MESSAGE, url, "A")
    assert refused.value.final


def test_hosts_are_listed_with_their_subdomains() -> None:
    assert is_listed("Agency.Webhook.office.com.", ["webhook.office.com"])
    assert not is_listed("notwebhook.office.com", ["webhook.office.com"])
    assert is_listed("anything.test", ["*"])
    assert not is_listed("anything.test", [])


# --- the page ---


def saved(house: ImportHouse, **changes: str) -> Any:
    usual = {"addresses": "", "webhook": "", "digest": "none"}
    return house.post("/settings/notices", {**usual, **changes})


def test_channels_are_set_and_the_webhooks_address_is_not_shown_again(
    tmp_path: Path, server: MailServer
) -> None:
    house = mailing(tmp_path, server)
    answer = saved(house, addresses="ops@example.com; anna@example.com", webhook=HOOK)
    assert answer.status_code == 303
    kept = house.notices.channels("alice")
    assert kept == Channels(("ops@example.com", "anna@example.com"), HOOK, "none")
    page = house.alice.get("/settings/notices").text
    assert "Set, at hooks.example.com." in page
    assert "secret" not in page
    saved(house, digest="weekly")
    assert house.notices.channels("alice") == Channels((), HOOK, "weekly"), "empty keeps it"
    saved(house, remove="yes")
    assert house.notices.channels("alice") == Channels()
    assert house.notices.channels("bob") == Channels()


def test_the_webhooks_address_is_kept_encrypted(house: ImportHouse) -> None:
    saved(house, webhook=HOOK)
    with house.accounts.database.reading() as connection:
        (row,) = connection.execute(text("SELECT * FROM notice_channels")).all()
    assert HOST not in str(row)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"addresses": "nobody"}, "addresses", "nobody is not an e-mail address."),
        ({"addresses": "a@b.co " * 2 + "c@d.co,e@f"}, "addresses", "e@f is not an e-mail"),
        ({"addresses": '"a b"@example.com'}, "addresses", "is not an e-mail address."),
        (
            {"addresses": " ".join(f"a{n}@example.com" for n in range(11))},
            "addresses",
            "Write at most 10 addresses; these are 11.",
        ),
        ({"addresses": "<script>alert(1)</script>"}, "addresses", "is not an e-mail address."),
        ({"webhook": "https://evil.test/x"}, "webhook", "may not be posted to evil.test"),
        ({"webhook": "http://hooks.example.com/x"}, "webhook", "begins with https://"),
        ({"webhook": "x" * 10_000}, "webhook", "This is not a web address."),
        ({"digest": "hourly"}, "digest", "Choose one of the list."),
    ],
)
def test_bad_input_answers_beside_its_field_and_changes_nothing(
    tmp_path: Path, server: MailServer, changes: dict[str, str], field: str, sentence: str
) -> None:
    house = mailing(tmp_path, server)
    before = house.notices.channels("alice")
    answer = saved(house, **changes)
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-problem">([^<]*)<', answer.text)
    assert beside is not None
    assert sentence in beside[1]
    assert "<script>alert" not in answer.text
    assert house.notices.channels("alice") == before


def test_without_a_mail_server_there_are_no_addresses(house: ImportHouse) -> None:
    answer = saved(house, addresses="ops@example.com")
    assert answer.status_code == 422
    assert "This installation has no mail server yet" in answer.text


def test_a_test_is_sent_at_most_once_a_minute(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    for _ in range(3):
        assert house.post("/settings/notices/test", {}).status_code == 303
    house.telling.once()
    assert [mail["Subject"] for _, mail in server.mails] == ["A test notice"]
    house.clock.instant += 60.0
    house.post("/settings/notices/test", {})
    house.telling.once()
    assert len(server.mails) == 2


def test_a_test_without_channels_says_what_is_missing(house: ImportHouse) -> None:
    house.post("/settings/notices/test", {})
    said = words(house.alice.get("/settings/notices").text)
    assert "Set an e-mail address or a webhook first." in said
    assert told(house) == []


def test_what_was_told_is_shown_with_what_became_of_it(tmp_path: Path, server: MailServer) -> None:
    house = mailing(tmp_path, server)
    server.refuses["MAIL"] = "451 not now"
    house.accounts.deauthorised(ONE)
    house.telling.once()
    said = words(house.alice.get("/settings/notices").text)
    assert "2 shops: access has ended E-mail: on its way" in said
    assert "The mail server could not take it (SMTPSenderRefused). Tried 1 time" in said
    other = words(house.signed_in("bob").get("/settings/notices").text)
    assert "access has ended" not in other
    assert "Nothing yet. That is good." in other


def test_without_the_forms_token_nothing_changes(house: ImportHouse) -> None:
    strange = token_of(house.signed_in("bob"))
    for path in ("/settings/notices", "/settings/notices/test"):
        for token in ("", strange):
            sent = {"form_token": token, "digest": "daily"}
            assert house.alice.post(path, data=sent).status_code == 400
    assert house.notices.channels("alice") == Channels()


def test_lists_of_addresses_may_be_written_in_any_way() -> None:
    assert addresses_in(" a@b.co,c@d.co;\n a@b.co\t") == ["a@b.co", "c@d.co"]
    assert problem_of_addresses(["o'hara+shop@mail.example.co.uk"]) == ""
    assert problem_of_addresses(["a@b.co\nBcc:x@y.co"]) != ""
    assert problem_of_addresses([f"{'a' * 250}@b.co"]) != ""


def test_a_channel_that_was_removed_meanwhile_gets_nothing(
    tmp_path: Path, server: MailServer
) -> None:
    house = mailing(tmp_path, server)
    house.accounts.deauthorised(ONE)
    house.telling.look()
    house.notices.set_channels("alice", Channels())
    house.telling.send_due()
    (delivery,) = house.notices.messages("alice")[0].deliveries
    assert (delivery.state, delivery.problem) == ("failed", "This channel was removed.")
    assert server.mails == []


def test_a_worker_that_dies_while_it_sends_is_followed_by_another(house: ImportHouse) -> None:
    notices: Notices = house.notices
    channels = Channels(webhook=HOOK)
    one = Occasion("k", "import_stuck", ONE, {})
    notices.tell("alice", "notice", [one], lambda _: Written("S", "B"), channels)
    assert notices.take() is not None
    assert notices.take() is None, "somebody has it"
    house.clock.instant += 301.0
    assert notices.take() is not None


def test_runs_that_are_no_imports_do_not_count(house: ImportHouse) -> None:
    fails(house)
    fails(house)
    with house.accounts.database.writing() as connection:
        connection.execute(update(runs).values(kind="freshen"))
    assert seen(house).ended == ()
