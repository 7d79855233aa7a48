"""Profiles by a link: for whoever has it, and for this server alone."""

from __future__ import annotations

import plistlib
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession
from settings_file import settings_from

from sinkhole.model.status import EncryptedStatus

REMOTE = {"X-Forwarded-For": "192.0.2.9"}
NAMES = EncryptedStatus(("dns.example.org",))


@pytest.fixture
async def url(serve: Any) -> str:
    dns = {"https": ["0.0.0.0"], "certificate": "c.pem", "certificate_key": "k.pem"}
    settings = SimpleNamespace(settings=settings_from({"dns": dns}))
    site = await serve(settings=settings, encrypted=lambda: NAMES)
    return f"{site.url}/profile.mobileconfig"


async def test_a_phone_gets_its_profile_without_signing_in(url: str, client: ClientSession) -> None:
    asked = {"name": "dns.example.org", "client_id": "tablet"}
    async with client.get(url, params=asked, headers=REMOTE) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/x-apple-aspen-config"
        (settings,) = plistlib.loads(await answer.read())["PayloadContent"]
    told = settings["DNSSettings"]["ServerURL"]
    assert told == "https://dns.example.org/dns-query/tablet"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"name": "elsewhere.example.net"}, 404),
        ({"client_id": "no id!"}, 400),
        ({"protocol": "tls"}, 409),
        ({"protocol": "smoke"}, 400),
        ({"else": "1"}, 400),
    ],
)
async def test_what_leads_elsewhere_is_refused(
    url: str, client: ClientSession, asked: dict[str, str], status: int
) -> None:
    async with client.get(url, params=asked, headers=REMOTE) as answer:
        assert answer.status == status
        assert "elsewhere.example.net is none of" in await answer.text() or status != 404
