"""Signing in and out as at that server: a name, a password, and a cookie for /control alone."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import Field

from sinkhole.control.web.adguard.answers import OK, respond
from sinkhole.control.web.adguard.asked import Asked, Body
from sinkhole.control.web.adguard.credentials import COOKIE, LONGEST
from sinkhole.control.web.gate import asked_by
from sinkhole.control.web.refusals import CONTROL, Refused
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError

NOBODY: Final = Actor("server", "nobody", frozenset())
"""Who asks before he has said who he is."""

_YEAR_S: Final = 365 * 86_400


class _Login(Body):
    name: str = Field(default="", max_length=LONGEST)
    password: str = Field(default="", max_length=LONGEST)


async def login(asked: Asked) -> web.StreamResponse:
    """POST login: a session for a name and a password. A second factor has no place in it."""
    given, approach = await asked.body(_Login), asked_by(asked.request)
    agent = asked.request.headers.get("User-Agent", "")
    try:
        signed_in = await asked.house.identity.sign_in(
            *(given.name, given.password, "", approach.address, agent)
        )
    except RequestError as error:
        if error.kind != "unauthenticated":
            raise
        text = "invalid username or password"
        if error.code == "second_factor_needed":
            text = "this account has a second factor: use a token as the password of Basic"
        raise Refused(403, error.code, text) from None
    response = await respond(asked.request, OK)
    response.set_cookie(
        *(COOKIE, signed_in.secret),
        max_age=_YEAR_S,
        path=approach.prefix + CONTROL.rstrip("/"),
        secure=approach.is_https,
        httponly=True,
        samesite="Strict",
    )
    return response


async def logout(asked: Asked) -> web.StreamResponse:
    """GET logout: the end of this session, and the way to the page."""
    approach = asked_by(asked.request)
    if asked.actor.kind == "session":
        await asked.house.identity.sign_out(asked.actor)
    response = web.Response(status=302, headers={"Location": f"{approach.prefix}/"})
    response.del_cookie(COOKIE, path=approach.prefix + CONTROL.rstrip("/"))
    return response
