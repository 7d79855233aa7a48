"""The peers of other tests are what they say, as told by a client that has nothing of sinkhole.

kdig asks our fakes, too, so that what they speak is TLS and HTTP/2, and not what we take for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import Certificate, expired, leaf, self_signed
from fake_encrypted import FakeHttps, FakeTls
from fake_upstream import FakeUpstream, silent
from places import Place
from real_peers import LOCAL, MISSING, NAME, by_https, by_tls, dnsdist, kdig, unbound

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}")


async def test_unbound_answers_by_tls_and_https(tmp_path: Path) -> None:
    async with unbound(tmp_path) as peer:
        for place, options in ((peer.tls, by_tls), (peer.https, by_https)):
            told = await kdig(place, "www.example.org", "A", *options(tmp_path))
            assert LOCAL["www.example.org"] in told.text
            assert "TLS session (TLS1.3)" in told.text
            told = await kdig(place, "no.example.org", "A", *options(tmp_path))
            assert "status: NXDOMAIN" in told.text


async def test_dnsdist_says_what_its_backend_says(tmp_path: Path) -> None:
    async with FakeUpstream() as backend, dnsdist(tmp_path, backend) as peer:
        backend.answer("example.org", "A", ["192.0.2.7"])
        for place, options in ((peer.tls, by_tls), (peer.https, by_https)):
            told = await kdig(place, "example.org", "A", *options(tmp_path))
            assert "192.0.2.7" in told.text
        told = await kdig(peer.https, "example.org", "A", *by_https(tmp_path), "+https-get")
        assert "192.0.2.7" in told.text
        assert len(backend.asked("example.org")) == 3


@pytest.mark.parametrize("make", [FakeTls, FakeHttps])
async def test_the_fakes_speak_as_others_do(tmp_path: Path, make: type[FakeTls]) -> None:
    options = by_https if make is FakeHttps else by_tls
    async with make() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.7"])
        upstream.answer("long.example.org", "TXT", [f'"{"x" * 250}"'] * 200)
        place = Place(*upstream.address)
        told = await kdig(place, "example.org", "A", *options(tmp_path))
        assert "192.0.2.7" in told.text
        told = await kdig(place, "long.example.org", "TXT", *options(tmp_path))
        assert told.text.count("x" * 250) == 200
        assert [asked.over for asked in upstream.queries] == [upstream.stream] * 2
        if isinstance(upstream, FakeHttps):
            get = await kdig(place, "example.org", "A", *options(tmp_path), "+https-get")
            assert "192.0.2.7" in get.text
            assert [each.headers[":method"] for each in upstream.queries] == ["POST", "POST", "GET"]
            assert upstream.offences == []


@pytest.mark.parametrize(
    "certificate",
    [expired(NAME), leaf("other.example.org"), self_signed(NAME)],
    ids=["expired", "other name", "self-signed"],
)
async def test_a_wrong_certificate_is_refused_by_others_too(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with FakeTls(certificate) as upstream:
        told = await kdig(Place(*upstream.address), "example.org", "A", *by_tls(tmp_path))
        assert told.code != 0
        assert upstream.queries == []


async def test_a_handshake_that_never_ends_is_none(tmp_path: Path) -> None:
    upstream = FakeTls()
    upstream.stalls = True
    upstream.always = silent
    async with upstream:
        told = await kdig(
            Place(*upstream.address), "example.org", "A", *by_tls(tmp_path), "+time=1"
        )
        assert told.code != 0
        assert upstream.connections == 1
