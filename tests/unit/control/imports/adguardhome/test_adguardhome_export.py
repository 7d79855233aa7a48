"""What was imported and is written again comes to the same, and what has no place is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imported import FILES, told, wanted
from settings_file import settings_from

from sinkhole.control.imports.adguardhome.export import export_adguardhome
from sinkhole.control.imports.adguardhome.known_there import KNOWN_THERE
from sinkhole.control.imports.adguardhome.reader import read_adguardhome
from sinkhole.control.imports.adguardhome.services import THEIR_NAMES
from sinkhole.control.imports.as_file import as_file
from sinkhole.control.imports.unpacked import yaml_tree
from sinkhole.control.settings import load
from sinkhole.control.settings.shipped import known_services

ONLY_HERE = {"devices.router", "dns.rate_limit_ipv4_prefix", "dns.rate_limit_ipv6_prefix"}
SAID_OTHERWISE = {"dns.allow", "dns.deny"}
"""Who may not ask is cut out of who may."""


def exported(tree: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    done = export_adguardhome(settings_from(tree))
    return yaml_tree(done.text, "x"), {each.about: each.text for each in done.notes}


def test_a_round_trip_keeps_all_that_adguard_home_knows(tmp_path: Path) -> None:
    first = read_adguardhome((FILES / "adguardhome-34.yaml").read_text(), listeners=True)
    file = tmp_path / "sinkhole.yaml"
    file.write_text(as_file(first))
    done = export_adguardhome(load(file, {}))
    second = read_adguardhome(done.text, listeners=True)
    assert not told(second)
    before, after = wanted(first), wanted(second)
    before["clients[Without rate limit]"].pop("rate_limit")
    differing = {key for key in before | after if before.get(key) != after.get(key)}
    assert differing <= ONLY_HERE | SAID_OTHERWISE


def test_what_groups_say_is_written_for_their_clients() -> None:
    tree, notes = exported(
        {
            "groups": [
                {"name": "kids", "services": ["group:gambling"], "allow_only": True},
                {"name": "default", "categories": ["malware"], "refuse_types": ["AAAA"]},
            ],
            "clients": [
                {"name": "Tablet", "macs": ["02:00:5e:10:00:01"], "group": "kids", "log": False},
                {"name": "Laptop", "hosts": ["laptop"]},
            ],
        }
    )
    (tablet,) = tree["clients"]["persistent"]
    assert tablet["ids"] == ["02:00:5e:10:00:01"] and tablet["ignore_querylog"]
    assert "betfair" in tablet["blocked_services"]["ids"]
    assert not tablet["use_global_blocked_services"] and tablet["use_global_settings"]
    assert tree["filtering"]["safebrowsing_enabled"] and tree["dns"]["aaaa_disabled"]
    assert "bwin" in notes['client "Tablet"']
    assert "allow_only" in notes['group "kids"'] and 'client "Laptop"' in notes


def test_what_has_no_place_is_told() -> None:
    pin = "tls://dns.example.org?pin=" + "A" * 43 + "="
    tree, notes = exported(
        {
            "upstream": {
                "servers": ["192.0.2.53", pin],
                "strategy": "strict",
                "sets": {"vpn": {"servers": ["192.0.2.9"]}},
                "routes": {"corp.example": "vpn", "*.a.example": "default", "unqualified": "vpn"},
            },
            "local": {"records": {"home": ["MX 10 mail.home", "192.0.2.1"]}},
            "filtering": {"blocking": {"mode": "nodata"}},
        }
    )
    assert tree["dns"]["upstream_dns"] == [
        "192.0.2.53",
        "[/corp.example/]192.0.2.9",
        "[/*.a.example/]#",
        "[//]192.0.2.9",
    ]
    assert tree["filtering"]["rewrites"] == [
        {"domain": "home", "answer": "192.0.2.1", "enabled": True}
    ]
    assert {"upstream tls://dns.example.org", "upstream.strategy"} <= notes.keys()
    assert {"local.records home", "filtering.blocking.mode"} <= notes.keys()
    assert json.dumps(tree["schema_version"]) == "34"


def test_who_may_not_ask_is_cut_out_of_those_who_may() -> None:
    tree, notes = exported({"dns": {"allow": ["192.0.2.0/30"], "deny": ["192.0.2.1"]}})
    assert tree["dns"]["allowed_clients"] == ["192.0.2.2/31", "192.0.2.0"]
    assert not tree["dns"]["disallowed_clients"] and "dns.deny" not in notes
    tree, _ = exported({"dns": {"allow": ["any"], "deny": ["192.0.2.1"]}})
    assert not tree["dns"]["allowed_clients"]
    assert tree["dns"]["disallowed_clients"] == ["192.0.2.1"]
    many = [f"192.0.2.{number}" for number in range(1, 50)]
    tree, notes = exported({"dns": {"allow": ["192.0.2.0/24"], "deny": many}})
    assert tree["dns"]["allowed_clients"] == ["192.0.2.0/24"] and "too many" in notes["dns.deny"]


def test_records_that_are_kept_but_not_answered_are_rewrites_that_are_off() -> None:
    local = {"enabled": False, "switched_off": {"nas.home": ["192.0.2.10", "TXT x"]}}
    tree, notes = exported({"local": local})
    assert not tree["filtering"]["rewrites_enabled"]
    rewrite = {"domain": "nas.home", "answer": "192.0.2.10", "enabled": False}
    assert tree["filtering"]["rewrites"] == [rewrite]
    assert "no rewrites of type TXT" in notes["local.switched_off nas.home"]


def test_services_have_the_ids_that_the_newest_has() -> None:
    tree, _ = exported({"filtering": {"services": ["ea", "hbo_max"]}})
    ids = tree["filtering"]["blocked_services"]["ids"]
    assert set(ids) == {"electronic_arts", "hbomax"}


def test_nothing_is_kept_for_longer_than_adguard_home_starts_with() -> None:
    tree, notes = exported({"query_log": {"keep": "400d"}, "stats": {"keep": "3650d"}})
    assert (tree["querylog"]["interval"], tree["statistics"]["interval"]) == ("8760h", "8760h")
    assert "a year at most" in notes["query_log.keep"] and "a year" in notes["stats.keep"]
    tree, notes = exported({"query_log": {"keep": "365d"}, "stats": {"keep": "365d"}})
    assert tree["querylog"]["interval"] == "8760h" and "stats.keep" not in notes


def test_services_and_safe_search_that_only_sinkhole_has_are_told() -> None:
    tree, notes = exported(
        {
            "filtering": {
                "services": ["888", "public_doh", "youtube"],
                "safe_search": {"brave": True, "youtube": "moderate"},
            },
            "clients": [
                {
                    "name": "Tablet",
                    "ids": ["tablet"],
                    "services": ["tor", "discord"],
                    "safe_search": {"youtube": "strict"},
                }
            ],
        }
    )
    (tablet,) = tree["clients"]["persistent"]
    assert tree["filtering"]["blocked_services"]["ids"] == ["youtube"]
    assert tablet["blocked_services"]["ids"] == ["discord"]
    assert notes["filtering.services"].startswith("888, public_doh: not among")
    assert "Brave" in notes["filtering.safe_search"] and 'client "Tablet"' in notes
    assert tree["filtering"]["safe_search"]["youtube"] and tablet["safe_search"]["youtube"]
    _, notes = exported({"filtering": {"safe_search": {"youtube": "strict"}}})
    assert "moderate" in notes["filtering.safe_search"]


def test_what_adguard_home_knows_is_known_here() -> None:
    assert known_services().keys() >= KNOWN_THERE >= THEIR_NAMES.keys()
