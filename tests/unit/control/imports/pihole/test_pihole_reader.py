"""Pi-hole: its settings, its database with groups, and archives that hold both."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from imported import told, wanted

from sinkhole.control.imports.as_file import as_file
from sinkhole.control.imports.pihole.reader import (
    GRAVITY,
    TOML,
    PiholeFiles,
    read_files,
    read_pihole,
)
from sinkhole.control.imports.plan import Plan

SETTINGS = """
[dns]
upstreams = ["127.0.0.1#5335", "192.0.2.53", "bad server"]
hosts = ["192.0.2.10 nas.home nas", "2001:db8::10 nas.home", "broken"]
cnameRecords = ["files.home,www.home,nas.home", "old.home,nas.home,300", "nas.home,tv.home"]
revServers = ["true,192.168.0.0/24,192.168.0.1#53,lan", "false,10.0.0.0/8,10.0.0.1,x"]
domainNeeded = false
expandHosts = true
blockTTL = 30
dnssec = true
listeningMode = "ALL"
port = 5302
new = 1
[dns.domain]
name = "home"
[dns.blocking]
mode = "NX"
[dns.specialDomains]
mozillaCanary = false
[dns.rateLimit]
count = 100
interval = 30
[database]
maxDBdays = 30
[misc]
privacylevel = 1
dnsmasq_lines = ["server=/corp.example/192.0.2.9#5353", "address=/box.example/192.0.2.4", "foo=1"]
[webserver.api]
pwhash = "$BALLOON-SHA256$v=1$x"
"""

TABLES = """
CREATE TABLE "group" (id INTEGER PRIMARY KEY, enabled BOOLEAN, name TEXT);
CREATE TABLE adlist (id INTEGER PRIMARY KEY, address TEXT, enabled BOOLEAN, comment TEXT, type INT);
CREATE TABLE domainlist
    (id INTEGER PRIMARY KEY, type INT, domain TEXT, enabled BOOLEAN, comment TEXT);
CREATE TABLE client (id INTEGER PRIMARY KEY, ip TEXT, comment TEXT);
CREATE TABLE adlist_by_group (adlist_id INT, group_id INT);
CREATE TABLE domainlist_by_group (domainlist_id INT, group_id INT);
CREATE TABLE client_by_group (client_id INT, group_id INT);
"""

GROUPS = [(0, 1, "Default"), (1, 1, "Kids"), (2, 1, "Work"), (3, 0, "Old")]
LISTS = [
    (1, "https://lists.example.org/ads.txt", 1, "Ads", 0),
    (2, "https://lists.example.org/games.txt", 1, "", 0),
    (3, "https://lists.example.org/good.txt", 1, "Good", 1),
    (4, "https://lists.example.org/old.txt", 1, "Old", 0),
    (5, "https://lists.example.org/off.txt", 0, "Off", 0),
]
DOMAINS = [
    (1, 1, "ads.example.net", 1, None),
    (2, 0, "good.example.net", 1, None),
    (3, 3, r"(\.|^)tracker\.example$", 1, None),
    (4, 2, r"^cdn[0-9]+\.example\.org$", 1, None),
    (5, 3, r"^play\.;querytype=A,AAAA", 1, None),
    (6, 3, r"^x\.;invert", 1, None),
    (7, 3, r"^(?=a)b", 1, None),
    (8, 3, r"nx\.example$;reply=NXDOMAIN", 1, None),
    (9, 1, "off.example.net", 0, None),
    (10, 1, "old.example.net", 1, None),
]
CLIENTS = [
    (1, "192.0.2.7", "Tablet"),
    (2, "02:00:5E:10:00:01", "Tablet"),
    (3, "192.0.2.65/26", None),
    (4, "laptop.home", "Laptop"),
    (5, ":eth1", "Guests"),
    (6, "192.0.2.9", "TV"),
]
LINKS = {
    "adlist": [(1, 0), (1, 1), (1, 2), (2, 1), (3, 0), (4, 3), (5, 0)],
    "domainlist": [(n, g) for n in range(1, 9) for g in (0, 1, 2) if n != 5] + [(5, 1), (10, 3)],
    "client": [(1, 1), (2, 1), (3, 2), (4, 1), (4, 2), (5, 1), (6, 3)],
}


def make_gravity(path: Path, tables: str = TABLES) -> Path:
    with sqlite3.connect(path) as database:
        database.executescript(tables)
        rows: dict[str, Sequence[tuple[Any, ...]]] = {"group": GROUPS, "adlist": LISTS}
        rows |= {"domainlist": DOMAINS, "client": CLIENTS}
        rows |= {f"{name}_by_group": links for name, links in LINKS.items()}
        for table, values in rows.items():
            places = ", ".join("?" * len(values[0]))
            database.executemany(f'INSERT INTO "{table}" VALUES ({places})', values)
    database.close()
    return path


def make_archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


async def imported(path: Path, tmp_path: Path, **options: Any) -> Plan:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return read_pihole(await read_files(path, folder), **options)


async def test_a_client_with_several_groups_has_a_group_of_its_own(tmp_path: Path) -> None:
    plan = await imported(make_gravity(tmp_path / "gravity.db"), tmp_path)
    found = wanted(plan)
    assert found["groups[default]"]["lists"] == ["Ads", "Good"]
    assert found["groups[Kids]"]["lists"] == ["Ads", "games.txt"]
    assert found["groups[Work]"]["lists"] == ["Ads"]
    assert found["groups[Kids + Work]"]["lists"] == ["Ads", "games.txt"]
    assert found["groups[Without lists]"] == {"lists": []}
    assert found["clients[Laptop]"] == {"hosts": ["laptop.home"], "group": "Kids + Work"}
    assert found["clients[TV]"]["group"] == "Without lists", "its only group is switched off"
    assert not found["filtering.lists[Old]"]["enabled"]
    assert "interface" in told(plan)['client ":eth1"']
    assert "switched off" in told(plan)['group "Old"']


async def test_addresses_of_one_device_become_one_client(tmp_path: Path) -> None:
    found = wanted(await imported(make_gravity(tmp_path / "gravity.db"), tmp_path))
    assert found["clients[Tablet]"] == {
        "addresses": ["192.0.2.7"],
        "macs": ["02:00:5e:10:00:01"],
        "group": "Kids",
    }
    assert found["clients[192.0.2.65/26]"]["addresses"] == ["192.0.2.64/26"]


async def test_domains_of_all_four_kinds_become_rules(tmp_path: Path) -> None:
    plan = await imported(make_gravity(tmp_path / "gravity.db"), tmp_path)
    assert "filtering.rules[|ads.example.net^]" not in wanted(plan), "some have it not"
    rules = wanted(plan)["groups[Kids]"]["rules"]
    assert rules == [
        "|ads.example.net^",
        "@@|good.example.net^",
        "||tracker.example^",
        r"@@/^cdn[0-9]+\.example\.org$/",
        r"/^play\./$dnstype=A|AAAA",
        r"/nx\.example$/$dnsrewrite=NXDOMAIN",
    ]
    assert r"/^play\./$dnstype=A|AAAA" not in wanted(plan)["groups[default]"]["rules"]
    notes = told(plan)
    assert "invert" in notes[r'regex "^x\\.;invert"']
    assert "look-around" in notes[r'domainlist "/^(?=a)b/"']
    assert "switched off" in notes['domain "off.example.net"']
    assert "no group" in notes['domain "old.example.net"']


async def test_what_everybody_has_is_for_the_household(tmp_path: Path) -> None:
    path = make_gravity(tmp_path / "gravity.db")
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM client WHERE id = 6")
    database.close()
    found = wanted(await imported(path, tmp_path))
    assert "filtering.rules[|ads.example.net^]" in found
    assert found["groups[Kids]"]["rules"] == [r"/^play\./$dnstype=A|AAAA"]


def test_settings_are_taken() -> None:
    plan = read_pihole(PiholeFiles(SETTINGS))
    found = wanted(plan)
    assert found["upstream.servers"] == ["127.0.0.1:5335", "192.0.2.53"]
    assert found["local.records[nas.home]"] == ["192.0.2.10", "2001:db8::10"]
    assert found["local.records[nas]"] == ["192.0.2.10"]
    assert found["local.records[www.home]"] == ["CNAME nas.home"]
    assert found["local.records[old.home]"] == ["CNAME nas.home"]
    for route in ("0.168.192.in-addr.arpa", "lan", "unqualified"):
        assert found[f"upstream.routes[{route}]"] == ["192.168.0.1"]
    assert found["devices.router"] == "192.168.0.1:53"
    assert found["upstream.routes[corp.example]"] == ["192.0.2.9:5353"]
    assert "filtering.rules[address=/box.example/192.0.2.4]" in found
    assert (found["filtering.blocking.mode"], found["filtering.blocking.ttl"]) == (
        "nxdomain",
        "30s",
    )
    assert (found["dns.rate_limit"], found["query_log.keep"]) == (4, "30d")
    assert found["filtering.builtin.doh_canary"] is False
    notes = told(plan)
    assert {"dns.upstreams", "dns.hosts[2]", "dns.cnameRecords[2]", "dns.revServers[1]"} <= {*notes}
    assert {"dns.dnssec", "dns.port", "dns.new", "webserver.api.pwhash"} <= notes.keys()
    assert "dns.listen" in wanted(read_pihole(PiholeFiles(SETTINGS), listeners=True))
    assert "$BALLOON" not in str(plan.notes)


async def test_an_archive_has_both_and_all_of_it_fits(tmp_path: Path) -> None:
    gravity = make_gravity(tmp_path / "gravity.db").read_bytes()
    members = {TOML: SETTINGS.encode(), GRAVITY: gravity, "etc/hosts": b""}
    members["etc/dnsmasq.d/10-mine.conf"] = b"# mine\nserver=/vpn.example/192.0.2.8\n"
    plan = await imported(make_archive(tmp_path / "t.zip", members), tmp_path)
    found = wanted(plan)
    assert {"upstream.servers", "groups[Kids]", "upstream.routes[vpn.example]"} <= found.keys()
    before = len(plan.notes)
    as_file(plan)
    assert plan.notes[before:] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no section"),
        (b"[webserver]\n", "no section"),
        (b"dns = [\n", "not TOML"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"SQLite format 3\x00 broken", "can't be read"),
        (b"\x1f\x8b\x08", "damaged"),
    ],
)
async def test_what_is_no_such_file_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        await imported(path, tmp_path)


async def test_tables_must_be_tables(tmp_path: Path) -> None:
    path = tmp_path / "gravity.db"
    with sqlite3.connect(path) as database:
        database.executescript('CREATE VIEW "group" AS SELECT 1; CREATE TABLE adlist (id INT)')
    database.close()
    with pytest.raises(ValueError, match="is no gravity"):
        await imported(path, tmp_path)


async def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no archive of Pi-hole"):
        await imported(make_archive(tmp_path / "t.zip", {"a": b""}), tmp_path)


async def test_comments_that_are_no_utf8_stop_nothing(tmp_path: Path) -> None:
    path = make_gravity(tmp_path / "gravity.db")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE client SET comment = CAST(x'54ff' AS TEXT) WHERE id = 6")
    database.close()
    found = wanted(await imported(path, tmp_path))
    assert found["clients[T\ufffd]"]["addresses"] == ["192.0.2.9"]
