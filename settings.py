"""Every knob of the installation, once: name, default, meaning, and what a bad value is told.

A setting is read from the environment variable that is its name in capitals (`data_dir` from
`DATA_DIR`); an empty variable counts as missing. `load` is called once, by `app.py`; a bad value
stops the start with one sentence that names the variable. `settings_table` is the documentation.
Imports nothing of the project but `errors` and `setting_values`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from errors import Refused
from setting_values import Url, is_example_key, is_loopback, unguessable


class Settings(BaseModel):
    """The values of one installation. Frozen: a running process keeps what it started with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Field(
        Path("data"),
        description="The folder that keeps everything: accounts, records, columns, the secret key.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Where accounts and runs are kept, as an SQLAlchemy address. Missing: an "
        "SQLite file in DATA_DIR.",
    )
    host: str = Field("127.0.0.1", description="The address the web server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="The port the web server listens on.")
    public_url: Url | None = Field(
        None,
        description="The address people and Looker Studio use, when a proxy stands in front. "
        "Missing: http://HOST:PORT.",
    )
    proxies: int = Field(
        0,
        ge=0,
        le=8,
        description="How many proxies of your own stand in front: so many entries of "
        "`X-Forwarded-For` are believed, counted from the last, and the `X-Request-ID` of the "
        "nearest. 0: these headers are ignored.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Wraps the data keys and signs sessions; at least 32 characters. Behind a "
        "comma may stand the one before it, while `rotate-secrets` is still to come. Missing: made "
        "once and kept in DATA_DIR, which is allowed only when HOST is this machine.",
    )
    tiktok_app_key: str = Field("", description="The app key of your TikTok Shop Partner app.")
    tiktok_app_secret: SecretStr | None = Field(None, description="The secret of the same app.")
    tiktok_app_secret_previous: SecretStr | None = Field(
        None,
        description="The secret before the present one: notifications signed with it are accepted "
        "too. Set it while TikTok goes over from one to the other, then remove it.",
    )
    tiktok_service_id: str = Field(
        "", description="The service id of the same app; it is part of the consent link."
    )
    tiktok_api_base: Url = Field(
        "https://open-api.tiktokglobalshop.com", description="Where the Partner API answers."
    )
    tiktok_auth_base: Url = Field(
        "https://auth.tiktok-shops.com", description="Where tokens are exchanged and refreshed."
    )
    tiktok_consent_base: Url | None = Field(
        None,
        description="Where sellers give their consent. Missing: TikTok's own page of the seller's "
        "region.",
    )
    operator: str = Field(
        "",
        description="Who runs this installation, a company or a person, as the pages about privacy "
        "and terms and the connector's listing in Looker Studio name them.",
    )
    support_email: str = Field(
        "", description="Where the pages about support and privacy send people's questions."
    )
    looker_host: str = Field(
        "lookerstudio.google.com", description="The host of Looker Studio that links lead to."
    )
    looker_connector_id: str = Field(
        "",
        description="The deployment id of the Looker Studio connector (docs/deploy_looker.md). "
        "Missing: no links to it are shown.",
    )
    looker_template_id: str = Field(
        "",
        description="The id of the Looker Studio report that new reports are copies of. Missing: a "
        "link makes an empty report.",
    )
    google_client_id: str = Field(
        "", description="The client id of your Google Cloud project's OAuth client (type: web)."
    )
    google_client_secret: SecretStr | None = Field(
        None, description="The secret of the same OAuth client."
    )
    google_sign_in: str = Field(
        "",
        description="Comma list of who may sign in with Google: `ana@example.com`, or "
        "`@example.com` for everybody of that Google Workspace; `=WORKSPACE` behind it names the "
        "workspace, `default` when it is missing. Missing: nobody.",
    )
    google_service_account: SecretStr | None = Field(
        None,
        description="The JSON key of a Google service account, or the path of the file it is in: "
        "spreadsheets that are shared with its address can be exported to.",
    )
    sample_account: bool = Field(
        True, description="Whether every workspace can read the shop `sample`."
    )
    analytics_days: int = Field(
        60,
        ge=1,
        le=365,
        description="How many days back TikTok is asked for its own figures by day; about 60 are "
        "known to be given. Days once read are kept for ever.",
    )
    image_hosts: str = Field(
        "ibyteimg.com,byteimg.com,tiktokcdn.com,tiktokcdn-us.com,tiktokcdn-eu.com,ttwstatic.com",
        description="Comma list of the hosts (with their subdomains) that product pictures may be "
        "fetched from. Missing: the ones known of TikTok; `none`: no pictures are kept.",
    )
    external_orders_daily_calls: int = Field(
        0,
        ge=0,
        le=100_000,
        description="How many calls a day (UTC) may be made per shop to ask TikTok for the numbers "
        "of its orders in other systems: one call for each order. 0 asks for none.",
    )
    import_price_detail: bool = Field(
        False,
        description="Whether to ask TikTok for the price detail of orders whose shipping per line "
        "cannot be worked out from the order; one call for each such order.",
    )
    sku_finance_daily_calls: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="How many calls a day (UTC) may be made per shop to read settlements by SKU: "
        "one for each settled order, newest first; 0 reads none. Only with them can fees be split "
        "by product.",
    )
    smtp_host: str = Field(
        "", description="The mail server that notices are sent through. Missing: none by e-mail."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="The port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="How the connection to the mail server is encrypted: `starttls` (usually port "
        "587), `tls` from the beginning (465), or `none`, to this machine only.",
    )
    smtp_user: str = Field("", description="The user at the mail server, where it wants one.")
    smtp_password: SecretStr | None = Field(None, description="The password of that user.")
    smtp_from: str = Field("", description="The address that notices come from.")
    notice_hosts: str = Field(
        "hooks.slack.com,discord.com,chat.googleapis.com,webhook.office.com,logic.azure.com,"
        "hooks.zapier.com,make.com,n8n.cloud,ntfy.sh",
        description="Comma list of the hosts (with their subdomains) that notices may be posted "
        "to. Missing: well-known ones; `*`: any public host; `none`: none.",
    )
    limit_orders: int = Field(
        0,
        ge=0,
        description="How many orders a workspace may have stored before it can ask for no more "
        "history; fresh data goes on. 0: no limit.",
    )
    limit_storage_mb: int = Field(
        0,
        ge=0,
        description="How many megabytes a workspace may have stored before it can ask for no more "
        "history; fresh data goes on. 0: no limit.",
    )
    limit_monthly_calls: int = Field(
        0,
        ge=0,
        description="How many calls to TikTok a workspace may make in a calendar month (UTC) "
        "before it can ask for no more history; fresh data goes on. 0: no limit.",
    )
    keep_disconnected_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="How many days after a shop was disconnected, or its seller took our access "
        "back, what was imported is deleted for good. 0: never, until somebody does it.",
    )
    requests_per_minute: int = Field(
        12_000,
        ge=0,
        le=10_000_000,
        description="How many requests a minute the API keys of one workspace may make together; "
        "so many may come at once. More are answered with 429 and the time to wait. 0: no limit.",
    )
    web_workers: int = Field(2, ge=1, le=64, description="Processes of the web server.")
    web_threads: int = Field(8, ge=1, le=256, description="Threads in each of them.")
    answer_cache_mb: int = Field(
        64,
        ge=0,
        le=65536,
        description="Memory of each web process for answers it has given, in megabytes; 0 computes "
        "every answer.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important messages that are logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto",
        description="How log lines look; `auto` is `console` at a terminal, `json` elsewhere.",
    )

    @field_validator("host")
    @classmethod
    def _host_is_bare(cls, host: str) -> str:
        if not host or "/" in host or any(mark.isspace() for mark in host):
            raise ValueError("it must be a bare address such as 127.0.0.1")
        return host

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            kind = url.get_secret_value().partition("://")[0].partition("+")[0]
            if kind not in ("sqlite", "postgresql"):
                raise ValueError("it must begin with sqlite:// or postgresql://")
        return url

    @field_validator("secret_key")
    @classmethod
    def _key_is_hard_to_guess(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            unguessable(key.get_secret_value())
        return key

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_small_letters(cls, word: Any) -> Any:
        return word.lower() if isinstance(word, str) else word

    @field_validator("data_dir", mode="before")
    @classmethod
    def _home_is_known(cls, path: Any) -> Any:
        return Path(path).expanduser() if isinstance(path, str) else path

    @field_validator("google_sign_in")
    @classmethod
    def _people_are_known(cls, people: str) -> str:
        for one in filter(None, (part.strip() for part in people.split(","))):
            if not re.fullmatch(r"[^@\s=]*@[^@\s=]+\.[^@\s=]+(=[A-Za-z0-9_-]{1,64})?", one):
                raise ValueError("it must be a list such as ana@example.com,@example.org=agency")
        return people

    @field_validator("tiktok_app_secret")
    @classmethod
    def _secret_has_a_key(
        cls, secret: SecretStr | None, others: ValidationInfo
    ) -> SecretStr | None:
        if secret is not None and not others.data.get("tiktok_app_key"):
            raise ValueError("TIKTOK_APP_KEY is missing, and one is of no use without the other")
        return secret

    @field_validator("smtp_security")
    @classmethod
    def _mail_is_encrypted(cls, security: str, others: ValidationInfo) -> str:
        host = others.data.get("smtp_host", "")
        if security == "none" and host and not is_loopback(host):
            raise ValueError("mail goes unencrypted to this machine only; use starttls or tls")
        return security

    @field_validator("smtp_from")
    @classmethod
    def _sender_is_an_address(cls, sender: str) -> str:
        if sender and ("@" not in sender or not sender.isprintable() or " " in sender):
            raise ValueError("it must be an e-mail address such as notices@example.com")
        return sender

    @property
    def listed_image_hosts(self) -> list[str]:
        return _listed(self.image_hosts)

    @property
    def listed_notice_hosts(self) -> list[str]:
        return _listed(self.notice_hosts)

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host and self.smtp_from)

    @property
    def base_url(self) -> str:
        """Where people reach this installation; no trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def has_tiktok_app(self) -> bool:
        """Whether real shops can be connected; without it there is the Sample Account only."""
        return bool(self.tiktok_app_key and self.tiktok_app_secret)

    @property
    def has_google_sign_in(self) -> bool:
        return bool(self.google_client_id and self.google_client_secret and self.google_sign_in)

    def refuse_unsafe(self) -> None:
        """Raise `Refused` when the web server would be reachable with a key that nobody chose, or
        with one that was copied from somewhere."""
        if is_loopback(self.host):
            return
        if self.secret_key is None:
            raise Refused(
                f"SECRET_KEY must be set when HOST is {self.host}, because other machines can "
                "reach it: choose a long random value and keep it."
            )
        if is_example_key(self.secret_key.get_secret_value()):
            raise Refused(
                f"SECRET_KEY looks like an example, and with HOST {self.host} other machines can "
                "reach this one: choose a long random value, such as that of 'openssl rand -hex "
                "32', and keep it."
            )


def _listed(hosts: str) -> list[str]:
    """The names of a comma list, in small letters; `none` stands for nothing."""
    names = [host.strip() for host in hosts.lower().split(",")]
    return [name for name in names if name not in ("", "none")]


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of `environ`. Raises `Refused` with one sentence for the first bad value."""
    given = {
        name: environ[name.upper()] for name in Settings.model_fields if environ.get(name.upper())
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = str(first["loc"][0]).upper()
        reason = first["msg"].removeprefix("Value error, ").replace("Input should", "it must")
        raise Refused(f"{variable} has a value that cannot be used: {reason}.") from None


def _default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default in (None, "") else f"`{default}`"


def settings_table() -> str:
    """The settings as a Markdown table: variable, default, meaning, and whether it is a secret."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        secret = " **Secret.**" if "SecretStr" in str(field.annotation) else ""
        rows.append(f"| `{name.upper()}` | {_default_of(name)} | {field.description}{secret} |")
    return "\n".join(rows) + "\n"
