"""The cookies of a session: how they are named, and how long and where they count.

SameSite keeps other sites' pages from sending them, HttpOnly keeps scripts from reading them. Over
HTTPS the prefixes of their names have the browser vouch for where they come from (RFC 6265bis).
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sinkhole.control.web.approach import Approach

SESSION: Final = "sinkhole"
DEVICE: Final = "sinkhole-device"
"""Tells a device that has signed in before, see `control/identity/lock_out`."""
LONGEST_S: Final = 400 * 86_400
"""Browsers keep no cookie for longer; when a session ends is the server's to say."""


def session_of(request: web.Request, approach: Approach) -> str:
    """The secret of the session that a request brings, "" for none."""
    return request.cookies.get(_name(SESSION, approach), "")


def device_of(request: web.Request, approach: Approach) -> str:
    """The secret of the device that a request brings, "" for none."""
    return request.cookies.get(_name(DEVICE, approach), "")


def keep(response: web.StreamResponse, approach: Approach, name: str, secret: str) -> None:
    """Have the browser keep a secret."""
    response.set_cookie(
        _name(name, approach),
        secret,
        max_age=LONGEST_S,
        path=f"{approach.prefix}/",
        secure=approach.is_https,
        httponly=True,
        samesite="Strict",
    )


def forget(response: web.StreamResponse, approach: Approach, name: str) -> None:
    """Have the browser forget it."""
    response.del_cookie(
        _name(name, approach),
        path=f"{approach.prefix}/",
        secure=approach.is_https,
        httponly=True,
        samesite="Strict",
    )


def _name(name: str, approach: Approach) -> str:
    if not approach.is_https:
        return name
    return f"__Secure-{name}" if approach.prefix else f"__Host-{name}"
