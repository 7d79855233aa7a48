"""Strangers are refused before any handler runs."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession, web

from sinkhole.control.web.request_checks import host_of, machine_names

JSON = {"Content-Type": "application/json"}
CHANGES = ("/api/lists/update", "/api/lists/accept", "/api/explain")
READS = ("/api/stats", "/api/queries?name=a.example", "/api/status", "/api/lists", "/metrics",
         "/api/explain?name=a.example", "/%61pi/stats")  # fmt: skip


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "192.0.2.7:8080", "[::1]:8080", "[2001:db8::1]", "localhost:8080",
     "LOCALHOST", "dns.example.org", "DNS.Example.org.:80", "attic", "attic.local"],
)  # fmt: skip
async def test_addresses_localhost_and_the_servers_names_are_accepted(
    serve: Any, client: ClientSession, host: str
) -> None:
    site = await serve(hosts=("dns.example.org", *machine_names("attic")))
    async with client.get(f"{site.url}/healthz", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example.com", "evil.example.com:8080", "dns.example.org.evil.example.com",
     "user@127.0.0.1", "127.0.0.1.evil.example.com", "127.0.0.1/x", "[::1", "", "a b", "attic.com",
     "localhost:8080:1", "[]"],
)  # fmt: skip
async def test_a_hostile_name_pointed_at_our_address_gets_421(
    serve: Any, client: ClientSession, host: str, house: Any
) -> None:
    site = await serve(hosts=("dns.example.org", *machine_names("attic")))
    async with client.get(f"{site.url}/api/stats", headers={"Host": host}) as answer:
        assert answer.status == 421
        assert "web.hosts" in (await answer.json())["error"]
    assert house.asked == []


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/nothing"])
async def test_no_address_is_open_to_a_hostile_name(
    serve: Any, client: ClientSession, path: str
) -> None:
    site = await serve()
    async with client.get(site.url + path, headers={"Host": "evil.example.com"}) as answer:
        assert answer.status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_change_asked_for_by_another_sites_page_gets_403(
    serve: Any, client: ClientSession, headers: dict[str, str]
) -> None:
    site = await serve()
    for path in CHANGES:
        async with client.post(site.url + path, headers=JSON | headers) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none", "Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Referer": "http://evil.example.com/127.0.0.1"},
        {"Referer": "nonsense"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"},  # that keeps its address to itself
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_another_sites_page_wants_to_read_gets_403_before_any_work(
    serve: Any, client: ClientSession, house: Any, method: str, headers: dict[str, str]
) -> None:
    site = await serve()
    for path in READS:
        async with client.request(method, site.url + path, headers=headers) as answer:
            assert answer.status == 403, path
    assert house.asked == []


async def test_our_own_page_typed_addresses_and_programs_may_read(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    for headers in (
        {},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Referer": "https://proxy.example.org/dns/"},
        {"Referer": f"{site.url}/?period=7d"},
        {"Origin": site.url},
        {"User-Agent": "Mozilla/5.0 (X11)", "X-Requested-With": "sinkhole"},
        {"User-Agent": "Mozilla/5.0 (X11)", "Referer": f"{site.url}/"},
        {"User-Agent": "Prometheus/3.0"},
    ):
        for path in READS:
            async with client.get(site.url + path, headers=headers) as answer:
                assert answer.status == 200, (path, headers)


async def test_other_sites_may_link_to_the_page_and_to_nothing_else(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    for path, status in (("/", 200), ("/healthz", 200), ("/assets/other.js", 404), ("/x", 403)):
        headers = {"Sec-Fetch-Site": "cross-site"}
        async with client.get(site.url + path, headers=headers) as answer:
            assert answer.status == status


async def test_another_port_of_the_same_address_is_another_site(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    headers = JSON | {"Origin": f"http://127.0.0.1:{site.port + 1}"}
    async with client.post(f"{site.url}/api/lists/update", headers=headers) as answer:
        assert answer.status == 403


async def test_our_own_page_may_change_things_over_a_tls_proxy_too(
    serve: Any, client: ClientSession
) -> None:
    site = await serve(hosts=("dns.example.org",))
    headers = JSON | {"Host": "dns.example.org", "Sec-Fetch-Site": "same-origin"}
    for origin in ("https://dns.example.org", "http://DNS.example.org"):
        async with client.post(
            f"{site.url}/api/lists/update", headers=headers | {"Origin": origin}
        ) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_what_a_foreign_form_could_send_gets_415(
    serve: Any, client: ClientSession, kind: str | None
) -> None:
    site = await serve()
    headers = {"Content-Type": kind} if kind else {}
    for path in CHANGES:
        async with client.post(site.url + path, data=b"", headers=headers) as answer:
            assert answer.status == 415
            assert "application/json" in (await answer.json())["error"]


async def test_no_foreign_page_may_read_or_preflight(serve: Any, client: ClientSession) -> None:
    site = await serve()
    headers = {
        "Origin": "http://evil.example.com", "Access-Control-Request-Method": "POST",
    }  # fmt: skip
    async with client.options(f"{site.url}/api/lists/update", headers=headers) as answer:
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_host_of_takes_the_port_and_the_final_dot_away() -> None:
    assert host_of("Example.org.:8080") == "example.org"
    assert host_of("[2001:DB8::1]:53") == "2001:db8::1"
    assert host_of("a:b") == ""


def test_a_machine_is_known_by_its_name_alone_and_under_the_endings_of_a_home() -> None:
    names = machine_names("attic.example.net")
    assert names[0] == "attic.example.net"
    assert "attic.local" in names
    assert "attic.home.arpa" in names


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Host": "evil.example.com"}, 421),
        ("POST", {"Origin": "http://evil.example.com", **JSON}, 403),
        ("POST", {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_strangers_are_refused_where_an_empty_response_is_false(
    serve: Any,
    client: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    house: Any,
    method: str,
    headers: dict[str, str],
    status: int,
) -> None:
    class FalseResponse(web.Response):
        def __bool__(self) -> bool:
            return False

    monkeypatch.setattr(web, "Response", FalseResponse)
    site = await serve()
    path = CHANGES[0] if method == "POST" else "/api/stats"
    async with client.request(method, site.url + path, headers=headers) as answer:
        assert answer.status == status
    assert house.asked == []
