"""Settings: defaults, sentences for bad values, secrets that stay hidden, the generated table."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import Refused
from setting_values import is_loopback
from settings import Settings, load, settings_table

KEY = "0123456789abcdefghijklmnopqrstuv"


def sentence_for(**environ: str) -> str:
    with pytest.raises(Refused) as caught:
        load(environ)
    return caught.value.message


def test_an_empty_environment_gives_a_working_loopback_installation() -> None:
    chosen = load({})
    chosen.refuse_unsafe()
    assert chosen.data_dir == Path("data")
    assert chosen.base_url == "http://127.0.0.1:8080"
    assert chosen.tiktok_api_base == "https://open-api.tiktokglobalshop.com"
    assert chosen.tiktok_auth_base == "https://auth.tiktok-shops.com"
    assert chosen.sample_account is True
    assert chosen.import_price_detail is False
    assert chosen.has_tiktok_app is False


def test_values_come_from_the_environment_and_unrelated_variables_do_not_matter() -> None:
    chosen = load(
        {
            "DATA_DIR": "/srv/shop",
            "PORT": "9000",
            "HOST": "::1",
            "SAMPLE_ACCOUNT": "no",
            "LOG_LEVEL": "WARNING",
            "TIKTOK_APP_KEY": "app",
            "TIKTOK_APP_SECRET": "a secret",
            "TIKTOK_API_BASE": "http://127.0.0.1:5001/",
            "PATH": "/usr/bin",
            "data_dir": "/elsewhere",
        }
    )
    assert chosen.data_dir == Path("/srv/shop")
    assert chosen.base_url == "http://[::1]:9000"
    assert chosen.sample_account is False
    assert chosen.log_level == "warning"
    assert chosen.tiktok_api_base == "http://127.0.0.1:5001"
    assert chosen.has_tiktok_app is True


def test_an_empty_variable_counts_as_missing() -> None:
    assert load({"PORT": "", "SECRET_KEY": "", "TIKTOK_API_BASE": ""}) == load({})


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("PORT", "eighty", "it must be a valid integer"),
        ("PORT", "0", "it must be greater than or equal to 1"),
        ("PORT", "65536", "it must be less than or equal to 65535"),
        ("WEB_WORKERS", "0", "it must be greater than or equal to 1"),
        ("SAMPLE_ACCOUNT", "perhaps", "it must be a valid boolean"),
        ("LOG_LEVEL", "loud", "it must be 'debug', 'info', 'warning' or 'error'"),
        ("HOST", "http://here", "it must be a bare address"),
        ("PUBLIC_URL", "shop.example", "it must be a whole address"),
        ("PUBLIC_URL", "http://shop.example", "plain http is allowed to this machine only"),
        ("PUBLIC_URL", "ftp://shop.example", "it must be a whole address"),
        ("PUBLIC_URL", "https://me:word@shop.example", "it must hold no user name, password"),
        ("TIKTOK_API_BASE", "http://10.0.0.1", "plain http is allowed to this machine only"),
        ("TIKTOK_AUTH_BASE", "http://127.0.0.1.example.com", "plain http is allowed"),
        ("TIKTOK_CONSENT_BASE", "http://example.com", "plain http is allowed"),
        ("DATABASE_URL", "mysql://host/name", "it must begin with sqlite:// or postgresql://"),
        ("SECRET_KEY", "changeme", "it must be 32 characters or more, made at random"),
        ("SECRET_KEY", "a" * 64, "it must be 32 characters or more, made at random"),
        ("TIKTOK_APP_SECRET", "alone", "TIKTOK_APP_KEY is missing"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_variable(
    variable: str, value: str, reason: str
) -> None:
    sentence = sentence_for(**{variable: value})
    assert sentence.startswith(f"{variable} has a value that cannot be used: {reason}")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_bad_secret_is_not_repeated_in_the_sentence_or_its_cause() -> None:
    with pytest.raises(Refused) as caught:
        load({"SECRET_KEY": "changeme-please"})
    assert "changeme" not in caught.value.message
    assert caught.value.__cause__ is None
    assert "changeme" not in str(caught.value.__context__)


def test_secrets_are_hidden_when_the_settings_are_printed() -> None:
    chosen = load(
        {
            "SECRET_KEY": KEY,
            "TIKTOK_APP_KEY": "app",
            "TIKTOK_APP_SECRET": "hidden-secret",
            "DATABASE_URL": "postgresql://me:hidden-password@db.example/shop",
        }
    )
    printed = f"{chosen!r} {chosen!s} {chosen.model_dump_json()}"
    for secret in (KEY, "hidden-secret", "hidden-password"):
        assert secret not in printed
    assert chosen.secret_key is not None
    assert chosen.secret_key.get_secret_value() == KEY


def test_settings_do_not_change_while_the_program_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).port = 1  # type: ignore[misc]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "shop.example"])
def test_a_server_that_others_can_reach_needs_a_chosen_key(host: str) -> None:
    with pytest.raises(Refused, match="SECRET_KEY must be set when HOST is"):
        load({"HOST": host}).refuse_unsafe()
    load({"HOST": host, "SECRET_KEY": KEY}).refuse_unsafe()


@pytest.mark.parametrize(
    "key",
    [
        "please-change-me-" + 20 * "x",
        "CHANGE_THIS_SECRET_KEY_" + 20 * "x",
        "my-default-password-" + 20 * "x",
    ],
)
def test_a_server_that_others_can_reach_refuses_a_key_out_of_an_example(key: str) -> None:
    with pytest.raises(Refused, match="looks like an example"):
        load({"HOST": "0.0.0.0", "SECRET_KEY": key}).refuse_unsafe()
    load({"HOST": "0.0.0.0", "SECRET_KEY": f"{KEY},{key}"}).refuse_unsafe()
    load({"SECRET_KEY": key}).refuse_unsafe()


def test_each_of_two_keys_must_be_hard_to_guess() -> None:
    assert "SECRET_KEY" in sentence_for(SECRET_KEY=f"{KEY},short")
    assert "SECRET_KEY" in sentence_for(SECRET_KEY=f"{'a' * 40},{KEY}")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_a_loopback_server_may_do_without(host: str) -> None:
    assert is_loopback(host)
    load({"HOST": host}).refuse_unsafe()


def test_every_setting_is_explained_in_the_table() -> None:
    rows = settings_table().splitlines()
    assert len(rows) == len(Settings.model_fields) + 2
    assert "| `PORT` | `8080` | The port the web server listens on. |" in rows
    assert "| `SAMPLE_ACCOUNT` | `true` |" in settings_table()
    secrets = {row.split("`")[1] for row in rows if "**Secret.**" in row}
    assert secrets == {
        *("DATABASE_URL", "SECRET_KEY", "TIKTOK_APP_SECRET", "TIKTOK_APP_SECRET_PREVIOUS"),
        *("GOOGLE_CLIENT_SECRET", "GOOGLE_SERVICE_ACCOUNT", "SMTP_PASSWORD"),
    }
    for name, field in Settings.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize(
    "people", ["ana@example.com", " ana@example.com , @agency.example=agency ", "a.b+c@x.example"]
)
def test_who_may_sign_in_with_google_is_a_list(people: str) -> None:
    assert load({"GOOGLE_SIGN_IN": people}).google_sign_in == people


@pytest.mark.parametrize("people", ["ana", "ana@example", "@", "ana@example.com=a b", "a b@x.com"])
def test_a_list_that_lets_nobody_in_by_mistake_stops_the_start(people: str) -> None:
    with pytest.raises(Refused, match="GOOGLE_SIGN_IN"):
        load({"GOOGLE_SIGN_IN": people})


def test_signing_in_with_google_needs_all_three() -> None:
    names = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "GOOGLE_SIGN_IN")
    every = dict.fromkeys(names, "ana@example.com")
    assert load(every).has_google_sign_in
    for missing in every:
        rest = {name: value for name, value in every.items() if name != missing}
        assert not load(rest).has_google_sign_in
