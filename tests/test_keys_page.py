"""Keys: what a form may ask for, what a key opens, and that it opens nothing once it is revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hub.keys import keys_in_use, limit_of, read_key_form
from store.accounts import Limit, WorkspaceScope
from tests.answering import Answering, HandMadeShop, answering, fill, request_for
from tests.reporting import Member, text_of

pytestmark = pytest.mark.slow

CHOICES = {"": "All shops", "client:Aurora": "Client Aurora", "111": "Shop 111"}


@pytest.fixture
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = answering(tmp_path_factory.mktemp("keys"))
    for shop_id in ("111", "222"):
        made.shop(HandMadeShop(shop_id, f"Shop {shop_id}", "US"))
    workspace(made).set_client("111", "Aurora")
    yield made
    made.here.close()


def workspace(test: Answering) -> WorkspaceScope:
    return test.here.accounts.workspace("default")


def make(member: Member, **form: str) -> tuple[int, str, str]:
    """Status, what the page says, and the bare key it shows."""
    answer = member.post("/keys", {"name": "Report", "opens": "", **form})
    found = re.search(r'<code id="bare-key">([^<]+)', answer.text)
    return answer.status_code, text_of(answer.text), found[1] if found else ""


def shops_of(test: Answering, key: str) -> list[str]:
    headers = {"Authorization": f"Bearer {key}"}
    found = test.client.get("/connector/v1/whoami", headers=headers).get_json()
    return list(found["shops"])


# --- the form -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "Taken"}, "name"),
        ({"opens": "999"}, "opens"),
        ({"opens": "client:Other"}, "opens"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(form: dict[str, str], field: str) -> None:
    wish = read_key_form({"name": "Report", "opens": "", **form}, ["Taken"], CHOICES)
    assert set(wish.entered.problems) == {field}
    assert wish.entered.problems[field].endswith(".")


def test_a_choice_of_the_list_is_a_limit() -> None:
    assert limit_of("") == Limit()
    assert limit_of("client:Aurora") == Limit(clients=("Aurora",))
    assert limit_of("111") == Limit(shop_ids=("111",))


# --- the page -------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_works(test: Answering) -> None:
    member = Member(test)
    status, text, key = make(member)
    assert (status, "shown this once" in text) == (200, True)
    assert shops_of(test, key) == ["111", "222"]
    assert key not in member.page("/keys")


def test_the_list_tells_what_a_key_opens_and_when_it_was_used(test: Answering) -> None:
    member = Member(test)
    _, _, key = make(member, opens="client:Aurora")
    assert "Report" in text_of(member.page("/keys"))
    assert "Client Aurora 20 Aug 2026, 12:00 UTC never" in text_of(member.page("/keys"))
    shops_of(test, key)
    assert "20 Aug 2026, 12:00 UTC 20 Aug 2026, 12:00 UTC" in text_of(member.page("/keys"))


def test_a_form_that_is_sent_twice_makes_one_key(test: Answering) -> None:
    member = Member(test)
    make(member)
    status, text, key = make(member)
    assert (status, key) == (422, "")
    assert "There is a key of this name" in text
    assert [one.name for one in keys_in_use(workspace(test))] == ["test", "Report"]


def test_bad_input_answers_beside_the_field_and_keeps_what_was_typed(test: Answering) -> None:
    answer = Member(test).post("/keys", {"name": "<script>x</script>", "opens": "9"})
    assert answer.status_code == 422
    assert 'value="&lt;script&gt;x&lt;/script&gt;"' in answer.text
    assert "this is no shop or client of yours" in answer.text


def test_a_revoked_key_opens_nothing_and_revoking_again_is_harmless(test: Answering) -> None:
    member = Member(test)
    _, _, key = make(member)
    _, row = keys_in_use(workspace(test))
    for _ in range(2):
        answer = member.post(f"/keys/{row.id}/revoke", {}, page="/keys")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/keys")
    headers = {"Authorization": f"Bearer {key}"}
    assert test.client.get("/connector/v1/whoami", headers=headers).status_code == 401
    # Its name is free again.
    assert make(member)[0] == 200


def test_another_workspaces_key_cannot_be_revoked(test: Answering) -> None:
    test.here.accounts.create_workspace("Other", workspace_id="other")
    (mine,) = workspace(test).keys()
    stranger = Member(test, "other")
    assert stranger.post(f"/keys/{mine.id}/revoke", {}, page="/keys").status_code == 404
    assert shops_of(test, test.key) == ["111", "222"]


@pytest.mark.parametrize(
    "path", ["/keys", "/keys/x/revoke", "/clients", "/settings", "/looker/key"]
)
def test_no_form_is_taken_without_its_token(test: Answering, path: str) -> None:
    answer = Member(test).client.post(path, data={"name": "Report", "about": "111"})
    assert answer.status_code == 400
    assert "out of date" in answer.text


# --- what a limited key opens ---------------------------------------------------------------------


def test_a_key_of_a_client_opens_the_shops_that_are_the_clients_when_it_asks(
    test: Answering,
) -> None:
    member, scope = Member(test), workspace(test)
    _, _, key = make(member, opens="client:Aurora")
    assert shops_of(test, key) == ["111"]
    scope.set_client("222", "Aurora")
    assert shops_of(test, key) == ["111", "222"]
    scope.set_client("111", None)
    assert shops_of(test, key) == ["222"]


def test_a_key_of_a_shop_gets_no_number_of_another(test: Answering) -> None:
    for shop_id in ("111", "222"):
        fill(test, workspace(test).shop(shop_id))
    _, _, key = make(Member(test), opens="111")
    all_shops = test.post("getData", request_for("shop_id", "gmv"), key).get_json()
    assert [row["values"] for row in all_shops["rows"]] == [["111", 133.75]]
    for options in ({"shops": "222"}, {"shops": "111,222"}):
        refused = test.post("getData", request_for("gmv", options=options), key)
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (404, "unknown_shop")
    config = test.post("getConfig", {}, key).get_data(as_text=True)
    assert "Shop 111" in config
    assert "Shop 222" not in config


def test_every_key_opens_the_sample_account(tmp_path_factory: pytest.TempPathFactory) -> None:
    test = answering(tmp_path_factory.mktemp("sample"))
    test.shop(HandMadeShop("111", "Shop 111", "US"))
    test.here.accounts.ensure_sample("Sample Account", "US")
    scope = workspace(test)
    for limit in (Limit(shop_ids=("111",)), Limit(shop_ids=("sample",))):
        _, key = scope.create_key(f"{limit}", "read", limit)
        assert shops_of(test, key) == [*(one for one in limit.shop_ids if one == "111"), "sample"]
    test.here.close()
