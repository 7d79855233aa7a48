"""A whole sinkhole whose upstream is another one, asked by QUIC and by HTTP/3."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from certificates import leaf, write_authority
from fake_upstream import FakeUpstream
from house import answers, ask, house, rcode_of, running, until
from places import Place, nobodys_place

from sinkhole.app.app import App
from sinkhole.model.upstream_url import UpstreamKind

NAME = "dns.example.org"
BOTH = pytest.mark.parametrize("kind", ["quic", "h3"])


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's authority is that of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(tmp_path)))


@pytest.fixture
def place() -> Place:
    return nobodys_place()


@pytest.fixture
async def second(tmp_path: Path, place: Place) -> AsyncIterator[App]:
    """It blocks one name, and has others from an upstream of its own."""
    (tmp_path / "second").mkdir()
    chain, key = leaf(NAME, place.host).write(tmp_path, "second")
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = house(
            tmp_path / "second",
            upstream,
            dns__quic=[str(place)],
            dns__https=[str(place._replace(port=place.port + 1))],
            dns__certificate=str(chain),
            dns__certificate_key=str(key),
            filtering__rules=["||ads.example^"],
        )
        async with running(settings) as app:
            yield app


def url(kind: UpstreamKind, place: Place) -> str:
    port = place.port if kind == "quic" else place.port + 1
    return f"{kind}://{place.host}:{port}#{NAME}"


@BOTH
async def test_it_is_asked_for_what_the_first_does_not_know(
    tmp_path: Path, place: Place, second: App, kind: UpstreamKind
) -> None:
    async with running(house(tmp_path, upstream__servers=[url(kind, place)])) as app:
        where = app.addresses[0]
        assert await answers(where, "example.org") == ["192.0.2.1"]
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        assert rcode_of(await ask(where, "nothing.example.org")) == "NXDOMAIN"
        (status,) = app.status()["upstreams"]
        assert (status["kind"], status["address"]) == (kind, place.host)
        assert app.problems() == second.problems() == []
        assert second.dns.door.encrypted.holders
    await until(lambda: not second.dns.door.encrypted.holders, "the end of the connection")


@BOTH
async def test_without_it_people_are_told_why(
    tmp_path: Path, place: Place, kind: UpstreamKind
) -> None:
    async with running(house(tmp_path, upstream__servers=[url(kind, place)])) as app:
        assert rcode_of(await ask(app.addresses[0], "example.org")) == "SERVFAIL"
        await until(lambda: "refused the connection" in " ".join(app.problems()), "the problem")
