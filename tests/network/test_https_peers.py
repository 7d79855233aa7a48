"""Clients of other people ask our DNS over HTTPS: kdig and curl."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from pathlib import Path

import dnslib
import pytest
from certificates import write_authority
from https_house import NAME, listening, make_world
from other_programs import missing, output_of
from places import Place
from real_peers import by_https, kdig
from test_https_listener import PretendPage
from world import addresses, question

ADS = question("ads.example.org")


@pytest.mark.skipif(bool(missing("kdig")), reason="kdig is not installed here")
@pytest.mark.parametrize("by", ["post", "get"])
async def test_kdig_is_answered(tmp_path: Path, by: str) -> None:
    options = [*by_https(tmp_path), *(["+https-get"] if by == "get" else [])]
    async with listening(make_world()) as served:
        place = Place("127.0.0.1", served.port)
        told = await kdig(place, "ads.example.org", "A", *options)
        assert "status: NOERROR" in told.text
        assert "0.0.0.0" in told.text
        assert f"HTTP session (HTTP/2-{by.upper()})" in told.text
        told = await kdig(place, "example.org", "A", *options, "+padding")
        assert "192.0.2.1" in told.text
        assert "PADDING" in told.text


@pytest.mark.skipif(bool(missing("kdig")), reason="kdig is not installed here")
async def test_kdig_is_known_by_its_path(tmp_path: Path) -> None:
    async with listening(make_world()) as served:
        place = Place("127.0.0.1", served.port)
        for path, is_there in (("/dns-query/tablet", True), ("/elsewhere", False)):
            own = [f"+https={NAME}{path}", *by_https(tmp_path)[1:]]
            told = await kdig(place, "ads.example.org", "A", *own)
            assert ("0.0.0.0" in told.text) is is_there, told


@pytest.mark.skipif(bool(missing("curl")), reason="curl is not installed here")
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
async def test_curl_is_answered(tmp_path: Path, version: str) -> None:
    (tmp_path / "query").write_bytes(ADS)
    letters = urlsafe_b64encode(ADS).rstrip(b"=").decode()
    async with listening(make_world()) as served:
        url = f"https://{NAME}:{served.port}/dns-query"
        common = [
            "curl", "--silent", "--show-error", version, "--noproxy", "*",
            "--resolve", f"{NAME}:{served.port}:127.0.0.1",
            "--cacert", str(write_authority(tmp_path)), "--output", "reply",
            "--write-out", "%{http_version} %{http_code} %{content_type}",
        ]  # fmt: skip
        for asking in (
            [url, "--header", "content-type: application/dns-message", "--data-binary", "@query"],
            [f"{url}?dns={letters}"],
        ):
            said = await output_of(tmp_path, *common, *asking)
            expected = {"--http1.1": "1.1", "--http2": "2"}[version]
            assert said == f"{expected} 200 application/dns-message"
            reply = dnslib.DNSRecord.parse((tmp_path / "reply").read_bytes())
            assert addresses(reply) == ["0.0.0.0"]
        for asking, status in (
            ([url], "400"),
            ([f"{url}/a/b"], "404"),
            ([url, "--data-binary", "@query"], "415"),
            ([url, "--request", "PUT"], "405"),
            ([url, "--head"], "405"),
        ):
            said = await output_of(tmp_path, *common, *asking)
            assert said.split()[1] == status


@pytest.mark.skipif(bool(missing("curl")), reason="curl is not installed here")
async def test_curl_finds_the_page_by_http1(tmp_path: Path) -> None:
    async with listening(make_world()) as served:
        served.service.page = PretendPage
        said = await output_of(
            tmp_path, "curl", "--silent", "--show-error", "--http2", "--noproxy", "*",
            "--resolve", f"{NAME}:{served.port}:127.0.0.1",
            "--cacert", str(write_authority(tmp_path)), f"https://{NAME}:{served.port}/index.html",
        )  # fmt: skip
        assert said == "GET /index.html HTTP/1.1"
