"""What every request has in common: routes, headers, errors as JSON, health."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.web import app as web_app
from sinkhole.model.errors import StorageError
from sinkhole.model.status import Health

PATHS = [
    "/", "/api/stats", "/api/queries", "/api/status", "/api/lists", "/healthz", "/metrics",
    "/nothing", "/assets/other.js",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_safe_headers_and_no_version(
    serve: Any, client: ClientSession, path: str
) -> None:
    site = await serve()
    async with client.get(site.url + path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ):  # fmt: skip
        assert part in policy.split("; ")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Server"] == "sinkhole"
    assert not [name for name in headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/nothing", "/api", "/assets/../app.py", "/api/lists/update"])
async def test_an_unknown_address_or_method_is_said_in_json(
    serve: Any, client: ClientSession, path: str
) -> None:
    site = await serve()
    async with client.get(site.url + path) as answer:
        assert answer.status == (405 if path.endswith("update") else 404)
        assert (await answer.json())["error"]
        assert answer.headers.get("Allow") == ("POST" if answer.status == 405 else None)


@pytest.mark.parametrize(
    ("health", "status", "text"),
    [
        (Health("ok"), 200, "ok\n"),
        (Health("degraded", ("no upstream", "list \x1b[1mA\n")), 200,
         "degraded\nno upstream\nlist  [1mA \n"),
        (Health("failing", ("DNS is not being answered",)), 503,
         "failing\nDNS is not being answered\n"),
    ],
)  # fmt: skip
async def test_health_is_told_with_a_line_for_each_reason(
    serve: Any, client: ClientSession, house: Any, health: Health, status: int, text: str
) -> None:
    site = await serve()
    house.health = health
    async with client.get(f"{site.url}/healthz") as answer:
        assert (answer.status, await answer.text()) == (status, text)
        assert answer.content_type == "text/plain"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_who_is_not_at_this_machine_is_told_no_names(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve(ready=lambda: ["the list 'Kids' has not come"])
    house.health = Health("degraded", ("nothing of list Kids is in use",), ("a list is not",))
    elsewhere = {"X-Forwarded-For": "192.0.2.9"}
    for path, text in (("healthz", "degraded\na list is not\n"), ("readyz", "not ready yet\n")):
        async with client.get(f"{site.url}/{path}", headers=elsewhere) as answer:
            assert await answer.text() == text
        async with client.get(f"{site.url}/{path}") as answer:
            assert "Kids" in await answer.text()


async def test_a_storage_error_is_told_and_a_bug_is_logged_but_not_told(
    serve: Any, client: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, object]:
        raise KeyError("a secret of ours")

    class BrokenDisk:
        async def summary(self, period: str = "24h") -> dict[str, object]:
            raise StorageError("querylog.db can not be read")

    site = await serve(status=broken, statistics=BrokenDisk())
    async with client.get(f"{site.url}/api/stats") as answer:
        assert answer.status == 503
        assert await answer.json() == {"error": "querylog.db can not be read"}
    with caplog.at_level(logging.ERROR):
        async with client.get(f"{site.url}/api/status") as answer:
            assert answer.status == 500
            assert "secret" not in await answer.text()
    assert "a secret of ours" in caplog.text


async def test_a_source_that_never_answers_becomes_503(
    serve: Any, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stalled:
        async def summary(self, period: str = "24h") -> dict[str, object]:
            await asyncio.Event().wait()
            return {}

    monkeypatch.setattr(web_app, "READ_S", 0.05)
    site = await serve(statistics=Stalled())
    async with client.get(f"{site.url}/api/stats") as answer:
        assert answer.status == 503
        assert "no answer within" in (await answer.json())["error"]
