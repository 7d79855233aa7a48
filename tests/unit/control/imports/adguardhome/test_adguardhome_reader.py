"""AdGuardHome.yaml, as versions of three years wrote it: the program itself made the newer file of
the older one here."""

from __future__ import annotations

import pytest
from imported import FILES, told, wanted

from sinkhole.control.imports.adguardhome.reader import read_adguardhome
from sinkhole.control.imports.as_file import as_file

OLD, NEW = (FILES / f"adguardhome-{version}.yaml" for version in (20, 34))


def test_what_the_program_made_of_an_older_file_comes_to_the_same() -> None:
    old, new = read_adguardhome(OLD.read_text()), read_adguardhome(NEW.read_text())
    assert (old.source, new.source) == ("AdGuard Home, schema 20", "AdGuard Home, schema 34")
    assert wanted(old) == wanted(new)
    assert old.notes == new.notes


def test_all_that_is_taken_fits_our_settings() -> None:
    plan = read_adguardhome(NEW.read_text(), listeners=True)
    before = len(plan.notes)
    text = as_file(plan)
    assert plan.notes[before:] == []
    assert text.startswith("# Imported from AdGuard Home, schema 34.\n")


def test_upstreams_keep_their_names_and_modes() -> None:
    found = wanted(read_adguardhome(NEW.read_text()))
    assert found["upstream.servers"] == ["https://dns.example.org", "tls://192.0.2.53"]
    assert found["upstream.strategy"] == "parallel"
    assert found["upstream.routes[corp.example]"] == ["192.0.2.1", "192.0.2.2"]
    assert found["upstream.routes[*.vpn.example]"] == ["tls://vpn.example.org"]
    assert found["upstream.routes[www.corp.example]"] == "default"
    assert found["upstream.routes[unqualified]"] == ["192.0.2.1"]
    assert found["upstream.routes[168.192.in-addr.arpa]"] == ["192.0.2.1"]
    assert found["upstream.client_subnet"] == "198.51.100.0/24"


def test_a_fallback_for_some_names_is_left_and_does_not_come_first() -> None:
    text = (
        "schema_version: 34\ndns:\n  upstream_dns: [192.0.2.1]\n"
        '  fallback_dns: [192.0.2.8, "[/x.example/]192.0.2.9"]\n'
    )
    plan = read_adguardhome(text)
    found = {key: value for key, value in wanted(plan).items() if key.startswith("upstream")}
    assert found == {"upstream.servers": ["192.0.2.1"], "upstream.fallback": ["192.0.2.8"]}
    assert "[/x.example/]192.0.2.9" in told(plan)["dns.fallback_dns"]


@pytest.mark.parametrize(
    ("there", "here", "is_told"),
    [("30s", "10s", True), ("1ms", "100ms", True), ("5s", "5s", False), ("10s", None, False)],
)
def test_a_timeout_that_cannot_be_is_told(there: str, here: str | None, is_told: bool) -> None:
    plan = read_adguardhome(f"schema_version: 34\ndns:\n  upstream_timeout: {there}\n")
    assert wanted(plan).get("upstream.timeout") == here
    assert ("dns.upstream_timeout" in told(plan, "differs")) is is_told


def test_clients_keep_by_what_they_are_known_and_what_is_their_own() -> None:
    found = wanted(read_adguardhome(NEW.read_text()))
    tablet = found["clients[Kids tablet]"]
    assert tablet["addresses"] == ["192.0.2.7", "2001:db8:7::/64"]
    assert (tablet["macs"], tablet["ids"]) == (["02:00:5e:10:00:01"], ["tablet"])
    assert (tablet["services"], tablet["categories"]) == (
        ["youtube", "roblox"],
        ["adult", "malware"],
    )
    assert (tablet["safe_search"]["youtube"], tablet["log"]) == ("strict", False)
    assert found["upstream.sets[Kids-tablet]"] == {"servers": ["tls://family.example.org"]}
    assert tablet["upstream"] == "Kids-tablet"
    server = found["clients[Server]"]
    assert server == {"addresses": ["192.0.2.20"], "filtering": False, "statistics": False}
    assert found["clients[Without rate limit]"]["rate_limit"] == 0


def test_lists_rules_and_rewrites_are_taken() -> None:
    found = wanted(read_adguardhome(NEW.read_text()))
    lists = {name: e["kind"] for name, e in found.items() if name.startswith("filtering.lists")}
    assert list(lists) == [f"filtering.lists[{n}]" for n in ("Ads", "Ads 2", "Mine", "own rules 2")]
    assert list(lists.values()) == ["block", "block", "block", "allow"]
    assert found["filtering.lists[Mine]"]["url"] == "file:/opt/lists/mine.txt"
    assert "filtering.rules[||games.example^$client='Kids tablet']" in found
    assert "filtering.rules[|secret.example.net^$important]" in found
    assert found["local.records[nas.home]"] == ["192.0.2.10", "2001:db8::10"]
    assert found["local.records[*.nas.home]"] == ["CNAME nas.home"]


def test_who_may_not_ask_is_told_so() -> None:
    plan = read_adguardhome(NEW.read_text())
    assert "dns.allow" not in wanted(plan)
    assert wanted(plan)["dns.deny"] == ["192.168.7.66"]


def test_rewrites_that_are_switched_off_are_kept_so() -> None:
    text = (
        "schema_version: 34\nfiltering:\n  rewrites_enabled: false\n  rewrites:\n"
        "    - {domain: nas.home, answer: 192.0.2.10, enabled: true}\n"
        "    - {domain: nas.home, answer: 192.0.2.11, enabled: false}\n"
        "    - {domain: tv.home, answer: nas.home, enabled: false}\n"
    )
    found = wanted(read_adguardhome(text))
    assert found["local.records[nas.home]"] == ["192.0.2.10"]
    assert found["local.switched_off[nas.home]"] == ["192.0.2.11"]
    assert found["local.switched_off[tv.home]"] == ["CNAME nas.home"]
    assert found["local.enabled"] is False


def test_what_is_not_taken_is_told() -> None:
    plan = read_adguardhome(NEW.read_text())
    notes = told(plan)
    assert "look-around" in notes['user_rules "/^ads(?=[0-9])/"']
    assert "routes are for everybody" in notes['client "Kids tablet"']
    assert plan.accounts.keys() == {"anna"} and "$2y$" not in str(notes)
    assert "4chan" in notes["filtering.blocked_services.ids"]
    assert "exception from a rewrite" in notes['filtering.rewrites[3] "ipv6.nas.home"']


def test_where_it_listens_is_taken_only_if_that_is_wanted() -> None:
    text = NEW.read_text().replace("tls:\n  enabled: false", "tls:\n  enabled: true")
    plan = read_adguardhome(text)
    assert not {"dns.listen", "web.listen", "dns.certificate"} & wanted(plan).keys()
    assert {"dns.bind_hosts", "tls"} <= told(plan).keys()
    found = wanted(read_adguardhome(text, listeners=True))
    assert found["dns.listen"] == ["127.0.0.1:5971"]
    assert (found["dns.tls"], found["dns.quic"]) == (["127.0.0.1:8531"], ["127.0.0.1:8531"])
    assert "dns.https" not in found, "its port is 0"
    assert found["dns.certificate"] == "/etc/example/fullchain.pem"
    assert found["web.listen"] == "127.0.0.1:3971"


SCHEDULE = """
schema_version: 34
filtering:
  blocked_services:
    ids: [tiktok, max]
    schedule:
      time_zone: Europe/Berlin
      mon: {start: 8h30m, end: 17h}
      tue: {start: 8h30m, end: 17h}
      sun: {start: 0s, end: 24h}
      sat: {start: 9h, end: 8h}
clients:
  persistent:
    - name: Anna
      ids: [02-00-5E-10-00-02, "aa:bb:cc:dd:ee:ff:00:11", not/an/id]
      use_global_blocked_services: false
      blocked_services:
        ids: [roblox]
        schedule: {time_zone: America/New_York, wed: {start: 1h, end: 2h}}
    - name: Nobody
      ids: ["???"]
    - name: Anna
      ids: [02-00-5E-10-00-02, "192.0.2.3"]
some: {new: key}
"""


def test_hours_in_which_services_may_be_used_become_schedules() -> None:
    plan = read_adguardhome(SCHEDULE)
    found = wanted(plan)
    assert found["time_zone"] == "Europe/Berlin"
    windows = ["mon,tue 08:30-17:00", "sun 00:00-24:00"]
    assert found["schedules[services allowed]"] == {"windows": windows}
    entry = {"when": "services allowed", "services": []}
    assert found["groups[default]"] == {"schedules": [entry]}
    anna = found["clients[Anna]"]
    assert anna["schedules"] == [{"when": "Anna: services allowed", "services": []}]
    assert (anna["macs"], found["clients[Anna 2]"]["addresses"]) == (
        ["02:00:5e:10:00:02"],
        ["192.0.2.3"],
    )
    assert "filtering.services[hbo_max]" in found
    notes = [each.about for each in plan.notes]
    for about in ("filtering.blocked_services.schedule.sat", 'client "Nobody"', "some"):
        assert about in notes
    before = len(plan.notes)
    as_file(plan)
    assert plan.notes[before:] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no settings in it"),
        ("- a\n- b\n", "no settings in it"),
        ("dns: {}\n", "no schema_version"),
        ("schema_version: many\n", "no schema_version"),
        ("schema_version: 19\n", "start a newer AdGuard Home"),
        ("schema_version: 34\ndns: [\n", "AdGuardHome.yaml:"),
        ("schema_version: 34\na: *b\n", "AdGuardHome.yaml:2"),
        ("schema_version: 34\nx: \x00\n", "U+0000"),
    ],
)
def test_what_is_no_such_file_is_told_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("+", r"\+")):
        read_adguardhome(text)


def test_sections_of_another_kind_do_no_harm() -> None:
    text = "schema_version: 34\ndns: text\nfilters: {a: 1}\nclients: [1]\nuser_rules: 7\ntls: no\n"
    plan = read_adguardhome(text)
    assert {"dns", "filters", "clients", "tls"} <= told(plan).keys()


def test_a_newer_schema_is_read_with_a_word_about_it() -> None:
    plan = read_adguardhome("schema_version: 99\n")
    assert "newer AdGuard Home" in told(plan, "differs")["schema_version"]
