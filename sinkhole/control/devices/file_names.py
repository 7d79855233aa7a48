"""Files that tell of devices: lease files and a hosts file, read again when they change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sinkhole.control.devices.leases import Leases, macs_of, names_of, read_leases
from sinkhole.control.settings.devices_schema import DevicesSettings
from sinkhole.control.settings.hosts_file import MACHINE_HOSTS_FILE, read_hosts_file
from sinkhole.model.files import Signature, signature_of

LOOK_S: Final = 30.0
"""The files are looked at this often at most, and only while somebody asks."""

MOST_BYTES: Final = 4 << 20
"""A lease file that is longer is not read."""

USUAL_FILES: Final = tuple(
    Path(text)
    for text in (
        "/var/lib/misc/dnsmasq.leases",
        "/var/lib/dnsmasq/dnsmasq.leases",
        "/tmp/dhcp.leases",
        "/etc/pihole/dhcp.leases",
        "/var/lib/dhcp/dhcpd.leases",
        "/var/lib/dhcpd/dhcpd.leases",
        "/var/lib/kea/kea-leases4.csv",
        "/var/lib/kea/kea-leases6.csv",
        "/tmp/hosts/odhcpd",
        "/tmp/odhcpd.leases",
    )
)
"""Where dnsmasq, Pi-hole, ISC's server, Kea and OpenWrt write their leases down."""

_JOURNAL: Final = (".2", ".1", "")
"""Kea cleans up behind itself: what is in its file counts for more than what it moved away."""

Names = dict[bytes, tuple[str, ...]]
"""Names of addresses, packed."""


@dataclass(slots=True)
class Told:
    """What files say; `problems` are sentences about those that are there and cannot be used."""

    macs: dict[bytes, bytes] = field(default_factory=dict)
    names: Names = field(default_factory=dict)
    hosts: Names = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class FileNames:
    """Reads the files that the settings name, and the usual ones. For a thread: it asks the disk.

    One look at a time.
    """

    def __init__(self, settings: DevicesSettings, usual: Iterable[Path] = USUAL_FILES) -> None:
        own = settings.lease_files
        paths = (*(path for path in usual if path not in own), *own) if settings.leases else ()
        self._leases = [(path, path in own) for path in paths]
        self._hosts_file = settings.hosts_file
        self._seen: list[Signature | None] | None = None

    def look(self) -> Told | None:
        """All that the files say now; None if none has changed since the last look."""
        seen = [signature_of(path) for path in self._paths()]
        if seen == self._seen:
            return None
        self._seen = seen
        told = Told()
        leases: Leases = {}
        for path, is_own in self._leases:
            leases |= _read(path, is_own, told.problems)
        told.macs, told.names = macs_of(leases.values()), names_of(leases.values())
        if self._hosts_file:
            told.hosts = _hosts(self._hosts_file, told.problems)
        return told

    def _paths(self) -> list[Path]:
        parts = [part for path, _ in self._leases for part in _parts(path)]
        return [*parts, self._hosts_file] if self._hosts_file else parts


def _parts(path: Path) -> list[Path]:
    """The files that make up one: Kea's come in several parts."""
    if path.suffix != ".csv":
        return [path]
    return [path.with_name(path.name + end) for end in _JOURNAL]


def _read(path: Path, is_own: bool, problems: list[str]) -> Leases:
    """The leases of one file; a usual one may be missing, or be nothing for us."""
    leases: Leases = {}
    for part in _parts(path):
        try:
            text = _text(part)
        except FileNotFoundError:
            if is_own and part == path:
                problems.append(f"there is no lease file {path}")
        except OSError as error:
            if is_own:
                problems.append(f"the lease file {part} can't be read: {error.strerror}")
        else:
            leases = read_leases(text, leases)
    return leases


def _text(path: Path) -> str:
    """Only of regular files, as others may never end; OSError for what is too long."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is not a file")
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise OSError(0, f"it has more than {MOST_BYTES >> 20} MiB")
    return raw.decode("utf-8", "replace")


def _hosts(path: Path, problems: list[str]) -> Names:
    found = read_hosts_file(path)
    if found.problem and path != MACHINE_HOSTS_FILE:  # which a small container may not have
        problems.append(found.problem)
    names: Names = {}
    for name, addresses in found.addresses.items():
        for address in addresses:
            names[address.packed] = (*names.get(address.packed, ()), name)
    return names
