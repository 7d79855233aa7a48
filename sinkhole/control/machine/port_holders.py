"""Who has a port: told from /proc (Linux), as far as anybody may read it.

Of each socket the kernel tells everybody the address and the user. Which program it is, only that
user and root may see; of others it is told by the user's name, or by a program that is known to
serve DNS and runs for that user.
"""

from __future__ import annotations

import os
import pwd
import socket
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, Literal, NamedTuple

PROC: Final = Path("/proc")

MOST_SOCKETS: Final = 65_536
"""Lines of each table of the kernel's that are looked at."""

MOST_PROCESSES: Final = 16_384

KNOWN: Final[Mapping[str, str]] = {
    "systemd-resolve": "systemd-resolved",
    "dnsmasq": "dnsmasq",
    "libvirt-dnsmasq": "dnsmasq",
    "pihole-FTL": "pihole-FTL",
    "pihole": "pihole-FTL",
    "AdGuardHome": "AdGuardHome",
    "adguard": "AdGuardHome",
    "unbound": "unbound",
    "named": "named",
    "bind": "named",
    "docker-proxy": "docker-proxy",
    "sinkhole": "sinkhole",
    "coredns": "coredns",
    "blocky": "blocky",
    "kresd": "kresd",
    "pdns_recursor": "pdns_recursor",
    "dnscrypt-proxy": "dnscrypt-proxy",
    "stubby": "stubby",
}
"""Programs that serve DNS, by what the kernel calls them (15 letters at most), or by their user."""

Transport = Literal["UDP", "TCP"]

_TABLES: Final[tuple[tuple[Transport, str, str], ...]] = (
    ("UDP", "udp", "07"),
    ("UDP", "udp6", "07"),
    ("TCP", "tcp", "0A"),
    ("TCP", "tcp6", "0A"),
)
"""Transport, file, and the state in which a socket takes what comes from anybody."""


class Holder(NamedTuple):
    """Who has a port of an address. `program` and `user` are "" where that is not told; `is_us` is
    this process."""

    address: str
    port: int
    transport: Transport
    program: str
    user: str
    is_us: bool


class _Socket(NamedTuple):
    address: str
    port: int
    transport: Transport
    uid: int
    inode: str


def holders(ports: Collection[int], proc: Path = PROC) -> list[Holder]:
    """Who takes what comes to one of these ports; [] where that is not told."""
    found = [each for each in _sockets(proc) if each.port in ports]
    if not found:
        return []
    ours = _inodes_of(proc / "self")
    others = {each.inode for each in found} - ours
    programs = _programs(proc, others, {each.uid for each in found}) if others else {}
    shown = set()
    for each in found:
        user = _user(each.uid)
        by_user = programs.get(each.uid) or KNOWN.get(user, "")
        program = "sinkhole" if each.inode in ours else programs.get(each.inode) or by_user
        shown.add(Holder(*each[:3], program, user, each.inode in ours))
    return sorted(shown)


def _sockets(proc: Path) -> Iterator[_Socket]:
    for transport, name, state in _TABLES:
        with suppress(OSError), (proc / "self/net" / name).open() as lines:
            for line in islice(lines, 1, MOST_SOCKETS):
                words = line.split()
                if len(words) > 9 and words[3] == state:
                    host, _, port = words[1].partition(":")
                    address = _address(host)
                    yield _Socket(address, int(port, 16), transport, int(words[7]), words[9])


def _address(text: str) -> str:
    """An address as the kernel writes it there: words of four bytes, each as a number."""
    words = (int(text[at : at + 8], 16) for at in range(0, len(text), 8))
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _programs(proc: Path, inodes: set[str], uids: set[int]) -> dict[str | int, str]:
    """Programs by the sockets they have, where one may see that; else by the user they run for."""
    found: dict[str | int, str] = {}
    for process in islice(_processes(proc), MOST_PROCESSES):
        with suppress(OSError):  # it has ended, or is not for us to see
            uid = process.stat().st_uid
            if uid not in uids:
                continue
            name = _name(process)
            if (known := KNOWN.get(name)) is not None:
                found.setdefault(uid, known)
            for inode in inodes & _inodes_of(process):
                found[inode] = known or name
    return found


def _processes(proc: Path) -> Iterable[Path]:
    with suppress(OSError):
        return (each for each in proc.iterdir() if each.name.isdecimal())
    return ()


def _name(process: Path) -> str:
    name = (process / "comm").read_text(errors="replace").strip()
    if not name.startswith("python"):
        return name
    # Of a script the kernel knows the interpreter only.
    words = (process / "cmdline").read_bytes().split(b"\0")[1:4]
    return "sinkhole" if any(os.path.basename(word) == b"sinkhole" for word in words) else name


def _inodes_of(process: Path) -> set[str]:
    """The sockets of a process; none where they are not for us to see."""
    found = set()
    with suppress(OSError):
        for handle in os.scandir(process / "fd"):
            with suppress(OSError):  # closed since
                place = os.readlink(handle.path)
                if place.startswith("socket:["):
                    found.add(place[8:-1])
    return found


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
