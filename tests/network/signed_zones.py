"""Signed zones, the server that has them, and resolvers that validate: the real programs.

    async with signed_zones(folder) as zones:              # nsd on a port of 127.0.0.1
        async with validator(folder, zones, port) as at:   # an Unbound that asks 127.0.0.1, `port`
            ...

`example.org` is signed with NSEC, `example.net` with NSEC3; the same names are in both. Both
delegate `child`, which is signed, and `insecure`, which is not. nsd answers for all of them, so it
says what a recursive resolver would say.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import dnslib
from house import LIMIT_S, until

PROGRAMS: Final = ("nsd", "unbound", "ldns-keygen", "ldns-signzone")
PATH: Final = f"{os.environ['PATH']}:/usr/sbin"
MISSING: Final = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]

SIGNING: Final = {"example.org": (), "example.net": ("-n", "-s", "5a17")}
"""The zones, and how ldns-signzone is told to sign each: plain NSEC, or NSEC3 with a salt."""

_APEX: Final = """
$ORIGIN {zone}.
$TTL 600
@ SOA ns.{zone}. host.{zone}. 1 3600 900 604800 300
@ NS ns.{zone}.
ns A 127.0.0.1
www A 192.0.2.1
"""
_PARENT: Final = """
*.wild A 192.0.2.2
*.alias CNAME www
below.ent A 192.0.2.3
moved DNAME ent
child NS ns.child
ns.child A 127.0.0.1
insecure NS ns.insecure
ns.insecure A 127.0.0.1
"""


class Zones(NamedTuple):
    """The server of the zones, and the file with the keys that they are to be trusted by."""

    port: int
    anchors: Path


@asynccontextmanager
async def signed_zones(folder: Path) -> AsyncIterator[Zones]:
    """The zones, signed just now, on a server of their own."""
    anchors, files = folder / "anchors", dict[str, Path]()
    for zone, how in SIGNING.items():
        plain = folder / f"insecure.{zone}.zone"
        plain.write_text(_APEX.format(zone=f"insecure.{zone}"))
        files[f"insecure.{zone}"] = plain
        child, child_key = await _signed(folder, f"child.{zone}", "", how)
        files[f"child.{zone}"] = child
        parent, key = await _signed(folder, zone, _PARENT + _text(child_key, ".ds"), how)
        files[zone] = parent
        with anchors.open("a") as file:
            file.write(_text(key, ".key"))
    settings = [f"zone:\n  name: {zone}\n  zonefile: {path}" for zone, path in files.items()]
    async with _serving(folder, "nsd", lambda port: _nsd(folder, port, settings)) as port:
        yield Zones(port, anchors)


@asynccontextmanager
async def validator(folder: Path, zones: Zones, upstream_port: int) -> AsyncIterator[str]:
    """An Unbound that validates and forwards everything: its address, "host:port"."""

    def settings(port: int) -> list[str]:
        (folder / "unbound.conf").write_text(f"""
server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor-file: "{zones.anchors}"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream_port}
""")
        return ["unbound", "-d", "-c", str(folder / "unbound.conf")]

    async with _serving(folder, "unbound", settings) as port:
        yield f"127.0.0.1:{port}"


async def _signed(folder: Path, zone: str, more: str, how: tuple[str, ...]) -> tuple[Path, Path]:
    """A zone's file, signed, and its key: the path of that without an ending."""
    plain = folder / f"{zone}.zone"
    plain.write_text(_APEX.format(zone=zone) + more)
    said = await _run(folder, "ldns-keygen", "-k", "-a", "ECDSAP256SHA256", zone)
    key = folder / said.strip()
    await _run(folder, "ldns-signzone", *how, plain.name, key.name)
    return plain.with_name(plain.name + ".signed"), key


def _text(key: Path, ending: str) -> str:
    return key.with_name(key.name + ending).read_text()


def _nsd(folder: Path, port: int, zones: list[str]) -> list[str]:
    (folder / "nsd.conf").write_text(
        f"""
server:
  ip-address: 127.0.0.1
  port: {port}
  server-count: 1
  username: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
remote-control:
  control-enable: no
"""
        + "\n".join(zones)
    )
    return ["nsd", "-d", "-c", str(folder / "nsd.conf")]


async def _run(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PATH": PATH},
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        said, _ = await process.communicate()
    assert process.returncode == 0, f"{command}: {said.decode()}"
    return said.decode()


@asynccontextmanager
async def _serving(
    folder: Path, name: str, command: Callable[[int], list[str]]
) -> AsyncIterator[int]:
    """A DNS server that runs until the end, and its port: one that was free a moment ago.

    Somebody else may be quicker to take that port: then it ends, and gets another one.
    """
    log = folder / f"{name}.log"
    for _ in range(10):
        port = _free_port()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command(port), stdout=output, stderr=output, cwd=folder,
                env={**os.environ, "PATH": PATH},
            )  # fmt: skip
        try:
            await until(lambda: process.returncode is not None or _answers(port), name)  # noqa: B023  # called before the loop goes on
            if process.returncode is None:
                yield port
                return
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
    raise AssertionError(f"{name} does not start: {log.read_text()}")


def _free_port() -> int:
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


async def _answers(port: int) -> bool:
    """Whether somebody answers queries there, now."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", port))
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                loop = asyncio.get_running_loop()
                query = dnslib.DNSRecord.question("nobody.invalid", "SOA")
                await loop.sock_sendall(sock, bytes(query.pack()))
                return len(await loop.sock_recv(sock, 4096)) >= 12
    return False
