"""Signing in over HTTP, with a real identity: cookies, the first account, who is told what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession, DummyCookieJar
from bare_house import bare_house

from sinkhole.control.identity.identity import Identity
from sinkhole.control.settings import Settings
from sinkhole.control.state.state import State
from sinkhole.control.web import WebServer, create_app

PASSWORD = "correct horse battery"
PROXY = (ip_network("127.0.0.1/32"),)


class Site(NamedTuple):
    """A server behind a proxy of this machine that is trusted, and who may come in."""

    url: str
    identity: Identity


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    state = await State.open(tmp_path)
    identity = Identity(state)
    web = Settings().web.model_copy(update={"trusted_proxies": PROXY})
    settings = SimpleNamespace(settings=Settings().model_copy(update={"web": web}))
    app = create_app(bare_house(identity=identity, settings=settings))
    server = WebServer(app, "127.0.0.1", 0, patience_s=30.0)
    await server.start()
    yield Site(f"{server.url}/api/v1", identity)
    await server.stop()
    await identity.close()
    await state.close()


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    """It keeps no cookies by itself."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


async def signed_in(
    browser: ClientSession, site: Site, told: dict[str, str], password: str = PASSWORD
) -> Any:
    given = {"name": "anna", "password": password}
    headers = {"X-Forwarded-For": "192.0.2.9", **told}
    async with browser.post(f"{site.url}/sign-in", json=given, headers=headers) as answer:
        await answer.read()
        return answer


@pytest.mark.parametrize(
    ("told", "name", "path", "secure"),
    [
        ({}, "sinkhole", "/", False),
        ({"X-Forwarded-Proto": "https"}, "__Host-sinkhole", "/", True),
        ({"Forwarded": "for=192.0.2.9;proto=https"}, "__Host-sinkhole", "/", True),
        ({"X-Ingress-Path": "/a/b/"}, "sinkhole", "/a/b/", False),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/a"},
            "__Secure-sinkhole",
            "/a/",
            True,
        ),
    ],
)
async def test_the_cookie_is_as_narrow_as_can_be(
    browser: ClientSession, site: Site, told: dict[str, str], name: str, path: str, secure: bool
) -> None:
    await site.identity.accounts.add("anna", PASSWORD, "operator")
    answer = await signed_in(browser, site, told)
    assert answer.status == 200
    cookie = answer.cookies[name]
    assert (cookie["path"], bool(cookie["secure"])) == (path, secure)
    assert (bool(cookie["httponly"]), cookie["samesite"]) == (True, "Strict")
    headers = {"X-Forwarded-For": "192.0.2.9", **told, "Cookie": f"{name}={cookie.value}"}
    async with browser.get(f"{site.url}/me", headers=headers) as answer:
        me = await answer.json()
    assert (me["name"], me["kind"], me["is_https"]) == ("anna", "session", secure)
    assert "settings:write" not in me["permissions"]


async def test_a_session_ends_at_once_when_one_signs_out(
    browser: ClientSession, site: Site
) -> None:
    await site.identity.accounts.add("anna", PASSWORD, "admin")
    secret = (await signed_in(browser, site, {})).cookies["sinkhole"].value
    own = site.url.removesuffix("/api/v1")
    headers = {"Cookie": f"sinkhole={secret}", "Origin": own}
    async with browser.post(f"{site.url}/sign-out", json={}, headers=headers) as answer:
        assert answer.status == 200
        assert answer.cookies["sinkhole"].value == ""
    async with browser.get(f"{site.url}/me", headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    "sign", [{"Origin": "http://evil.example.com"}, {"Content-Type": "text/plain"}]
)
async def test_no_foreign_page_signs_anybody_in(
    browser: ClientSession, site: Site, sign: dict[str, str]
) -> None:
    await site.identity.accounts.add("anna", PASSWORD, "admin")
    body = f'{{"name": "anna", "password": "{PASSWORD}"}}'.encode()
    headers = {"Content-Type": "application/json", **sign}
    async with browser.post(f"{site.url}/sign-in", data=body, headers=headers) as answer:
        assert answer.status in (403, 415)
        assert not answer.cookies


async def test_the_first_account_is_made_once(browser: ClientSession, site: Site) -> None:
    given = {"code": site.identity.first_code, "name": "anna", "password": PASSWORD}
    headers = {"X-Forwarded-For": "192.0.2.9"}
    url = f"{site.url}/first-account"
    async with browser.post(url, json={**given, "code": "wrong"}, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "wrong_code")
    async with browser.post(url, json=given, headers=headers) as answer:
        assert answer.status == 200
        assert answer.cookies["sinkhole"].value
        assert (await answer.json())["has_accounts"] is True
    async with browser.post(url, json=given, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "not_the_first")
