"""Servers and a client of other people that speak DNS over TLS and over HTTPS.

    async with unbound(folder) as peer:                # has the records of `LOCAL`
        told = await kdig(peer.tls, "example.org", "A", *tls(folder))
    async with dnsdist(folder, backend) as peer: ...   # has what a FakeUpstream says

Their certificate is for `NAME` and for their address, by the authority of the tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from certificates import Certificate, leaf, write_authority
from fake_upstream import FakeUpstream
from house import LIMIT_S
from other_programs import ENVIRON, missing, serving
from places import Place, nobodys_place

from sinkhole.model.upstream_url import UpstreamKind

NAME: Final = "dns.example.org"
LOCAL: Final = {"example.org": "192.0.2.1", "www.example.org": "192.0.2.2"}
"""Name and address of the records that Unbound has; in `example.org` there are no others."""

MISSING: Final = missing("unbound", "dnsdist", "kdig")


class Peer(NamedTuple):
    """Where a server is to be asked: plainly by UDP and TCP, by TLS, and by HTTPS."""

    plain: Place
    tls: Place
    https: Place

    def url(self, kind: UpstreamKind) -> str:
        """As an upstream of the settings, with the name to expect."""
        if kind == "tls":
            return f"tls://{self.tls}#{NAME}"
        return f"https://{self.https}/dns-query#{NAME}"


def nobodys_places() -> Peer:
    """Three ports of one address."""
    place = nobodys_place()
    return Peer(place, place._replace(port=place.port + 1), place._replace(port=place.port + 2))


@asynccontextmanager
async def unbound(
    folder: Path, certificate: Certificate | None = None, peer: Peer | None = None
) -> AsyncIterator[Peer]:
    """An Unbound that answers from `LOCAL`, and REFUSED to everything else."""
    peer = peer or nobodys_places()
    chain, key = (certificate or leaf(NAME, peer.plain.host)).write(folder, "unbound")
    records = "\n".join(f'  local-data: "{name}. 60 IN A {LOCAL[name]}"' for name in LOCAL)
    (folder / "unbound.conf").write_text(f"""
server:
  interface: {peer.plain.host}@{peer.plain.port}
  interface: {peer.tls.host}@{peer.tls.port}
  interface: {peer.https.host}@{peer.https.port}
  tls-port: {peer.tls.port}
  https-port: {peer.https.port}
  tls-service-pem: "{chain}"
  tls-service-key: "{key}"
  incoming-num-tcp: 100
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  local-zone: "." refuse
  local-zone: "example.org." static
{records}
remote-control:
  control-enable: no
""")
    command = ["unbound", "-d", "-c", str(folder / "unbound.conf")]
    async with serving(folder, peer.plain, command):
        yield peer


@asynccontextmanager
async def dnsdist(
    folder: Path,
    backend: FakeUpstream,
    certificate: Certificate | None = None,
    peer: Peer | None = None,
) -> AsyncIterator[Peer]:
    """A dnsdist in front of a scripted backend; each connection takes 1000 questions at once."""
    peer = peer or nobodys_places()
    chain, key = (certificate or leaf(NAME, peer.plain.host)).write(folder, "dnsdist")
    (folder / "dnsdist.conf").write_text(f"""
setSecurityPollSuffix("")
setVerboseHealthChecks(false)
setACL({{"127.0.0.0/8"}})
setMaxUDPOutstanding(4096)
setLocal("{peer.plain}")
addTLSLocal("{peer.tls}", "{chain}", "{key}", {{maxInFlight=1000}})
addDOHLocal("{peer.https}", "{chain}", "{key}", "/dns-query")
newServer({{address="{backend.name}", useClientSubnet=false}}):setUp()
""")
    command = ["dnsdist", "--supervised", "--disable-syslog", "-C", str(folder / "dnsdist.conf")]
    async with serving(folder, peer.plain, command):
        yield peer


class Told(NamedTuple):
    """How kdig ended and what it wrote."""

    code: int
    text: str


async def kdig(place: Place, name: str, qtype: str, *options: str) -> Told:
    """Ask as people do, with no patience for a second try."""
    process = await asyncio.create_subprocess_exec(
        "kdig", f"@{place.host}", "-p", str(place.port), name, qtype,
        "+retry=0", "+time=60", *options,
        env=ENVIRON, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        text, _ = await process.communicate()
    assert process.returncode is not None
    return Told(process.returncode, text.decode())


def by_tls(folder: Path) -> list[str]:
    """Have kdig ask by TLS and believe only who has `NAME` from the authority of the tests."""
    return ["+tls", f"+tls-ca={write_authority(folder)}", f"+tls-hostname={NAME}"]


def by_https(folder: Path) -> list[str]:
    """The same by HTTPS; with +https-get by GET."""
    return ["+https", f"+tls-ca={write_authority(folder)}", f"+tls-hostname={NAME}"]
