"""Secrets struck out of any URL or text, before it reaches a message, a log line or a metric."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, Final

STRUCK: Final = "[struck]"

_NAMES: Final = (
    "app_secret",
    "client_secret",
    "access_token",
    "refresh_token",
    "auth_code",
    "x-tts-access-token",
    "shop_cipher",
    "cipher",
    "sign",
)
_SECRET_KEYS: Final = frozenset(_NAMES) | {"authorization", "secret", "token"}
# name=value, name: value, "name": "value"; the name not inside a longer word.
_PAIR: Final = re.compile(
    r"(?<![\w-])(" + "|".join(_NAMES) + r""")(["']?\s*[=:]\s*["']?)([^&\s"',;}\])]+)""",
    re.IGNORECASE,
)
# `code` and `state` are secret only as parameters of a callback URL.
_CALLBACK: Final = re.compile(r"([?&](?:code|state)=)[^&\s\"']+")
_BEARER: Final = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+")
# Tokens and ciphers by their look: a region's prefix and a long random part.
_TOKEN: Final = re.compile(r"\b(TTP|ROW|GCP)_[\w+/=-]{6,}")
# Our own API keys, and Google's access and refresh tokens, also inside an address.
_KEY: Final = re.compile(
    r"(tts_[0-9a-f]{16}_|ya29\.|1//0|1%2F%2F0)[\w.-]{6,}", re.ASCII | re.IGNORECASE
)
_MAX_DEPTH: Final = 6


def strike(text: str) -> str:
    """`text` with the value of every secret replaced by `[struck]`."""
    text = _PAIR.sub(rf"\1\2{STRUCK}", text)
    text = _CALLBACK.sub(rf"\1{STRUCK}", text)
    text = _BEARER.sub(rf"\1{STRUCK}", text)
    text = _TOKEN.sub(rf"\1_{STRUCK}", text)
    return _KEY.sub(rf"\1{STRUCK}", text)


def _struck(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return strike(value)
    if isinstance(value, bytes):
        return strike(value.decode("utf-8", "replace"))
    if depth >= _MAX_DEPTH:
        return STRUCK
    if isinstance(value, dict):
        return {key: _value_of(key, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_struck(item, depth + 1) for item in value]
    if isinstance(value, BaseException):
        return strike(f"{type(value).__name__}: {value}")
    return value


def _value_of(key: object, value: Any, depth: int) -> Any:
    if isinstance(key, str) and key.lower() in _SECRET_KEYS:
        return STRUCK
    return _struck(value, depth)


def strike_secrets(
    _logger: Any, _method: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """structlog processor. Put it after the one that renders exceptions, before the renderer."""
    for key in event_dict:
        event_dict[key] = _value_of(key, event_dict[key], 0)
    return event_dict
