"""Who asks at /control: name and password with each request, a session by cookie, or a token.

There a cookie that counts for nobody is worse than none: it wins over a password that is right. A
token of ours may stand where a password would (Basic, with any name), as programs made for that
server know nothing else; people with a second factor use one.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from aiohttp import web

from sinkhole.control.identity.identity import Identity
from sinkhole.control.web.approach import Approach
from sinkhole.control.web.callers import Callers
from sinkhole.control.web.refusals import CONTROL, Refused
from sinkhole.control.web.request_checks import READING
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError

COOKIE: Final = "agh_session"
"""As it is called there. Ours of the page does not count here, nor this one there."""

LONGEST: Final = 1024
"""Characters of a name and a password that are looked at."""

_JSON: Final = "application/json"


class Credentials:
    """Tells who asks."""

    def __init__(self, identity: Identity, callers: Callers) -> None:
        self._identity = identity
        self._callers = callers

    async def actor_of(self, request: web.Request, approach: Approach) -> Actor | None:
        """Who asks, None for nobody known; Refused for a token that is none."""
        if approach.is_socket:
            return self._callers.actor_of(request, approach)
        secret = request.cookies.get(COOKIE)
        if secret is not None:
            return self._identity.of_session(secret, approach.address)
        words = request.headers.getall("Authorization", [])
        if not words:
            return self._callers.at_this_machine(approach)
        if words[0].partition(" ")[0].lower() != "basic" or len(words) > 1:
            return self._callers.actor_of(request, approach)
        return await self._by_basic(words[0], approach)

    async def _by_basic(self, word: str, approach: Approach) -> Actor | None:
        pair = _decoded(word.partition(" ")[2].strip())
        if pair is None:
            return None
        name, password = pair
        if (program := self._identity.of_token(password, approach.address)) is not None:
            return program
        try:
            return await self._identity.of_password(name, password, approach.address)
        except RequestError as error:
            if error.code == "busy":
                raise
            return None  # a wrong password, too many of them, or a second factor: 401 all the same


def check_type(request: web.Request) -> None:
    """Raise Refused (415) for a body of another type than JSON, and for a type without a body.

    No page of a stranger can send JSON here, nor a request without a type and with a cookie. Where
    somebody signs in, any type will do, as there: scripts call that a form.
    """
    if request.method in READING or request.path == f"{CONTROL}login":
        return
    kind = request.headers.get("Content-Type")
    if request.content_length == 0 or not request.body_exists:
        if kind is None:
            return
        if request.content_length == 0 or not _is_chunked(request):
            text = f'empty body with content-type "{kind}" not allowed'
            raise Refused(415, "wrong_content_type", text)
    if kind != _JSON:
        raise Refused(415, "wrong_content_type", f"only content-type {_JSON} is allowed")


def _is_chunked(request: web.Request) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _decoded(text: str) -> tuple[str, str] | None:
    """Name and password of RFC 7617; None for what is none."""
    try:
        name, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    if not colon or max(len(name), len(password)) > LONGEST:
        return None
    return name, password
