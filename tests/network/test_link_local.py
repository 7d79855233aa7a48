"""Link-local addresses, which need their interface: as listen address, upstream and page."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import dnslib
import pytest
from aiohttp import web
from asking_links import Asker, linked
from certificates import leaf, server_context, write_authority
from fake_upstream import FakeUpstream, truncated
from forwarding import FIRST, QUESTION, addresses, error_of, forwarding, make_forwarder
from forwarding import begin as begin_asking
from stream_server import StreamServer
from world import World, question

from sinkhole.control.web.server import WebServer
from sinkhole.dns.server import mmsg
from sinkhole.dns.server.sockets import ListenError, bind, bind_both
from sinkhole.dns.server.udp import UdpListener
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.model.errors import SettingsError
from sinkhole.model.socket_address import socket_address

pytestmark = pytest.mark.usefixtures("quick_ticks")


def own_link_local() -> str:
    """A link-local address of this machine, with its interface; "" without any."""
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else ():
        digits, _, _, scope, _, interface = line.split()
        if scope == "20":
            packed = bytes.fromhex(digits)
            return f"{socket.inet_ntop(socket.AF_INET6, packed)}%{interface}"
    return ""


@pytest.fixture
def link_local() -> str:
    found = own_link_local()
    if not found:
        pytest.skip("this machine has no link-local address")
    return found


@pytest.mark.parametrize("by_tcp", [False, True])
async def test_an_upstream_is_asked_through_its_interface(link_local: str, by_tcp: bool) -> None:
    async with FakeUpstream(link_local) as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        if by_tcp:
            upstream.script(truncated)
        async with forwarding(upstream) as forwarder:
            exchanged = await forwarder.exchange_later(QUESTION)
            assert (addresses(exchanged), exchanged.over) == ([FIRST], "tcp" if by_tcp else "udp")
            assert exchanged.server == f"[{link_local}]:{upstream.port}"


async def test_an_upstream_is_asked_by_tls_through_its_interface(
    link_local: str, tmp_path: Path
) -> None:
    context = server_context(leaf(link_local.partition("%")[0]))
    async with (
        StreamServer().running(context, link_local) as server,
        linked(server, "tls", write_authority(tmp_path), host=link_local) as link,
    ):
        answer = await Asker(link).answer()
        assert answer.over == "tls"
        assert link.state().address == link_local


async def test_an_upstream_whose_interface_is_gone_is_told_and_asked_when_it_is_back(
    one: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    forwarder = make_forwarder([("fe80::1%later0", 53)], probe_s=1000.0)
    forwarder.start()
    try:
        error = await error_of(begin_asking(forwarder))
        assert str(error) == ("fe80::1%later0: cannot be reached (there is no interface later0)")
        assert forwarder.problems()[0] == (
            "upstream fe80::1%later0 cannot be asked: there is no interface later0"
        )
        monkeypatch.setattr(PlainLink, "_where", lambda _: one.address)
        monkeypatch.setattr(forwarder._servers[0].link, "_family", socket.AF_INET)
        assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]
        assert forwarder.problems() == []
    finally:
        await forwarder.close()


def test_listening_on_a_link_local_address(link_local: str) -> None:
    udp, tcp = bind_both(link_local)
    with udp.sock, tcp.sock:
        assert (udp.host, udp.pktinfo) == (link_local, False)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.connect(socket_address(link_local, udp.port))
            client.send(b"query")
            data, source = udp.sock.recvfrom(512)
            udp.sock.sendto(data, source)
            assert client.recv(512) == b"query"
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
            client.connect(socket_address(link_local, tcp.port))


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("fe80::1%nosuchif", "there is no interface nosuchif"),
        ("fe80::1", "fe80::1 needs its interface, write such as fe80::1%eth0"),
    ],
)
def test_what_cannot_be_listened_on_says_why(host: str, says: str) -> None:
    with pytest.raises(ListenError) as caught:
        bind("UDP", host, 53)
    assert str(caught.value) == f"dns.listen: [{host}]:53: {says}."


@pytest.mark.parametrize("batched", [True, False])
async def test_queries_from_the_link_are_answered(link_local: str, batched: bool) -> None:
    if batched and not mmsg.is_available():
        pytest.skip("no recvmmsg here")
    bound = bind("UDP", link_local, 0)
    listener = UdpListener(bound, World().pipeline, batched=batched)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(socket_address(link_local, bound.port))
        client.send(question("localhost"))
        reply = dnslib.DNSRecord.parse(await asyncio.wait_for(loop.sock_recv(client, 512), 20.0))
    assert reply.header.rcode == dnslib.RCODE.REFUSED, "the link is no network of this test"
    await listener.close()


async def test_the_page_on_a_link_local_address(link_local: str) -> None:
    server = WebServer(web.Application(), link_local, 0)
    await server.start()
    try:
        assert server.url == f"http://[{link_local.replace('%', '%25')}]:{server.port}"
        where = link_local, server.port
        reader, writer = await asyncio.open_connection(*where, flags=socket.AI_NUMERICHOST)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.0 404")
        writer.close()
    finally:
        await server.stop()


async def test_a_page_without_its_interface_says_so() -> None:
    with pytest.raises(SettingsError, match=r"^web\.listen: .*: there is no interface nosuchif"):
        await WebServer(web.Application(), "fe80::1%nosuchif", 0).start()
