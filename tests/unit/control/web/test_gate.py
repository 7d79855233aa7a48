"""A walk over every address: who gets where, and by what."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession
from bare_house import KnownActors, bare_house

from sinkhole.control.settings import Settings
from sinkhole.control.web.adguard.credentials import COOKIE
from sinkhole.control.web.app import create_app, locations_of
from sinkhole.control.web.locations import Location, Needs
from sinkhole.control.web.refusals import CONTROL
from sinkhole.control.web.v1.v1 import V1
from sinkhole.model.actor import Actor, Permission

EVERYTHING = frozenset(Permission)
LOCATIONS = list(locations_of(bare_house(), V1(bare_house())))
GUARDED = [each for each in LOCATIONS if not isinstance(each.needs, Needs)]
SOMEBODY = [each for each in LOCATIONS if each.needs is Needs.SOMEBODY]
OPEN = {
    ("GET", "/"), ("GET", "/assets/{name}"), ("GET", "/healthz"), ("GET", "/readyz"),
    ("GET", "/profile.mobileconfig"),
    ("GET", "/apple/doh.mobileconfig"), ("GET", "/apple/dot.mobileconfig"),
    ("POST", "/control/login"),
    ("POST", "/api/v1/sign-in"), ("POST", "/api/v1/first-account"),
    ("POST", "/api/v1/pairing/accept"),  # with a one-time code
}  # fmt: skip
"""All that is answered to who has not said who he is."""

SESSION = "the-secret-of-a-session"
OTHERS = {"Origin": "http://evil.example.com"}
REMOTE = {"X-Forwarded-For": "192.0.2.9"}
"""As a proxy says it: whoever asks is elsewhere."""


def is_control(location: Location) -> bool:
    """Whether it is asked as AdGuard Home is, see test_credentials.py."""
    return location.path.startswith(CONTROL)


def name_of(location: Location) -> str:
    return f"{location.method} {location.path}"


class Told(NamedTuple):
    """An answer, whatever its form."""

    status: int
    code: str
    text: str
    headers: Any


class Asking:
    """Asks every address, in a way that does nothing but show whether one may."""

    def __init__(self, site: Any, client: ClientSession, identity: KnownActors) -> None:
        self.site = site
        self.client = client
        self.identity = identity

    async def __call__(
        self, location: Location, headers: dict[str, str], *, method: str = "", query: str = "-=1"
    ) -> Told:
        """A parameter that nobody knows keeps the work from being done."""
        path = re.sub(r"\{\w+\}", "1", location.path)
        method = method or location.method
        body = None if method in ("GET", "HEAD", "OPTIONS") else b'{"-": 1}'
        url = f"{self.site.url}{path}?{query}"
        async with self.client.request(method, url, headers=headers, data=body) as answer:
            text = await answer.text()
            code = ""
            if answer.content_type.endswith("json"):
                told = json.loads(text) if text else {}
                code = told.get("code", "") if isinstance(told, dict) else ""
            return Told(answer.status, code, text, answer.headers)

    def token(self, permissions: frozenset[Permission]) -> dict[str, str]:
        """The headers of a program with these permissions."""
        return {"Authorization": f"Bearer {self.identity.may(*permissions)}"}

    def key(self, way: str, location: Location, permissions: frozenset[Permission]) -> Any:
        """What lets somebody with these permissions in, at an address."""
        if way == "token":
            return self.token(permissions)
        cookie = self.cookie(permissions)
        return {"Cookie": f"{COOKIE}={SESSION}"} if is_control(location) else cookie

    def cookie(self, permissions: frozenset[Permission]) -> dict[str, str]:
        """Those of a browser that is signed in."""
        self.identity.sessions[SESSION] = Actor("session", "anna", permissions, id="1", account=1)
        return {"Cookie": f"sinkhole={SESSION}"}


@pytest.fixture
async def asking(serve: Any, client: ClientSession) -> Asking:
    identity = KnownActors(has_accounts=True)
    return Asking(await serve(identity=identity), client, identity)


def json_of(location: Location) -> dict[str, str]:
    kind = "application/octet-stream" if location.takes_file else "application/json"
    return {"Content-Type": kind}


def test_nothing_is_served_besides() -> None:
    app = create_app(bare_house())
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert served == {(each.method, each.path) for each in LOCATIONS}


def test_what_is_open_is_written_down_here() -> None:
    opened = (each for each in LOCATIONS if each.needs in (Needs.NOTHING, Needs.LINK))
    assert {(each.method, each.path) for each in opened} == OPEN


def test_a_location_without_a_need_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="does not say who may ask"):
        replace(LOCATIONS[0], needs=None)


@pytest.mark.parametrize("location", [*GUARDED, *SOMEBODY], ids=name_of)
@pytest.mark.parametrize("has_accounts", [True, False])
async def test_nobody_gets_anything_from_elsewhere(
    asking: Asking, location: Location, has_accounts: bool
) -> None:
    asking.identity.has_accounts = has_accounts
    told = await asking(location, {**json_of(location), **REMOTE})
    assert told.status == 401
    if is_control(location):
        assert (told.text, "WWW-Authenticate" in told.headers) == ("", False)
        return
    assert told.headers["WWW-Authenticate"] == "Bearer"
    if not has_accounts:
        assert "sudo sinkhole account add NAME" in told.text
    if location.path.startswith("/api/v1"):
        assert told.code == ("sign_in_needed" if has_accounts else "account_needed")


@pytest.mark.parametrize("location", [*GUARDED, *SOMEBODY], ids=name_of)
async def test_with_an_account_this_machine_has_to_sign_in_as_everybody(
    asking: Asking, location: Location
) -> None:
    assert (await asking(location, json_of(location))).status == 401


@pytest.mark.parametrize("location", [*GUARDED, *SOMEBODY], ids=name_of)
async def test_without_an_account_this_machine_may_everything(
    asking: Asking, location: Location
) -> None:
    if location.path.startswith("/control/install/"):
        pytest.skip("nobody may that")
    asking.identity.has_accounts = False
    assert (await asking(location, json_of(location))).status not in (401, 403, 404, 415)


@pytest.mark.parametrize("location", GUARDED, ids=name_of)
@pytest.mark.parametrize("way", ["token", "cookie"])
async def test_each_permission_is_needed_and_is_enough(
    asking: Asking, location: Location, way: str
) -> None:
    assert isinstance(location.needs, Permission)
    one = frozenset({location.needs})
    own = {**json_of(location), "Origin": asking.site.url}
    told = await asking(location, {**own, **asking.key(way, location, EVERYTHING - one)})
    assert told.status == 403
    assert location.needs in told.text
    told = await asking(location, {**own, **asking.key(way, location, one)})
    assert told.status not in (401, 403, 404, 415)


@pytest.mark.parametrize("location", LOCATIONS, ids=name_of)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_a_foreign_page_gets_nothing_by_any_method(
    asking: Asking, location: Location, method: str
) -> None:
    """Whatever its browser adds: not the session, not that it runs at the server's machine."""
    if location.needs is Needs.LINK and method in ("GET", "HEAD"):
        pytest.skip("it may be linked to")
    cookie = asking.cookie(EVERYTHING)
    for sign in (OTHERS, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        for more in (cookie, asking.token(EVERYTHING), json_of(location), REMOTE):
            told = await asking(location, {**sign, **more}, method=method)
            assert told.status == 403
            assert not [name for name in told.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "location",
    [each for each in LOCATIONS if each.method != "GET" and not is_control(each)],
    ids=name_of,
)
async def test_what_changes_something_needs_more_with_a_cookie_only(
    asking: Asking, location: Location
) -> None:
    if location.needs is Needs.NOTHING:
        pytest.skip("a cookie changes nothing there")
    cookie, own = asking.cookie(EVERYTHING), {"Origin": asking.site.url}
    told = await asking(location, {**cookie, **own, "Content-Type": "text/plain"})
    assert told.status == 415
    told = await asking(location, {**cookie, **json_of(location)})
    assert told.status == 403
    assert "Origin" in told.text
    for sign in (own, {"Sec-Fetch-Site": "same-origin"}):
        told = await asking(location, {**cookie, **sign, **json_of(location)})
        assert told.status not in (401, 403, 404, 415)
    token = asking.token(EVERYTHING)
    told = await asking(location, {**token, "Content-Type": "text/plain"})
    assert told.status not in (401, 403, 404, 415)


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/api/v1/nothing", "/api/v1", "/control/nothing"]
)
async def test_what_is_not_there_is_not_told_to_strangers(asking: Asking, path: str) -> None:
    url = asking.site.url + path
    async with asking.client.get(url, headers=REMOTE) as answer:
        assert answer.status == 401
    async with asking.client.get(url, headers=asking.token(frozenset())) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "words", ["Bearer wrong", "Bearer", "Basic YTpi", "bearer  ", "Bearer \x80"]
)
async def test_a_token_that_is_none_is_not_passed_over(asking: Asking, words: str) -> None:
    """Not even at this machine without an account: who sends one means it."""
    asking.identity.has_accounts = False
    url = f"{asking.site.url}/api/v1/me"
    async with asking.client.get(url, headers={"Authorization": words}) as answer:
        assert answer.status == 401
        assert "invalid_token" in answer.headers["WWW-Authenticate"]
        assert (await answer.json())["code"] == "token_invalid"


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Ingress-Path"],
)
async def test_who_comes_through_a_proxy_is_not_at_this_machine(
    asking: Asking, header: str
) -> None:
    asking.identity.has_accounts = False
    url = f"{asking.site.url}/api/v1/me"
    async with asking.client.get(url, headers={header: "127.0.0.1"}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("told", "trusted", "frames"),
    [
        ({"X-Ingress-Path": "/a/b"}, True, ("SAMEORIGIN", "'self'")),
        ({"X-Ingress-Path": "/a/b"}, False, ("DENY", "'none'")),
        ({"X-Forwarded-Prefix": "/a/b"}, True, ("DENY", "'none'")),
    ],
)
async def test_only_an_ingress_that_is_trusted_may_show_the_page_in_a_frame(
    serve: Any, client: ClientSession, told: dict[str, str], trusted: bool, frames: tuple[str, str]
) -> None:
    site = await (serve(settings=trusting_this_machine()) if trusted else serve())
    async with client.get(f"{site.url}/", headers={**REMOTE, **told}) as answer:
        assert answer.status == 200
        assert answer.headers["X-Frame-Options"] == frames[0]
        assert f"frame-ancestors {frames[1]};" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Forwarded-For": "192.0.2.9"}, 401),
        ({"X-Forwarded-For": "127.0.0.1, 192.0.2.9"}, 401),
        ({"X-Real-IP": "192.0.2.9"}, 401),
        ({"Forwarded": "for=192.0.2.9"}, 401),
        ({"X-Forwarded-For": "192.0.2.9, 127.0.0.1"}, 401),
        ({"X-Forwarded-For": "127.0.0.1"}, 200),
        ({}, 401),  # which proxy says nothing?
        ({"X-Forwarded-For": "somebody"}, 400),
        ({"X-Forwarded-For": "192.0.2.9", "Forwarded": "for=192.0.2.8"}, 400),
    ],
)
async def test_a_proxy_that_is_trusted_says_who_is_at_this_machine(
    serve: Any, client: ClientSession, headers: dict[str, str], status: int
) -> None:
    site = await serve(settings=trusting_this_machine())
    async with client.get(f"{site.url}/api/v1/me", headers=headers) as answer:
        assert answer.status == status


async def test_names_of_the_settings_count_at_once(serve: Any, client: ClientSession) -> None:
    settings = SimpleNamespace(settings=Settings())
    site = await serve(settings=settings)
    named = {"Host": "dns.example.org"}
    async with client.get(f"{site.url}/api/v1/me", headers=named) as answer:
        assert answer.status == 421
    web = settings.settings.web.model_copy(update={"hosts": ("dns.example.org",)})
    settings.settings = settings.settings.model_copy(update={"web": web})
    async with client.get(f"{site.url}/api/v1/me", headers=named) as answer:
        assert answer.status == 200


async def test_the_name_that_a_trusted_proxy_tells_is_looked_at(
    serve: Any, client: ClientSession
) -> None:
    site = await serve(settings=trusting_this_machine(), hosts=["dns.example.org"])
    for name, status in (("evil.example.com", 421), ("dns.example.org", 200)):
        headers = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": name}
        async with client.get(f"{site.url}/api/v1/me", headers=headers) as answer:
            assert answer.status == status


def trusting_this_machine() -> Any:
    web = Settings().web.model_copy(update={"trusted_proxies": (ip_network("127.0.0.1/32"),)})
    return SimpleNamespace(settings=Settings().model_copy(update={"web": web}))
