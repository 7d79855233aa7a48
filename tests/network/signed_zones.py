"""Signed zones, the server that has them, and resolvers that validate: the real programs.

    async with signed_zones(folder) as zones:                 # nsd at `zones.place`
        async with validator(folder, zones, place) as at:     # an Unbound that asks `place`
            ...

`example.org` is signed with NSEC, `example.net` with NSEC3; the same names are in both. Both
delegate `child`, which is signed, and `insecure`, which is not. nsd answers for all of them, so it
says what a recursive resolver would say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from other_programs import missing, output_of, serving
from places import Place, nobodys_place

PROGRAMS: Final = ("nsd", "unbound", "ldns-keygen", "ldns-signzone")
MISSING: Final = missing(*PROGRAMS)

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

    place: Place
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
    place = nobodys_place()
    async with serving(folder, place, _nsd(folder, place, settings)):
        yield Zones(place, anchors)


@asynccontextmanager
async def validator(folder: Path, zones: Zones, upstream: Place) -> AsyncIterator[str]:
    """An Unbound that validates and forwards everything: its address, "host:port"."""
    place = nobodys_place()
    (folder / "unbound.conf").write_text(f"""
server:
  interface: {place.host}
  port: {place.port}
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
  forward-addr: {upstream.host}@{upstream.port}
""")
    async with serving(folder, place, ["unbound", "-d", "-c", str(folder / "unbound.conf")]):
        yield str(place)


async def _signed(folder: Path, zone: str, more: str, how: tuple[str, ...]) -> tuple[Path, Path]:
    """A zone's file, signed, and its key: the path of that without an ending."""
    plain = folder / f"{zone}.zone"
    plain.write_text(_APEX.format(zone=zone) + more)
    said = await output_of(folder, "ldns-keygen", "-k", "-a", "ECDSAP256SHA256", zone)
    key = folder / said.strip()
    await output_of(folder, "ldns-signzone", *how, plain.name, key.name)
    return plain.with_name(plain.name + ".signed"), key


def _text(key: Path, ending: str) -> str:
    return key.with_name(key.name + ending).read_text()


def _nsd(folder: Path, place: Place, zones: list[str]) -> list[str]:
    (folder / "nsd.conf").write_text(
        f"""
server:
  ip-address: {place.host}
  port: {place.port}
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
