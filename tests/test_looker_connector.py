"""The connector end to end: the real Code.js in a made-up Apps Script, over HTTP, against the real
app with the Sample Account imported. Every reply keeps the contract of Looker Studio's wire."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask
from referencing import Registry, Resource

from benchmarks.dashboard import requests as dashboard
from tests.answering import Answering, HandMadeShop
from tests.sample_account import SampleAccount, sample_account, served
from tools.looker_package import FILES, PROJECT, Unfit, check_manifest, filled
from tools.looker_package import main as make_package

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
CONTRACTS = Path(__file__).parent / "contracts"
ADDRESS = "https://hub.example"
FIRST, LAST = date(2026, 8, 25), date(2026, 9, 11)
SAMPLE = {"shops": "sample"}


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text())


_FIELDS = contract("field.schema.json")
_REGISTRY: Any = Registry().with_resource(_FIELDS["$id"], Resource.from_contents(_FIELDS))
SCHEMA_REPLY = {"$ref": f"{_FIELDS['$id']}#/$defs/strictGetSchemaResponse"}
DATA_REPLY = contract("getdata_response.schema.json")
DATA_REQUEST = contract("getdata_request.schema.json")
PATTERNS = DATA_REPLY["$defs"]["valueBySemanticType"]["properties"]


def keeps(reply: Any, rules: Any) -> None:
    jsonschema.Draft202012Validator(rules, registry=_REGISTRY).validate(reply)


# -- the script by itself ------------------------------------------------------------------------


def test_the_script_keeps_its_own_specification() -> None:
    """The Node tests, found as everybody's `node --test` finds them; there is nothing to install
    for them."""
    command = ["node", "--test", "--test-reporter=tap"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=55)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    figures = dict(re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert int(figures["pass"]) == int(figures["tests"]) > 60


def test_the_node_lock_names_no_host_and_every_package_has_a_checksum() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    installed = [entry for name, entry in packages.items() if name]
    assert len(installed) > 50
    assert not any("resolved" in entry for entry in installed)
    assert all(entry["integrity"].startswith("sha512-") for entry in installed)


# -- the package ---------------------------------------------------------------------------------


def test_the_package_has_the_address_everywhere_and_a_manifest_fit_for_the_gallery(
    tmp_path: Path,
) -> None:
    arguments = ["--url", f"{ADDRESS}/", "--company", "Cups & Hats", "--into", str(tmp_path)]
    assert make_package(arguments) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert f"const BACKEND = '{ADDRESS}';" in (tmp_path / "Code.js").read_text()
    assert not any("tiktok-shop-source.example" in path.read_text() for path in tmp_path.iterdir())
    manifest = json.loads((tmp_path / "appsscript.json").read_text())
    assert manifest["urlFetchWhitelist"] == ["https://hub.example/connector/v1/"]
    assert manifest["oauthScopes"] == ["https://www.googleapis.com/auth/script.external_request"]
    studio = manifest["dataStudio"]
    assert studio["company"] == "Cups & Hats"
    assert studio["sources"] == ["TIKTOK_SHOP"]
    assert len(studio["name"]) <= 28
    assert len(studio["shortDescription"]) <= 114


@pytest.mark.parametrize(
    "address",
    ["", "http://hub.example", "hub.example", "https://", "https://a.example/?b", "'"]
    + [f"https://{here}" for here in ("localhost", "localhost:8443/x", "127.0.0.1", "[::1]:8080")],
)
def test_an_address_that_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_package(["--url", address, "--into", str(tmp_path / "out")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("dataStudio", "name"), "TikTok Shop by a name that is too long"),
        (("dataStudio", "name"), "TikTok Shop connector"),
        (("dataStudio", "shortDescription"), "x" * 115),
        (("dataStudio", "privacyPolicyUrl"), "https://elsewhere.example/privacy"),
        (("dataStudio", "logoUrl"), "http://hub.example/logo.png"),
        (("dataStudio", "sources"), []),
        (("dataStudio", "sources"), ["TIKTOK_ADS"]),
        (("dataStudio", "sources"), ["TIKTOK_SHOP", "TIKTOK_ADS"]),
        (("dataStudio", "name"), ""),
        (("dataStudio", "name"), " "),
        (("dataStudio", "company"), ""),
        (("dataStudio", "authType"), ["APIKEY"]),
        (("oauthScopes",), ["https://www.googleapis.com/auth/drive"]),
        (("urlFetchWhitelist",), ["https://hub.example/"]),
    ],
)
def test_a_manifest_that_would_be_refused_is_found(place: tuple[str, ...], value: Any) -> None:
    manifest = json.loads(filled(ADDRESS, "")["appsscript.json"])
    *way, last = place
    target = manifest
    for step in way:
        target = target[step]
    target[last] = value
    with pytest.raises(Unfit):
        check_manifest(manifest, ADDRESS)


# -- over HTTP -----------------------------------------------------------------------------------


@dataclass
class Connector:
    """Looker Studio's side: each call runs in an Apps Script execution of its own."""

    process: subprocess.Popen[str]
    fetches: int = 0
    encodings: list[str] = field(default_factory=list)

    def call(self, name: str, *arguments: Any) -> Any:
        answer = self._answer(name, arguments)
        assert "returned" in answer, answer
        return answer["returned"]

    def refused(self, name: str, *arguments: Any) -> str:
        """The sentence that the person at the screen sees."""
        return str(self._answer(name, arguments)["text"])

    def _answer(self, name: str, arguments: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": name, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.fetches = answer["fetches"]
        self.encodings.append(answer["encoding"])
        return answer


@contextmanager
def connector(folder: Path, address: str) -> Iterator[Connector]:
    """The packaged connector, whose backend is at `address` in truth."""
    for name, text in filled(ADDRESS, "").items():
        (folder / name).write_text(text)
    command = ["node", str(PROJECT / "harness" / "over_http.js"), str(folder), ADDRESS, address]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Connector(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleAccount]:
    with sample_account(tmp_path_factory.mktemp("connector")) as made:
        yield made


@pytest.fixture(scope="module")
def signed_in(
    sample: SampleAccount, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connector]:
    with (
        served(sample.app) as address,
        connector(tmp_path_factory.mktemp("script"), address) as script,
    ):
        assert script.call("isAuthValid") is False
        assert script.call("setCredentials", {"key": "tts_wrong"}) == {
            "errorCode": "INVALID_CREDENTIALS"
        }
        assert script.call("setCredentials", {"key": sample.key}) == {"errorCode": "NONE"}
        yield script


def asked(*names: str, **more: Any) -> dict[str, Any]:
    request = {
        "configParams": SAMPLE,
        "dateRange": {"startDate": str(FIRST), "endDate": str(LAST)},
        "fields": [{"name": name} for name in names],
        **more,
    }
    keeps(request, DATA_REQUEST)
    return request


def test_a_right_key_is_good_without_another_call(signed_in: Connector) -> None:
    assert signed_in.call("isAuthValid") is True
    assert signed_in.fetches == 0
    assert signed_in.call("getAuthType")["type"] == "KEY"
    assert signed_in.call("isAdminUser") is False


def test_the_configuration_comes_in_its_steps(signed_in: Connector) -> None:
    first = signed_in.call("getConfig", {"languageCode": "en"})
    keeps(first, contract("getconfig_response.schema.json"))
    assert first["isSteppedConfig"] is True
    second = signed_in.call("getConfig", {"languageCode": "en", "configParams": SAMPLE})
    keeps(second, contract("getconfig_response.schema.json"))
    assert second["isSteppedConfig"] is False
    assert second["configParams"][:3] == first["configParams"]
    status = second["configParams"][-1]
    assert status["name"] == "status_sample"
    assert "to 12 September 2026" in status["text"]


def test_the_schema_keeps_its_contract_and_is_asked_for_once(signed_in: Connector) -> None:
    request = {"configParams": {**SAMPLE, "order_date": "paid"}}
    reply = signed_in.call("getSchema", request)
    keeps(reply, SCHEMA_REPLY)
    assert signed_in.fetches == 1
    assert signed_in.encodings[-1] == "gzip"
    assert signed_in.call("getSchema", request) == reply
    assert signed_in.fetches == 0


def test_twenty_charts_of_a_dashboard_are_answered_as_the_contract_says(
    signed_in: Connector,
) -> None:
    fields = {
        one["name"]: one for one in signed_in.call("getSchema", {"configParams": SAMPLE})["schema"]
    }
    charts = dashboard("sample", FIRST, LAST)
    assert len(charts) == 20
    for name, request in charts.items():
        keeps(request, DATA_REQUEST)
        reply = signed_in.call("getData", request)
        assert signed_in.fetches == 1
        keeps(reply, DATA_REPLY)
        names = [one["name"] for one in request["fields"]]
        assert [one["name"] for one in reply["schema"]] == names, name
        assert [one["dataType"] for one in reply["schema"]] == [
            fields[one]["dataType"] for one in names
        ]
        assert reply["rows"], name
        for row in reply["rows"]:
            assert len(row["values"]) == len(names)
            for one, value in zip(names, row["values"], strict=True):
                check_cell(fields[one], value)
        groups = [
            tuple(value for one, value in zip(names, row["values"], strict=True) if one in groupers)
            for groupers in [{one for one in names if is_dimension(fields[one])}]
            for row in reply["rows"]
        ]
        assert len(set(groups)) == len(groups), f"{name}: one row for each group"


def is_dimension(described: dict[str, Any]) -> bool:
    return bool(described["semantics"]["conceptType"] == "DIMENSION")


def check_cell(described: dict[str, Any], value: Any) -> None:
    if value is None:
        return
    kinds: dict[str, type | tuple[type, ...]] = {
        "STRING": str,
        "NUMBER": (int, float),
        "BOOLEAN": bool,
    }
    assert isinstance(value, kinds[described["dataType"]]), (described["name"], value)
    rule = PATTERNS.get(described["semantics"]["semanticType"])
    if rule:
        assert re.fullmatch(rule["pattern"], str(value)), (described["name"], value)


def test_columns_come_in_the_order_asked_for_whatever_it_is(signed_in: Connector) -> None:
    there = signed_in.call("getData", asked("date", "gmv", "orders", "order_status"))
    back = signed_in.call("getData", asked("order_status", "orders", "gmv", "date"))
    assert [one["name"] for one in back["schema"]] == ["order_status", "orders", "gmv", "date"]
    assert sorted(row["values"][::-1] for row in back["rows"]) == sorted(
        [date_, gmv, orders, status]
        for date_, gmv, orders, status in (row["values"] for row in there["rows"])
    )


def test_dates_and_durations_are_text_in_lookers_formats(signed_in: Connector) -> None:
    reply = signed_in.call("getData", asked("date", "week_iso", "year_month", "hour"))
    day, week, month, _ = reply["rows"][0]["values"]
    assert (day, week, month) == ("20260825", "202635", "202608")
    lives = signed_in.call("getData", asked("live_id", "live_duration"))
    durations = [row["values"][1] for row in lives["rows"]]
    assert durations
    assert all(isinstance(one, str) and one.isdigit() for one in durations)


def test_a_filter_is_applied_and_its_field_left_out(signed_in: Connector) -> None:
    request = asked("gmv")
    request["fields"].append({"name": "order_status", "forFilterOnly": True})
    request["dimensionsFilters"] = [
        [
            {
                "fieldName": "order_status",
                "type": "INCLUDE",
                "operator": "EQUALS",
                "values": ["COMPLETED"],
            }
        ]
    ]
    keeps(request, DATA_REQUEST)
    reply = signed_in.call("getData", request)
    by_status = signed_in.call("getData", asked("order_status", "gmv"))
    expected = dict(row["values"] for row in by_status["rows"])["COMPLETED"]
    assert reply["filtersApplied"] is True
    assert [row["values"] for row in reply["rows"]] == [[expected]]


def test_samples_for_type_detection_come_without_reading_the_shop(signed_in: Connector) -> None:
    request = asked("date", "gmv", scriptParams={"sampleExtraction": True})
    request["configParams"] = {"shops": "sample"}
    reply = signed_in.call("getData", request)
    keeps(reply, DATA_REPLY)
    assert len(reply["rows"]) == 10


def test_the_backends_sentences_reach_the_screen(
    signed_in: Connector, sample: SampleAccount
) -> None:
    unknown = signed_in.refused("getData", asked("gmw"))
    assert re.match(
        r"There is no field called 'gmw'\. Did you mean gmv.*\(Reference \w+\)$", unknown
    )
    refused = signed_in.refused("getData", asked("available_quantity", "date"))
    assert "date" in refused.lower()
    nobodys = signed_in.refused("getSchema", {"configParams": {"shops": "999"}})
    assert "not connected to your workspace" in nobodys


# -- what goes wrong -----------------------------------------------------------------------------


def test_a_revoked_key_asks_for_a_new_one_and_the_new_one_works(
    sample: SampleAccount, tmp_path: Path
) -> None:
    scope = sample.here.accounts.workspace("default")
    row, key = scope.create_key("short-lived")
    with served(sample.app) as address, connector(tmp_path, address) as script:
        script.call("setCredentials", {"key": key})
        scope.revoke_key(row.id)
        text = script.refused("getData", asked("gmv"))
        assert "The key is missing or not valid any more." in text
        assert script.call("isAuthValid") is False
        script.call("setCredentials", {"key": sample.key})
        assert script.call("getData", asked("gmv"))["rows"]


def test_what_is_wrong_with_a_shop_is_told_where_it_is_chosen_and_where_it_is_charted(
    sample: SampleAccount, tmp_path: Path
) -> None:
    test = Answering(sample.app, sample.here, sample.key)
    new = {"configParams": {"shops": test.shop(HandMadeShop("333", "New", "US")).shop_id}}
    with served(sample.app) as address, connector(tmp_path, address) as script:
        script.call("setCredentials", {"key": sample.key})
        text = script.refused("getData", {**asked("gmv"), **new})
        assert text.startswith("The import has only begun (0 % done). Try again in a minute.")
        assert (
            "the import has only begun" in script.call("getConfig", new)["configParams"][-1]["text"]
        )
        sample.here.accounts.workspace("default").disconnect_shop("333")
        told = script.call("getConfig", new)["configParams"][-1]["text"]
        assert told.startswith("New was disconnected, so nothing new comes")
        early = {"startDate": "2024-01-01", "endDate": "2024-01-31"}
        strict = {"configParams": {**SAMPLE, "strict": "true"}, "dateRange": early}
        text = script.refused("getData", {**asked("gmv"), **strict})
        assert text.startswith("Sample Account: no units sold of this date range are imported.")


def test_a_backend_that_is_down_is_called_down_after_a_minute_of_patience(tmp_path: Path) -> None:
    stopped = Flask("stopped")
    with served(stopped) as address:
        pass
    with connector(tmp_path, address) as script:
        text = script.refused("setCredentials", {"key": "tts_any"})
        assert text.startswith("The TikTok Shop data source cannot be reached at the moment.")
        assert script.fetches == 7


def test_a_proxy_that_passes_an_error_page_is_called_down(tmp_path: Path) -> None:
    broken = Flask("broken")

    @broken.route("/<path:_path>")
    def page(_path: str) -> tuple[str, int]:
        return "<html>Bad gateway</html>", 502

    with served(broken) as address, connector(tmp_path, address) as script:
        assert "cannot be reached" in script.refused("setCredentials", {"key": "tts_any"})
        assert script.fetches == 7


def test_make_looker_package_is_a_command_of_the_makefile() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "looker-package", f"URL={ADDRESS}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'tools.looker_package --url "{ADDRESS}"' in planned.stdout
