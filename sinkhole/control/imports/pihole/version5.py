"""An archive that Teleporter of Pi-hole 5 exports: tables as JSON, and its settings file by file.

It is read as if Pi-hole 6 had written it: rows as gravity.db has them, and a tree such as that of
pihole.toml.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sinkhole.control.imports.pihole.gravity import (
    MOST_ROWS,
    Gravity,
    Groups,
    PiholeClient,
    PiholeDomain,
    PiholeGroup,
    PiholeList,
)
from sinkhole.control.imports.unpacked import MOST_MEMBERS, MOST_TEXT, MOST_UNPACKED, decoded

GROUPS: Final = "group.json"
SETUP: Final = "setupVars.conf"
FTL: Final = "pihole-FTL.conf"
HOSTS: Final = "custom.list"
CNAMES: Final = "dnsmasq.d/05-pihole-custom-cname.conf"
DNSMASQ: Final = "dnsmasq.d/"

_ITS_OWN: Final = re.compile(r"dnsmasq\.d/0[1-6]-(pihole|rfc6761).*")
"""Files of dnsmasq that Pi-hole writes itself, of what stands elsewhere as well."""

_DOMAINS: Final = {
    "whitelist.exact.json": (True, False),
    "blacklist.exact.json": (False, False),
    "whitelist.regex.json": (True, True),
    "blacklist.regex.json": (False, True),
}
"""Whether what is in a file is allowed, and is an expression."""

_MODES: Final = {"NXDOMAIN": "NX", "IP-NODATA-AAAA": "IP_NODATA_AAAA"}
_YES: Final = frozenset({"true", "yes", "1", "on"})
_DNS_FLAGS: Final = {
    "DNS_FQDN_REQUIRED": "domainNeeded",
    "DNSSEC": "dnssec",
    "IGNORE_LOCALHOST": "ignoreLocalhost",
    "CNAME_DEEP_INSPECT": "CNAMEdeepInspect",
}
_SPECIAL: Final = {"MOZILLA_CANARY": "mozillaCanary", "BLOCK_ICLOUD_PR": "iCloudPrivateRelay"}

Members = dict[str, bytes]
Tree = dict[str, Any]


def members_of(path: Path) -> Members:
    """The files of the archive; ValueError for what is none, or is damaged or too large."""
    found: Members = {}
    try:
        with _Bounded(path) as raw, tarfile.open(fileobj=raw, mode="r|") as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise ValueError(f"the archive has more than {MOST_MEMBERS} files")
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and member.size <= MOST_TEXT:
                    found[member.name.removeprefix("./")] = file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"the archive is damaged: {error}") from None
    if not {GROUPS, SETUP} & found.keys():
        text = "this is no archive of Pi-hole's Teleporter: it lacks"
        raise ValueError(f"{text} {GROUPS} and {SETUP}")
    return found


class _Bounded(gzip.GzipFile):
    """What is packed, with a ValueError where more comes than any such archive has."""

    unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        """As of any file."""
        piece = super().read(size)
        self.unpacked += len(piece)
        if self.unpacked > MOST_UNPACKED:
            raise ValueError(f"the archive has more than {MOST_UNPACKED >> 20} MiB")
        return piece


# ---- tables ------------------------------------------------------------------------------------


def gravity_of(members: Members) -> Gravity:
    """The tables; ValueError for what is no table."""
    lists, domains, clients = (
        _links(members, f"{name}_by_group.json", f"{name}_id")
        for name in ("adlist", "domainlist", "client")
    )
    nobody: Groups = frozenset()
    return Gravity(
        tuple(
            PiholeGroup(_number(row, "id"), _flag(row), _text(row, "name"))
            for row in _rows(members, GROUPS)
        ),
        tuple(
            PiholeList(
                _number(row, "id"),
                *(_text(row, "address"), _flag(row), _text(row, "comment"), False),
                lists.get(_number(row, "id"), nobody),
            )
            for row in _rows(members, "adlist.json")
        ),
        tuple(
            PiholeDomain(
                *(_text(row, "domain"), *kind, _flag(row)),
                domains.get(_number(row, "id"), nobody),
            )
            for name, kind in _DOMAINS.items()
            for row in _rows(members, name)
        ),
        tuple(
            PiholeClient(
                *(_text(row, "ip"), _text(row, "comment")),
                clients.get(_number(row, "id"), nobody),
            )
            for row in _rows(members, "client.json")
        ),
    )


def _rows(members: Members, name: str) -> list[dict[str, Any]]:
    if name not in members:
        return []
    try:
        rows = json.loads(decoded(members[name]) or "[]")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} can't be read: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{name} is no table")
    if len(rows) > MOST_ROWS:
        raise ValueError(f"{name} has more than {MOST_ROWS} rows")
    return rows


def _links(members: Members, name: str, key: str) -> dict[int, Groups]:
    found: dict[int, set[int]] = {}
    for row in _rows(members, name):
        found.setdefault(_number(row, key), set()).add(_number(row, "group_id"))
    return {number: frozenset(groups) for number, groups in found.items()}


def _number(row: Mapping[str, Any], key: str) -> int:
    try:
        return int(row.get(key, 0))
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{key} of a row is {row[key]!r}, which is no number") from None


def _flag(row: Mapping[str, Any]) -> bool:
    return _number(row, "enabled") != 0


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


# ---- settings ----------------------------------------------------------------------------------


def settings_of(members: Members) -> Tree:
    """A tree as pihole.toml holds it, of what people set there."""
    setup, ftl = _values(members, SETUP), _values(members, FTL)
    upstreams = [setup[key] for key in sorted(setup) if key.startswith("PIHOLE_DNS_")]
    dns: Tree = {"upstreams": upstreams, "hosts": _lines(members, HOSTS), "expandHosts": False}
    dns["cnameRecords"] = [
        line.removeprefix("cname=") for line in _lines(members, CNAMES) if line.startswith("cname=")
    ]
    if record := setup.get("HOSTRECORD"):
        dns["hostRecord"] = record
    if "REV_SERVER" in setup:
        keys = ("REV_SERVER", "REV_SERVER_CIDR", "REV_SERVER_TARGET", "REV_SERVER_DOMAIN")
        dns["revServers"] = [",".join(setup.get(key, "") for key in keys)]
    both = {**setup, **ftl}
    dns.update({new: both[old] in _YES for old, new in _DNS_FLAGS.items() if old in both})
    dns["specialDomains"] = {new: both[old] in _YES for old, new in _SPECIAL.items() if old in both}
    dns["listeningMode"] = setup.get("DNSMASQ_LISTENING", "local")
    mode = ftl.get("BLOCKINGMODE", "NULL").upper()
    active = setup.get("BLOCKING_ENABLED", "true") in _YES
    dns["blocking"] = {"mode": _MODES.get(mode, mode), "active": active}
    if "BLOCK_TTL" in ftl:
        dns["blockTTL"] = _whole(ftl["BLOCK_TTL"])
    count, slash, interval = ftl.get("RATE_LIMIT", "").partition("/")
    if slash:
        dns["rateLimit"] = {"count": _whole(count), "interval": _whole(interval)}
    tree: Tree = {"dns": dns, "dhcp": {"active": setup.get("DHCP_ACTIVE") in _YES}}
    if "MAXDBDAYS" in ftl:
        tree["database"] = {"maxDBdays": _whole(ftl["MAXDBDAYS"])}
    tree["misc"] = {"privacylevel": _whole(ftl.get("PRIVACYLEVEL", "0"))}
    tree["webserver"] = {"api": {"pwhash": setup.get("WEBPASSWORD", "")}}
    return tree


def dnsmasq_of(members: Members) -> list[tuple[str, str]]:
    """Files of dnsmasq that people wrote, by name, with their text."""
    return [
        (name, decoded(raw))
        for name, raw in members.items()
        if name.startswith(DNSMASQ) and name.endswith(".conf") and not _ITS_OWN.fullmatch(name)
    ]


def _lines(members: Members, name: str) -> list[str]:
    lines = (line.strip() for line in decoded(members.get(name, b"")).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _values(members: Members, name: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in _lines(members, name))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _whole(text: str) -> Any:
    """A number, or what stands in its place, which is told."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text.strip()) else text
