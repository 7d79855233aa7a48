"""Links through proxies: questions get there, and what proxies refuse is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking_links import NAME, Asker, linked
from certificates import leaf, server_context, write_authority
from proxy_server import PASSWORD, USER, ProxyServer
from stream_server import StreamServer

from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.connect import Proxy
from sinkhole.dns.upstream.links.link import Blame, Failure
from sinkhole.model.proxy_url import ProxyKind, ProxyUrl


def by(proxy: ProxyServer, password: str = PASSWORD) -> Proxy:
    user = USER if proxy.with_password else ""
    url = ProxyUrl(proxy.kind, "127.0.0.1", proxy.port, user, password if user else "")
    return Proxy(url, FixedAddresses(["127.0.0.1"]))


@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("with_password", [False, True])
async def test_questions_through_a_proxy(
    kind: ProxyKind, with_password: bool, tmp_path: Path
) -> None:
    context = server_context(leaf(NAME))
    async with (
        StreamServer().running(context) as server,
        ProxyServer(kind, server.host, with_password=with_password).running() as proxy,
        linked(server, "tls", write_authority(tmp_path), by(proxy)) as link,
    ):
        answer = await Asker(link).answer()
        assert answer.over == "tls"
        assert proxy.asked == [(NAME, server.port)]


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_wrong_password(kind: ProxyKind) -> None:
    async with (
        StreamServer().running() as server,
        ProxyServer(kind, server.host, with_password=True).running() as proxy,
        linked(server, "tcp", proxy=by(proxy, "wrong")) as link,
    ):
        failure = await Asker(link).result()
        assert failure == Failure(
            f"could not be reached, as the proxy {kind}://127.0.0.1:{proxy.port} "
            "wants another user or password",
            Blame.SERVER,
        )


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_reaches_nobody_and_closes(kind: ProxyKind) -> None:
    async with ProxyServer(kind).running() as proxy:
        server = StreamServer()
        server.port = 1  # where nobody listens
        async with linked(server, "tcp", proxy=by(proxy)) as link:
            failure = await Asker(link).result()
            assert failure == Failure(
                f"could not be reached, as the proxy {kind}://127.0.0.1:{proxy.port} "
                "closed the connection",
                Blame.SERVER,
            )


async def test_a_proxy_that_is_not_there() -> None:
    proxy = ProxyServer("socks5")
    proxy.port = 1
    server = StreamServer()
    server.port = 853
    async with linked(server, "tcp", proxy=by(proxy)) as link:
        failure = await Asker(link).result()
        assert failure == Failure(
            "could not be reached, as the proxy socks5://127.0.0.1:1 "
            "refused the connection (127.0.0.1 port 1)",
            Blame.SERVER,
        )
