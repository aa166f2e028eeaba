"""Clients, the workspace's name, and the links into Looker Studio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from store.accounts import Limit
from tests.answering import Answering, HandMadeShop, answering
from tests.reporting import Member, text_of

pytestmark = pytest.mark.slow

SCRIPT = "<script>alert(1)</script>"


def made(tmp_path_factory: pytest.TempPathFactory, **settings: Any) -> Answering:
    test = answering(tmp_path_factory.mktemp("clients"), **settings)
    for shop_id in ("111", "222"):
        test.shop(HandMadeShop(shop_id, f"Shop {shop_id}", "US"))
    return test


@pytest.fixture
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    house = made(tmp_path_factory)
    yield house
    house.here.close()


def clients(test: Answering) -> dict[str, str | None]:
    """The client of each shop."""
    return {shop.shop_id: shop.client for shop in test.here.accounts.workspace("default").shops()}


def save(test: Answering, **form: Any) -> Any:
    return Member(test).post("/clients", {"client": "", "name": "Aurora", "shop": [], **form})


# --- clients --------------------------------------------------------------------------------------


def test_a_client_is_made_with_its_shops(test: Answering) -> None:
    answer = save(test, shop=["111", "222"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/clients")
    assert clients(test) == {"111": "Aurora", "222": "Aurora"}
    assert "Aurora Shop 111, Shop 222" in text_of(Member(test).page("/clients"))


def test_a_client_is_changed_in_name_and_shops(test: Answering) -> None:
    save(test, shop=["111"])
    save(test, client="Aurora", name="Aurora & Sons", shop=["222"])
    assert clients(test) == {"111": None, "222": "Aurora & Sons"}
    assert test.here.accounts.workspace("default").clients() == ["Aurora & Sons"]


def test_a_key_goes_along_when_its_client_is_renamed(test: Answering) -> None:
    save(test, shop=["111"])
    scope = test.here.accounts.workspace("default")
    _, key = scope.create_key("Report", "read", Limit(clients=("Aurora",)))
    save(test, client="Aurora", name="Borealis", shop=["111"])
    headers = {"Authorization": f"Bearer {key}"}
    known = test.client.get("/connector/v1/whoami", headers=headers).get_json()
    assert known["shops"] == ["111"]


def test_the_form_of_a_client_shows_what_it_has(test: Answering) -> None:
    save(test, shop=["222"])
    page = Member(test).page("/clients", edit="Aurora")
    assert re.search(r'value="222" checked', page)
    assert not re.search(r'value="111" checked', page)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": ""}, "Write a name."),
        ({"name": "All"}, "“All” stands for all clients in a report. Choose another name."),
        ({"name": "x" * 10_000}, "at most"),
        ({"name": "Taken"}, "There is a client called Taken already."),
        ({"client": "Gone", "name": "New"}, "not there any more"),
        ({"shop": ["999"]}, "not connected to your workspace"),
    ],
)
def test_bad_input_changes_nothing(test: Answering, form: dict[str, Any], told: str) -> None:
    test.here.accounts.workspace("default").set_client("111", "Taken")
    answer = save(test, **form)
    assert answer.status_code == 422
    assert told in text_of(answer.text)
    assert clients(test) == {"111": "Taken", "222": None}


def test_what_was_typed_is_kept_and_harmless(test: Answering) -> None:
    answer = save(test, name=SCRIPT, shop=["111", "999"])
    assert SCRIPT not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert re.search(r'value="111" checked', answer.text)


def test_a_client_that_is_deleted_leaves_its_shops(test: Answering) -> None:
    save(test, shop=["111"])
    for _ in range(2):
        answer = Member(test).post("/clients/delete", {"client": "Aurora"}, page="/clients")
        assert answer.status_code == 303
    assert clients(test) == {"111": None, "222": None}


def test_a_client_that_a_key_is_limited_to_is_not_deleted(test: Answering) -> None:
    save(test, shop=["111"])
    scope = test.here.accounts.workspace("default")
    key, _ = scope.create_key("Report", "read", Limit(clients=("Aurora",)))
    member = Member(test)
    member.post("/clients/delete", {"client": "Aurora"}, page="/clients")
    assert "A key is limited to the client Aurora." in text_of(member.page("/clients"))
    assert scope.clients() == ["Aurora"]
    scope.revoke_key(key.id)
    member.post("/clients/delete", {"client": "Aurora"}, page="/clients")
    assert scope.clients() == []


def test_a_stranger_changes_no_client_of_ours(test: Answering) -> None:
    save(test, shop=["111"])
    test.here.accounts.create_workspace("Other", workspace_id="other")
    stranger = Member(test, "other")
    stranger.post("/clients/delete", {"client": "Aurora"}, page="/clients")
    assert stranger.post("/clients", {"name": "Mine", "shop": ["111"]}).status_code == 422
    assert clients(test) == {"111": "Aurora", "222": None}


# --- the workspace --------------------------------------------------------------------------------


def test_a_workspace_is_renamed_and_everybody_reads_it(test: Answering) -> None:
    member = Member(test)
    assert member.post("/settings", {"name": "Aurora Agency"}).status_code == 303
    assert 'value="Aurora Agency"' in member.page("/settings")
    headers = {"Authorization": f"Bearer {test.key}"}
    known = test.client.get("/connector/v1/whoami", headers=headers).get_json()
    assert known["workspace"]["name"] == "Aurora Agency"


@pytest.mark.parametrize("name", ["", "   ", "x" * 10_000, "a\x00b"])
def test_a_workspace_keeps_its_name_when_the_new_one_is_none(test: Answering, name: str) -> None:
    former = test.here.accounts.workspace("default").name
    assert Member(test).post("/settings", {"name": name}).status_code == 422
    assert test.here.accounts.workspace("default").name == former


# --- Looker Studio --------------------------------------------------------------------------------


@pytest.fixture
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    house = made(tmp_path_factory, looker_connector_id="connector-1", looker_template_id="report-1")
    house.here.accounts.workspace("default").set_client("111", "Aurora")
    yield house
    house.here.close()


def links(page: str) -> dict[str, dict[str, list[str]]]:
    """The parameters of each report's link by what it is about."""
    found = re.findall(r'href="(https://[^"]+/reporting/create[^"]+)"', page)
    asked = [parse_qs(urlsplit(link.replace("&amp;", "&")).query) for link in found]
    return {one["r.reportName"][0].rpartition(" – ")[2]: one for one in asked}


def test_there_is_a_report_for_all_shops_each_client_and_each_shop(deployed: Answering) -> None:
    found = links(Member(deployed).page("/looker"))
    assert list(found) == ["All shops", "Client Aurora", "Shop 111", "Shop 222"]
    of_client = found["Client Aurora"]
    assert (of_client["ds0.shops"], of_client["ds0.client"]) == (["all"], ["Aurora"])
    assert found["Shop 222"]["ds0.shops"] == ["222"]
    assert {one["c.reportId"][0] for one in found.values()} == {"report-1"}


def test_no_link_holds_a_key(deployed: Answering) -> None:
    assert deployed.key not in Member(deployed).page("/looker")


def test_the_key_of_a_report_opens_what_the_report_is_about(deployed: Answering) -> None:
    answer = Member(deployed).post("/looker/key", {"about": "client:Aurora"}, page="/looker")
    (key,) = re.findall(r'<code id="bare-key">([^<]+)', answer.text)
    headers = {"Authorization": f"Bearer {key}"}
    known = deployed.client.get("/connector/v1/whoami", headers=headers).get_json()
    assert known["shops"] == ["111"]
    assert "Create Looker Studio report" in answer.text


@pytest.mark.parametrize("about", ["", "999", "client:Other", SCRIPT, "x" * 10_000])
def test_there_is_no_key_for_what_is_not_ours(deployed: Answering, about: str) -> None:
    answer = Member(deployed).post("/looker/key", {"about": about}, page="/looker")
    assert answer.status_code == 404
    assert len(deployed.here.accounts.workspace("default").keys()) == 1


def test_without_a_deployed_connector_the_page_says_what_is_missing(test: Answering) -> None:
    page = Member(test).page("/looker")
    assert "LOOKER_CONNECTOR_ID" in page
    assert links(page) == {}
