"""Members: invited by link, with a role and perhaps some clients only; what each may see and do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import BadRequest, Refused
from store.accounts import Accounts, WorkspaceScope
from store.accounts_rows import Limit, MemberRow
from store.members import LAST_OWNER
from store.roles import EDITOR, OWNER, VIEWER, Admission
from store.sessions import Sessions
from tests.answering import Answering, HandMadeShop, answering, fill
from tests.installation import HOUR, FakeClock, accounts_in, at_once
from tests.reporting import Member, text_of

pytestmark = pytest.mark.slow


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    return accounts_in(tmp_path, clock)


@pytest.fixture
def sessions(accounts: Accounts, clock: FakeClock) -> Sessions:
    return Sessions(accounts.database, clock)


@pytest.fixture
def alice(accounts: Accounts) -> WorkspaceScope:
    return accounts.workspace("alice")


def named(scope: WorkspaceScope, name: str) -> MemberRow:
    return next(one for one in scope.members() if one.name == name)


def owner_of(scope: WorkspaceScope) -> str:
    return named(scope, "owner").id


# --- roles ---


@pytest.mark.parametrize(
    ("role", "limited", "needed", "whole", "admitted"),
    [
        (OWNER, False, OWNER, True, True),
        (EDITOR, False, OWNER, False, False),
        (EDITOR, False, EDITOR, True, True),
        (EDITOR, True, EDITOR, False, True),
        (EDITOR, True, EDITOR, True, False),
        (VIEWER, False, EDITOR, False, False),
        (VIEWER, True, VIEWER, False, True),
        (VIEWER, False, VIEWER, True, True),
    ],
)
def test_a_role_may_what_those_below_it_may(
    role: str, limited: bool, needed: str, whole: bool, admitted: bool
) -> None:
    asked = Admission(role=needed, whole=whole)
    assert asked.admits_member(role, is_limited=limited) is admitted


# --- inviting ---


def test_a_link_makes_somebody_the_member_it_was_made_for(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    alice.add_client("Aurora")
    member_id = alice.add_member("Ana", VIEWER, ["Aurora"])
    assert named(alice, "Ana").joined_at is None
    token = sessions.sign_in(sessions.new_link_token("alice", member_id=member_id))
    principal = sessions.principal(token)
    assert principal is not None
    assert (principal.workspace_id, principal.member, principal.role) == ("alice", "Ana", VIEWER)
    assert principal.limit == Limit(clients=("Aurora",))
    assert principal.scopes == frozenset()
    assert named(alice, "Ana").joined_at is not None


def test_a_link_works_once_and_for_a_while(
    alice: WorkspaceScope, sessions: Sessions, clock: FakeClock
) -> None:
    member_id = alice.add_member("Ana", VIEWER)
    once = sessions.new_link_token("alice", 168 * HOUR, member_id=member_id)
    late = sessions.new_link_token("alice", 168 * HOUR, member_id=member_id)
    sessions.sign_in(once)
    clock.instant += 168 * HOUR
    for link in (once, late):
        with pytest.raises(Refused, match="used already or is too old"):
            sessions.sign_in(link)


def test_nobody_makes_a_link_for_another_workspaces_member(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    member_id = alice.add_member("Ana", VIEWER)
    with pytest.raises(BadRequest, match="no such member"):
        sessions.new_link_token("bob", member_id=member_id)


def test_a_link_without_a_name_is_the_first_owners(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    alice.add_member("Ana", VIEWER)
    principal = sessions.principal(sessions.sign_in(sessions.new_link_token("alice")))
    assert principal is not None
    assert (principal.member, principal.role) == ("owner", OWNER)


@pytest.mark.parametrize(
    ("name", "role", "limited_to", "said"),
    [
        ("owner", VIEWER, None, "of this name already"),
        ("Ana", "admin", None, "one of the roles"),
        ("Ana", VIEWER, ["Nobody"], "no such client"),
        ("Ana", OWNER, ["Aurora"], "An owner sees all shops"),
        ("ana@example.com", VIEWER, None, "without @"),
        ("Ana\nOwner", VIEWER, None, "on one line"),
        ("Ana\u2028B", VIEWER, None, "on one line"),
        ("", VIEWER, None, "Write a name"),
        (" \t", VIEWER, None, "Write a name"),
        (" owner ", VIEWER, None, "of this name already"),
    ],
)
def test_what_a_member_cannot_be(
    alice: WorkspaceScope, name: str, role: str, limited_to: list[str] | None, said: str
) -> None:
    alice.add_client("Aurora")
    with pytest.raises(BadRequest, match=said):
        alice.add_member(name, role, limited_to)
    assert len(alice.members()) == 1


def test_two_who_invite_the_same_name_at_once_make_one_member(alice: WorkspaceScope) -> None:
    def invite(_number: int) -> int:
        try:
            alice.add_member("Ana", VIEWER)
        except BadRequest:
            return 0
        return 1

    assert sum(at_once(6, invite)) == 1


# --- changing and removing ---


def test_a_changed_role_and_limit_count_from_the_next_request_on(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    alice.add_client("Aurora")
    member_id = alice.add_member("Ana", EDITOR)
    token = sessions.sign_in(sessions.new_link_token("alice", member_id=member_id))
    alice.change_member(member_id, VIEWER, ["Aurora"])
    principal = sessions.principal(token)
    assert principal is not None
    assert (principal.role, principal.limit.clients) == (VIEWER, ("Aurora",))
    alice.change_member(member_id, EDITOR)
    principal = sessions.principal(token)
    assert principal is not None
    assert (principal.role, principal.limit) == (EDITOR, Limit())


def test_who_is_removed_is_out_at_once_and_the_links_are_dead(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    member_id = alice.add_member("Ana", EDITOR)
    token = sessions.sign_in(sessions.new_link_token("alice", member_id=member_id))
    link = sessions.new_link_token("alice", member_id=member_id)
    alice.remove_member(member_id)
    assert sessions.principal(token) is None
    with pytest.raises(Refused):
        sessions.sign_in(link)
    alice.add_member("Ana", VIEWER)  # the name is free again


def test_the_last_owner_cannot_leave_nor_become_less(
    alice: WorkspaceScope, sessions: Sessions
) -> None:
    first = owner_of(alice)
    invited = alice.add_member("Ana", OWNER)  # who has never been there does not count
    with pytest.raises(BadRequest, match="the last owner"):
        alice.remove_member(first)
    with pytest.raises(BadRequest, match="the last owner"):
        alice.change_member(first, EDITOR)
    sessions.sign_in(sessions.new_link_token("alice", member_id=invited))
    alice.remove_member(first)
    with pytest.raises(BadRequest):
        alice.remove_member(invited)


def test_two_owners_who_leave_at_once_leave_one(alice: WorkspaceScope, sessions: Sessions) -> None:
    others = [alice.add_member(f"Owner {number}", OWNER) for number in range(3)]
    for one in others:
        sessions.sign_in(sessions.new_link_token("alice", member_id=one))
    everybody = [owner_of(alice), *others]

    def leave(number: int) -> str:
        try:
            alice.remove_member(everybody[number])
        except BadRequest as refused:
            return refused.message
        return "left"

    assert sorted(at_once(4, leave)) == [LAST_OWNER, "left", "left", "left"]
    assert [one.role for one in alice.members()] == [OWNER]


def test_another_workspaces_member_is_not_there(accounts: Accounts, alice: WorkspaceScope) -> None:
    member_id = alice.add_member("Ana", VIEWER)
    bob = accounts.workspace("bob")
    with pytest.raises(BadRequest, match="no such member"):
        bob.remove_member(member_id)
    with pytest.raises(BadRequest, match="no such member"):
        bob.change_member(member_id, OWNER)
    assert named(alice, "Ana").role == VIEWER


def test_a_client_that_is_renamed_stays_seen_and_one_that_is_gone_does_not(
    alice: WorkspaceScope,
) -> None:
    alice.add_client("Aurora")
    alice.add_member("Ana", VIEWER, ["Aurora"])
    alice.rename_client("Aurora", "Aurora Ltd")
    assert named(alice, "Ana").clients == ("Aurora Ltd",)
    alice.remove_client("Aurora Ltd")
    assert named(alice, "Ana").clients == (), "and not: all shops"


# --- what a limited member sees ---


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Answering, Member]]:
    """Shops 111 of Aurora and 222 of Borea; Ana sees Aurora's."""
    test = answering(tmp_path_factory.mktemp("limited"))
    scope = test.here.accounts.workspace("default")
    for shop_id, client in (("111", "Aurora"), ("222", "Borea")):
        fill(test, test.shop(HandMadeShop(shop_id, f"Shop of {client}", "US")))
        scope.set_client(shop_id, client)
        test.here.ledger.enqueue(
            "default", shop_id, "forward", "sync", slot=f"of {client}", parameters={}
        )
    ana = Member(test)
    member_id = scope.add_member("Ana", EDITOR, ["Aurora"])
    link = test.here.sessions.new_link_token("default", member_id=member_id)
    ana.client.post("/sign-in", data={"token": link})
    yield test, ana
    test.here.close()


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/dashboard", "/numbers", "/imports", "/imports/live", "/history", "/backfill"),
        *("/fields/preview?fields=shop_name&shops=all", "/looker"),
        "/fields/preview.csv?fields=shop_name&shops=all&start=2026-08-01&end=2026-08-10",
    ],
)
def test_pages_show_the_shops_of_those_clients_and_no_others(
    limited: tuple[Answering, Member], path: str
) -> None:
    answer = limited[1].client.get(path)
    assert answer.status_code == 200
    page = answer.text
    assert "Borea" not in page
    theirs = re.sub(r'[?&]v=\w+|form_token" value="\w+|/history/\w+', "", page)
    assert "222" not in theirs


def test_the_history_is_that_of_those_clients(limited: tuple[Answering, Member]) -> None:
    test, ana = limited
    runs = {run.shop_id: run.id for run in test.here.ledger.runs("default")}
    assert set(runs) == {"111", "222"}
    page = ana.page("/history")
    assert (runs["111"] in page, runs["222"] in page) == (True, False)
    theirs = ana.get("/history", shop="222")
    assert (theirs.status_code, runs["222"] in theirs.text) == (422, False)
    answers = [ana.client.get(f"/history/{runs[shop_id]}") for shop_id in ("111", "222")]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert "Borea" not in answers[1].text


@pytest.mark.parametrize(
    "path", ["/shops/222/import", "/dashboard?about=222", "/shops/222/import/live"]
)
def test_a_shop_of_another_client_is_not_there(
    limited: tuple[Answering, Member], path: str
) -> None:
    answer = limited[1].client.get(path)
    assert "Borea" not in answer.text
    assert answer.status_code == (404 if "import" in path else 200)


def test_nothing_is_started_for_a_shop_of_another_client(
    limited: tuple[Answering, Member],
) -> None:
    test, ana = limited
    before = [run.id for run in test.here.ledger.runs("default")]
    answer = ana.post("/import", {"shop": ["111", "222"]}, page="/")
    assert answer.status_code == 404
    assert [run.id for run in test.here.ledger.runs("default")] == before


def test_what_goes_past_the_pages_is_limited_too(limited: tuple[Answering, Member]) -> None:
    """The object that carries the workspace carries the limit."""
    accounts = limited[0].here.accounts
    scope = accounts.workspace("default").only(Limit(clients=("Aurora",)))
    assert [shop.shop_id for shop in scope.shops()] == ["111"]
    assert scope.clients() == ["Aurora"]
    assert len(scope.authorizations()) == 1
    with pytest.raises(BadRequest, match="not connected"):
        scope.set_zones("222", shop_zone="UTC", report_zone=None)
    with pytest.raises(BadRequest, match="not connected"):
        scope.set_client("222", "Aurora")
    with pytest.raises(BadRequest, match="not connected"):
        scope.listen("222", False)


# --- the pages ---


@pytest.fixture
def test(tmp_path: Path) -> Iterator[Answering]:
    made = answering(tmp_path)
    yield made
    made.here.close()


def link_in(page: str) -> str:
    found = re.search(r'<code id="link">[^<]*token=([^<]+)</code>', page)
    assert found is not None, page
    return found[1]


def test_an_owner_invites_and_the_link_signs_in_as_told(test: Answering) -> None:
    owner = Member(test)
    answer = owner.post("/members", {"name": "Ana", "role": VIEWER, "sees": "all"})
    assert (answer.status_code, "shown this once" in answer.text) == (200, True)
    ana = Member(test)
    ana.client.post("/sign-in", data={"token": link_in(answer.text)})
    assert "Signed in to Default" in ana.page("/members/me")
    assert "Viewer" in ana.page("/members/me")
    assert ana.get("/members").status_code == 403
    assert "Ana" in text_of(owner.page("/members"))
    assert link_in(answer.text) not in owner.page("/members")


def test_what_cannot_be_is_told_beside_its_field(test: Answering) -> None:
    owner = Member(test)
    for form, field in (
        ({"name": "", "role": VIEWER}, "name"),
        ({"name": "ana@example.com", "role": VIEWER}, "name"),
        ({"name": "owner", "role": VIEWER}, "name"),
        ({"name": "Ana", "role": "root"}, "role"),
        ({"name": "Ana", "role": VIEWER, "sees": "some"}, "sees"),
        ({"name": "Ana", "role": VIEWER, "sees": "some", "client": "Nobody's"}, "sees"),
    ):
        answer = owner.post("/members", form)
        assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True), form


@pytest.mark.parametrize("end", ["remove", "change"])
def test_the_page_says_that_the_keys_of_a_former_owner_go_on_working(
    test: Answering, end: str
) -> None:
    scope = test.here.accounts.workspace("default")
    owner, former = Member(test), scope.add_member("Former", OWNER)
    viewer = scope.add_member("Viewer", VIEWER)
    shown = owner.get("/members").text
    assert 'go on working: <a href="/keys">revoke them</a>' in shown
    said = "Keys that Former made or saw go on working."
    for member_id, is_said in ((viewer, False), (former, True)):
        at = f"/members/{member_id}" + ("/remove" if end == "remove" else "")
        owner.post(at, {"role": VIEWER, "sees": "all"}, page="/members")
        assert (said in owner.get("/members").text) is is_said


def test_a_member_is_changed_gets_a_new_link_and_is_removed(test: Answering) -> None:
    owner, scope = Member(test), test.here.accounts.workspace("default")
    member_id = scope.add_member("Ana", VIEWER)
    at = f"/members/{member_id}"
    changed = owner.post(at, {"role": EDITOR, "sees": "all"}, page="/members")
    assert (changed.status_code, named(scope, "Ana").role) == (303, EDITOR)
    ana = Member(test)
    link = link_in(owner.post(f"{at}/link", {}, page="/members").text)
    ana.client.post("/sign-in", data={"token": link})
    assert ana.get("/clients").status_code == 200
    owner.post(f"{at}/remove", {}, page="/members")
    assert ana.get("/clients").status_code == 401
    assert [one.name for one in scope.members()] == ["owner"]


def test_a_member_leaves_and_the_last_owner_is_told_why_not(test: Answering) -> None:
    owner, scope = Member(test), test.here.accounts.workspace("default")
    answer = owner.post("/members/me/leave", {}, page="/members/me")
    assert answer.headers["Location"] == "/members/me"
    assert LAST_OWNER in text_of(owner.page("/members/me"))
    ana = Member(test)
    token = test.here.sessions.new_link_token("default", member_id=scope.add_member("Ana", VIEWER))
    ana.client.post("/sign-in", data={"token": token})
    assert ana.post("/members/me/leave", {}, page="/members/me").headers["Location"] == "/sign-in"
    assert ana.get("/").status_code == 401


def test_the_bar_shows_what_somebody_may(test: Answering) -> None:
    viewer, scope = Member(test), test.here.accounts.workspace("default")
    token = test.here.sessions.new_link_token("default", member_id=scope.add_member("Ana", VIEWER))
    viewer.client.post("/sign-in", data={"token": token})
    bar = viewer.page("/fields").partition("<main")[0]
    assert 'href="/dashboard"' in bar
    assert 'href="/keys"' not in bar
    assert 'href="/settings"' not in bar
    assert 'href="/keys"' in Member(test).page("/fields").partition("<main")[0]
