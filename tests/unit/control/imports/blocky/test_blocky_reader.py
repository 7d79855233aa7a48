"""config.yml of blocky, which the program itself takes for valid."""

from __future__ import annotations

import pytest
from imported import FILES, told, wanted

from sinkhole.control.imports.as_file import as_file
from sinkhole.control.imports.blocky.reader import read_blocky

TEXT = (FILES / "blocky.yml").read_text()


def test_all_that_is_taken_fits_our_settings() -> None:
    plan = read_blocky(TEXT, listeners=True)
    before = len(plan.notes)
    as_file(plan)
    assert plan.notes[before:] == []


def test_groups_of_lists_are_for_whom_they_were() -> None:
    found = wanted(read_blocky(TEXT))
    everybody = found["groups[default]"]
    assert everybody["lists"] == ["ads", "ads 2"] and everybody["refuse_types"] == ["AAAA"]
    assert everybody["rules"] == ["|banner.example.net^", "||pixel.example.net^"]
    games = found["groups[ads + games]"]
    assert games["schedules"] == [{"when": "homework", "lists": ["ads", "ads 2", "games"]}]
    assert found["schedules[homework]"] == {"windows": ["mon-fri 14:00-17:00"]}
    assert found["clients[Device 192.0.2.7]"] == {
        "addresses": ["192.0.2.7"],
        "group": "ads + games",
        "upstream": "192-0-2-7",
    }


def test_a_group_with_names_to_allow_only_refuses_all_others() -> None:
    school = wanted(read_blocky(TEXT))["groups[school]"]
    assert school["allow_only"] and school["lists"] == []
    assert school["rules"] == ["@@|school.example^", r"@@/^lernen[0-9]+\./"]


def test_upstreams_names_and_times_are_taken() -> None:
    found = wanted(read_blocky(TEXT))
    servers = ["tls://dns.example.org", "https://dns.example.net", "192.0.2.53"]
    assert (found["upstream.servers"], found["upstream.strategy"]) == (servers, "strict")
    assert found["upstream.sets[192-0-2-7]"] == {"servers": ["192.0.2.54"]}
    assert found["local.records[*.printer.example]"] == ["192.0.2.11", "2001:db8::11"]
    assert found["upstream.routes[fritz.box]"] == ["192.0.2.1"]
    assert (found["cache.min_ttl"], found["local.ttl"]) == ("5m", "30m")
    assert found["filtering.blocking.custom_ipv4"] == "192.0.2.80"


def test_what_cannot_be_is_told() -> None:
    text = TEXT + "fqdnOnly: {enable: true}\nsomething: new\n"
    text = text.replace(
        "    default:\n      - ads\n", "    default:\n      - ads\n      - missing\n"
    )
    notes = told(read_blocky(text))
    assert {"fqdnOnly", "something", "upstreams.groups.laptop*", "ports"} <= notes.keys()
    assert "missing" in notes["blocking.clientGroupsBlock.default"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "no settings"), ("a: 1\n", "no config.yml of blocky"), ("ports: {\n", "config.yml:2")],
)
def test_what_is_no_such_file_is_told(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_blocky(text)


def test_a_timeout_that_cannot_be_is_told() -> None:
    plan = read_blocky("upstreams: {timeout: 1m}\n")
    assert wanted(plan)["upstream.timeout"] == "10s"
    assert "between 0.1 and 10 seconds" in told(plan, "differs")["upstreams.timeout"]
