"""What docs/deploy_tiktok.md says about scopes, topics, addresses and settings is what the program
uses."""

from __future__ import annotations

import re
from pathlib import Path

from settings import Settings
from tests.authorizing import House
from tiktok_shop.endpoints import ENDPOINTS
from tiktok_shop.webhooks import TOPICS

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "deploy_tiktok.md").read_text()


def test_every_scope_is_named_and_no_other() -> None:
    named = set(re.findall(r"^\| `([a-z_.]+\.[a-z_.]+)` \|", TEXT, re.MULTILINE))
    assert named == {endpoint.scope for endpoint in ENDPOINTS.values()}


def test_every_topic_is_named_and_no_other() -> None:
    section = TEXT.partition("## 6.")[2].partition("## 7.")[0]
    assert set(re.findall(r"`([A-Z_]{8,})`", section)) - {"PUBLIC_URL"} == set(TOPICS)


def test_every_setting_it_names_exists() -> None:
    names = set(re.findall(r"\b((?:TIKTOK|GOOGLE)_[A-Z_]+)\b", TEXT)) | {"PUBLIC_URL"}
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def test_the_addresses_it_gives_are_answered(tmp_path: Path) -> None:
    rules = {rule.rule for rule in House(tmp_path).app.url_map.iter_rules()}
    paths = set(re.findall(r"https://data\.example\.com(/[a-z/-]+callback)", TEXT))
    assert paths == {"/connect/tiktok/callback", "/sign-in/google/callback"}
    assert paths <= rules
