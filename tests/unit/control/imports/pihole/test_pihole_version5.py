"""An archive of Pi-hole 5 comes to the same as what Pi-hole 6 makes of it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from imported import told, wanted

from sinkhole.control.imports.pihole import version5
from sinkhole.control.imports.pihole.reader import read_files, read_pihole
from sinkhole.control.imports.plan import Plan

TABLES: dict[str, list[dict[str, Any]]] = {
    "group.json": [
        {"id": 0, "enabled": 1, "name": "Default", "description": ""},
        {"id": "1", "enabled": "1", "name": "Kids"},
    ],
    "adlist.json": [
        {"id": 1, "address": "https://lists.example.org/ads.txt", "enabled": 1, "comment": "Ads"}
    ],
    "adlist_by_group.json": [{"adlist_id": 1, "group_id": 0}, {"adlist_id": 1, "group_id": 1}],
    "blacklist.exact.json": [{"id": 1, "type": 1, "domain": "ads.example.net", "enabled": 1}],
    "whitelist.regex.json": [{"id": 2, "type": 2, "domain": r"^cdn\.", "enabled": 1}],
    "domainlist_by_group.json": [
        {"domainlist_id": 1, "group_id": 0},
        {"domainlist_id": 1, "group_id": 1},
        {"domainlist_id": 2, "group_id": 1},
    ],
    "client.json": [{"id": 1, "ip": "192.0.2.20", "comment": None}],
    "client_by_group.json": [{"client_id": 1, "group_id": 1}],
}

FILES = {
    "setupVars.conf": """
PIHOLE_DNS_1=192.0.2.53
PIHOLE_DNS_2=2001:db8::53#5353
DNS_FQDN_REQUIRED=true
DNSSEC=true
REV_SERVER=true
REV_SERVER_CIDR=192.168.1.0/24
REV_SERVER_TARGET=192.168.1.1
REV_SERVER_DOMAIN=lan
DNSMASQ_LISTENING=all
BLOCKING_ENABLED=false
WEBPASSWORD=0123abcd
DHCP_ACTIVE=true
""",
    "pihole-FTL.conf": """
# what FTL does
BLOCKINGMODE=NXDOMAIN
MAXDBDAYS=30
PRIVACYLEVEL=1
RATE_LIMIT=100/30
BLOCK_TTL=20
MOZILLA_CANARY=false
IGNORE_LOCALHOST=yes
""",
    "custom.list": "192.0.2.10 nas.home\n\n2001:db8::10 nas.home\n",
    "dnsmasq.d/05-pihole-custom-cname.conf": "cname=files.home,nas.home\n",
    "dnsmasq.d/01-pihole.conf": "addn-hosts=/etc/pihole/local.list\n",
    "dnsmasq.d/99-mine.conf": "server=/corp.example/192.0.2.9\n",
}


def make(path: Path, files: dict[str, str | bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


async def imported(tmp_path: Path, **files: str | bytes) -> Plan:
    tables = {name: json.dumps(rows) for name, rows in TABLES.items()}
    path = make(tmp_path / "pi-hole-teleporter.tar.gz", {**tables, **FILES, **files})
    return read_pihole(await read_files(path, tmp_path))


async def test_lists_domains_groups_and_clients_are_taken(tmp_path: Path) -> None:
    found = wanted(await imported(tmp_path))
    assert found["filtering.lists[Ads]"]["url"] == "https://lists.example.org/ads.txt"
    assert "filtering.rules[|ads.example.net^]" in found
    assert found["groups[Kids]"]["rules"] == [r"@@/^cdn\./"]
    assert found["clients[Device 192.0.2.20]"] == {"addresses": ["192.0.2.20"], "group": "Kids"}


async def test_settings_are_taken(tmp_path: Path) -> None:
    plan = await imported(tmp_path)
    found = wanted(plan)
    assert found["upstream.servers"] == ["192.0.2.53", "[2001:db8::53]:5353"]
    assert found["local.records[nas.home]"] == ["192.0.2.10", "2001:db8::10"]
    assert found["local.records[files.home]"] == ["CNAME nas.home"]
    assert found["upstream.routes[lan]"] == ["192.168.1.1"]
    assert found["upstream.routes[corp.example]"] == ["192.0.2.9"]
    assert found["filtering.blocking.mode"] == "nxdomain"
    assert found["filtering.blocking.ttl"] == "20s"
    assert (found["dns.rate_limit"], found["query_log.keep"]) == (4, "30d")
    assert found["filtering.builtin.doh_canary"] is False
    assert found["query_log.ignore_clients"] == ["127.0.0.0/8", "::1"]
    assert {"dns.blocking.active", "dns.dnssec", "webserver.api.pwhash", "dhcp"} <= set(told(plan))
    assert "0123abcd" not in str(plan.notes) and "01-pihole" not in str(plan.notes)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("group.json", "{}", "is no table"),
        ("group.json", "[7]", "is no table"),
        ("group.json", "[", "can't be read"),
        ("group.json", "[" * 100_000, "can't be read"),
        ("adlist.json", '[{"id": "x"}]', "is no number"),
        ("custom.list", b"\xff", "no text in UTF-8"),
    ],
)
async def test_what_is_damaged_is_told(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        await imported(tmp_path, **{name: content})


async def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    path = make(tmp_path / "other.tar.gz", {"readme": "x"})
    with pytest.raises(ValueError, match="no archive of Pi-hole's Teleporter"):
        await read_files(path, tmp_path)


async def test_what_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "large.tar.gz", {"group.json": "[]", "zeros": bytes(1 << 20)})
    monkeypatch.setattr(version5, "MOST_UNPACKED", 1 << 19)
    with pytest.raises(ValueError, match="has more than 0 MiB"):
        await read_files(path, tmp_path)
    monkeypatch.setattr(version5, "MOST_UNPACKED", 1 << 28)
    monkeypatch.setattr(version5, "MOST_MEMBERS", 1)
    with pytest.raises(ValueError, match="more than 1 files"):
        await read_files(path, tmp_path)
