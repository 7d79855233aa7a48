"""The hosts file of a machine, read for the names it gives to others.

Lines with loopback addresses are left out: they mean something else on every machine, and Debian
gives each its own name as 127.0.1.1. So are link-local and multicast addresses. 0.0.0.0 and ::
are kept, for those who block names there.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from sinkhole.control.settings.addresses import Address, parse_host_name

MACHINE_HOSTS_FILE = Path("/etc/hosts")
"""The hosts file of this machine, which `local.hosts_file: true` stands for."""

MOST_BYTES = 1 << 20
"""What is beyond is not read; a hosts file that long is a list, and belongs among the lists."""

MOST_NAMES = 10_000
"""Names beyond are not taken."""


@dataclass(slots=True)
class HostsFile:
    """What a hosts file says.

    `addresses` holds the addresses of each name (lower-cased text), in the order of the file.
    `bad_lines` counts lines that are not an address with names. `problem` is a sentence for
    people about a file that could not be used, or only in part; else "".
    """

    addresses: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    bad_lines: int = 0
    problem: str = ""


def read_hosts_file(path: Path) -> HostsFile:
    """Read a hosts file, bounded in size and names; never raises.

    A file that is missing, or no file at all, gives no names and a problem.
    """
    try:
        raw = _read(path)
    except OSError as error:
        return HostsFile(problem=f"the hosts file {path} can't be read: {error.strerror}")
    found = HostsFile()
    if len(raw) > MOST_BYTES:
        found.problem = f"the hosts file {path} has more than {MOST_BYTES >> 20} MiB, it is cut off"
        raw = raw[: raw.rfind(b"\n", 0, MOST_BYTES) + 1]
    for line in raw.decode("utf-8-sig", "replace").splitlines():
        if not _take(line.partition("#")[0].split(), found.addresses):
            found.bad_lines += 1
        if len(found.addresses) > MOST_NAMES:
            for name in list(found.addresses)[MOST_NAMES:]:
                del found.addresses[name]
            found.problem = f"the hosts file {path} has more than {MOST_NAMES} names, it is cut off"
            break
    return found


def _read(path: Path) -> bytes:
    """At most a byte more than MOST_BYTES; only of regular files, as others may never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is not a file")
        return file.read(MOST_BYTES + 1)


def _take(words: list[str], addresses: dict[str, tuple[Address, ...]]) -> bool:
    """Add what one line says; False if it is neither empty nor an address with names."""
    if not words:
        return True
    try:
        address = ip_address(words[0])
        names = [parse_host_name(word) for word in words[1:]]
    except ValueError:
        return False
    if address.is_loopback or address.is_link_local or address.is_multicast:
        return bool(names)
    for name in names:
        known = addresses.get(name, ())
        if address not in known:
            addresses[name] = (*known, address)
    return bool(names)
