"""The simulator without a network: a transport for `requests` that answers in the process.

It keeps no process state: the shop is the same in every process, tokens and page tokens can be
checked by any of them, a refresh token stays usable, nothing is counted.

    session.mount("https://sample-shop.invalid", SampleShopAdapter())
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from .answers import INVALID_PATH as NO_PATH
from .answers import Answer, Request, envelope, refused
from .gateway import Gateway
from .pictures import picture
from .tokens import TokenOffice
from .world import Wall, World, sample_world

BASE_URL: Final = "https://sample-shop.invalid"


@lru_cache(maxsize=1)
def _sample_account(wall: Wall) -> World:
    """Return the Sample Account; worked out once per process, since its history never changes."""
    return sample_world(wall)


class SampleShopAdapter(BaseAdapter):
    """Answers every request sent through it. `world`: None for the Sample Account."""

    def __init__(
        self,
        world: World | None = None,
        base_url: str = BASE_URL,
        wall: Wall = time.time,
        page_ttl: int | None = None,
    ) -> None:
        super().__init__()
        self.world = world or _sample_account(wall)
        office = TokenOffice("TTP_", self.world.open_id, wall, rotates=False)
        self.gateway = Gateway(self.world, office, base_url, wall, page_ttl)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the answer to a prepared request; nothing leaves the process."""
        del stream, timeout, verify, cert, proxies  # there is no connection to set up
        url = urlsplit(request.url or "")
        body = request.body or b""
        asked = Request(
            request.method or "GET",
            url.path,
            dict(parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): str(value) for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else bytes(body),
        )
        return _response(request, self._answer(asked))

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/images/"):
            if request.method != "GET" or not request.path.endswith(".png"):
                return refused(NO_PATH, "Invalid path.").answer()
            name = request.path.removeprefix("/images/").removesuffix(".png")
            return Answer(raw=picture(name), headers={"Content-Type": "image/png"})
        return self.gateway.answer(request)

    def close(self) -> None:
        """Nothing is held open."""


def _response(request: PreparedRequest, answer: Answer) -> Response:
    response = Response()
    content = envelope(answer)
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(
        {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(content)),
            **answer.headers,
        }
    )
    response.raw = io.BytesIO(content)
    response.url = request.url or ""
    response.request = request
    response.encoding = "utf-8"
    return response
