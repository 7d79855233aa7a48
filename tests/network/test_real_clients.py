"""Programs of others ask our listeners: kdig by TLS and as a proxy, dnsdist as one, openssl."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from ipaddress import ip_network
from pathlib import Path

import certificates
import pytest
from places import nobodys_place
from test_proxied_queries import recorded
from tls_house import NAME, listening, make_world, until

from sinkhole.dns.server import places, tls
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.sockets import bind, bind_both
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.udp import UdpListener

needs_kdig = pytest.mark.skipif(shutil.which("kdig") is None, reason="kdig is not installed")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


async def run(*command: str) -> Process:
    return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)


async def said(*command: str) -> str:
    process = await run(*command)
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return out.decode()


@needs_kdig
async def test_kdig_trusts_the_certificate_and_is_answered_padded_and_known_by_its_name(
    tmp_path: Path,
) -> None:
    authority = str(certificates.write_authority(tmp_path))
    world = make_world()
    async with listening(world) as served:
        to = ("@127.0.0.1", "-p", str(served.port))
        by_tls = ("+tls", f"+tls-ca={authority}", f"+tls-hostname={NAME}", "+padding")
        out = await said("kdig", *to, *by_tls, "example.org", "A", "ads.example.org", "A")
        assert "192.0.2.1" in out and "0.0.0.0" in out
        assert "TLS session (TLS1.3)" in out
        assert "468 B" in out and "PADDING" in out
        keeping = await said(
            "kdig", *to, *by_tls, "+keepopen", "+short", "ads.example.org", "example.org"
        )
        assert keeping.split()[-2:] == ["0.0.0.0", "192.0.2.1"]
        wrong = await said("kdig", *to, *by_tls[:2], "+tls-hostname=other.example", "example.org")
        assert "192.0.2.1" not in wrong
    assert set(recorded(world)) == {("tls", "127.0.0.1")}


@needs_kdig
async def test_kdig_behind_a_proxy_is_the_client_it_says_it_is() -> None:
    world, proxies = make_world(), (ip_network("127.0.0.1/32"),)
    bound = bind("UDP", "127.0.0.1", 0)
    listener = UdpListener(bound, world.pipeline, proxies=proxies)
    door, by_tcp = Door(world.pipeline, proxies=proxies), bind("TCP", "127.0.0.1", 0)
    streams = StreamListener(door)
    streams.listen(by_tcp)
    try:
        for port, how in ((bound.port, "+notcp"), (by_tcp.port, "+tcp")):
            told = "+proxy=192.0.2.7#1234-198.51.100.1#53"
            asked = ("kdig", "@127.0.0.1", "-p", str(port), how, told, "+short", "example.org")
            assert (await said(*asked)).split()[-1] == "192.0.2.1"
    finally:
        await asyncio.gather(listener.close(), streams.stop(), door.close())
    assert recorded(world) == [("udp", "192.0.2.7"), ("tcp", "192.0.2.7")]


@needs_openssl
async def test_openssl_agrees_on_dot_and_is_refused_what_is_too_old() -> None:
    async with listening(make_world()) as served:
        to = ("openssl", "s_client", "-connect", f"127.0.0.1:{served.port}", "-alpn", "dot")
        assert "ALPN protocol: dot" in await said(*to)
        modern = await said(*to, "-tls1_2")
        assert "TLSv1.2" in modern and "Secure Renegotiation IS" in modern
        old = await said(*to, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        assert "Cipher is (NONE)" in old or "alert" in old


@needs_openssl
@needs_kdig
async def test_handshakes_that_never_end_keep_nobody_from_being_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "SWEEP_S", 0.05)
    async with listening(make_world()) as served:
        served.door.handshakes.places.most_per_client = 3
        silent = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(10)]
        await until(lambda: served.door.handshakes.places.holders)
        to = ("@127.0.0.1", "-p", str(served.port), "+tls", "+short")
        assert (await said("kdig", *to, "example.org")).split()[-1] == "192.0.2.1"
        monkeypatch.setattr(tls, "HANDSHAKE_S", 0.0)  # kdig had all the time that it needs
        await until(lambda: served.door.handshakes.failed == 10)
        for _, writer in silent:
            writer.close()


@pytest.mark.skipif(shutil.which("dnsdist") is None, reason="dnsdist is not installed")
async def test_dnsdist_in_front_tells_who_asks(tmp_path: Path) -> None:
    world, proxies = make_world(), (ip_network("127.0.0.1/32"),)
    by_udp, by_tcp = bind_both("127.0.0.1")
    listener = UdpListener(by_udp, world.pipeline, proxies=proxies)
    door = Door(world.pipeline, proxies=proxies)
    streams = StreamListener(door)
    streams.listen(by_tcp)
    host, port = nobodys_place()
    config = tmp_path / "dnsdist.conf"
    config.write_text(
        f'setLocal("{host}:{port}")\n'
        f'newServer({{address="127.0.0.1:{by_udp.port}", useProxyProtocol=true,'
        ' checkName="ads.example.org."})\n'
    )
    dnsdist = await run("dnsdist", "--supervised", "-C", str(config))
    try:
        to = ("kdig", f"@{host}", "-p", str(port), "-b", "127.0.0.9", "+short", "+retry=0")

        async def answers(how: str) -> bool:
            return (await said(*to, how, "example.org")).split()[-1:] == ["192.0.2.1"]

        async with asyncio.timeout(60):
            while not await answers("+notcp"):
                await asyncio.sleep(0.05)
        assert await answers("+tcp")
    finally:
        dnsdist.kill()
        await asyncio.gather(dnsdist.wait(), listener.close(), streams.stop(), door.close())
    found = recorded(world)
    assert ("udp", "127.0.0.1") in found  # it asks for itself whether we are well
    assert {("udp", "127.0.0.9"), ("tcp", "127.0.0.9")} <= set(found)
