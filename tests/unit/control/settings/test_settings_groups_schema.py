"""Groups and schedules: what they take, and what is said of what they do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings, effective
from sinkhole.control.settings.groups_schema import PolicyFields
from sinkhole.control.settings.plain import plain_of

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]

ALL = """
time_zone: Europe/Berlin
upstream: {sets: {family: {servers: [192.0.2.1]}}}
schedules: [{name: bedtime, windows: ["mon-thu 21:00-07:00"]}]
groups:
  - name: kids
    filtering: on
    lists: [starter]
    rules: ["||ads.example^"]
    services: [tiktok, "group:gambling"]
    categories: [adult, malware]
    safe_search: {google: true, youtube: strict}
    builtin: {doh_canary: false}
    blocking: {mode: nxdomain, ttl: {nxdomain: 1m}, custom_ipv4: 192.0.2.80}
    allow_only: no
    refuse_types: [aaaa, type65]
    upstream: family
    client_subnet: client/20/48
    rate_limit: 50
    privacy: no_names
    log: false
    statistics: false
    schedules: [{when: bedtime, allow_only: true}]
  - {name: Default, lists: all}
"""


def test_a_group_may_say_whatever_differs_between_clients(loaded: Load) -> None:
    settings = loaded(ALL)
    kids, default = settings.groups
    assert set(kids.said) == set(PolicyFields.model_fields)
    assert kids.refuse_types == ("AAAA", "HTTPS")
    assert kids.schedules[0].said == {"allow_only": True}
    assert (default.name, default.said) == ("default", {"lists": "all"})
    assert plain_of(settings.schedules[0]) == {
        "name": "bedtime",
        "windows": ["mon-thu 21:00-07:00"],
    }
    assert loaded(effective(settings)) == settings


def test_what_is_not_said_is_not_there(loaded: Load) -> None:
    (group,) = loaded("groups: [{name: kids}]").groups
    assert group.said == {} and plain_of(group) == {"name": "kids", "schedules": []}


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("{lists: all}", "groups[0].name: is missing"),
        ("{name: a, lists: starter}", '"starter" does not fit, write "all" or a list of names'),
        ("{name: a, lists: [x, X]}", '"X" is listed twice'),
        ("{name: a, services: [tiktock]}", '"tiktock" is no service, did you mean "tiktok"?'),
        ("{name: a, categories: [porn]}", '"porn" is not known, known are malware and adult'),
        ("{name: a, refuse_types: [AAAAA]}", '"AAAAA" is no record type, write one such as "AAAA"'),
        ("{name: a, refuse_types: [OPT]}", '"OPT" is nothing that clients ask for here'),
        ("{name: a, privacy: no_clients}", "write full, no_names or nothing"),
        ("{name: a, upstream: [192.0.2.1]}", "a list is not text"),
        ("{name: a, safe_search: {gogle: true}}", 'unknown key, did you mean "google"?'),
        ("{name: a, builtin: {rebinding_allow: []}}", "unknown key here, did you mean"),
        ("{name: a, schedules: [{allow_only: true}]}", "groups[0].schedules[0].when: is missing"),
        (
            "{name: a, schedules: [{when: x}, {when: X}]}",
            'groups[0].schedules[1].when: "X" has an entry already, write all of it there',
        ),
        ("{name: a, allow_onyl: true}", 'unknown key, did you mean "allow_only"?'),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(problems: Problems, group: str, found: str) -> None:
    told = problems(f"groups: [{group}]")
    assert any(found in problem for problem in told), told


def test_groups_and_schedules_have_names_of_their_own(problems: Problems) -> None:
    assert problems("groups: [{name: kids}, {name: Kids}]") == [
        's.yaml:1: groups[1].name: "Kids" is the name of another group too'
    ]
    window = "windows: [daily 1:00-2:00]"
    assert problems(f"schedules: [{{name: a, {window}}}, {{name: A, {window}}}]") == [
        's.yaml:1: schedules[1].name: "A" is the name of another schedule too'
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("schedules: [{name: a, windows: []}]", "it would never be open, write for instance"),
        ("schedules: [{name: a}]", "schedules[0].windows: is missing"),
        ("schedules: [{name: a, windows: [mon 1:00]}]", 'windows[0]: "mon 1:00" is no window'),
        (
            'schedules: [{name: a, windows: ["mon 1:00-2:00", "MON 01:00-02:00"]}]',
            '"mon 01:00-02:00" is listed twice',
        ),
        ("time_zone: Europe/berlin", 'did you mean "Europe/Berlin"?'),
        ("time_zone: Europe", "is no time zone"),
        ("time_zone: ../etc/passwd", "is no time zone"),
        ("time_zone: 5", "5 is not text"),
    ],
)
def test_schedules_and_zones_that_cannot_be_read_are_refused(
    problems: Problems, text: str, found: str
) -> None:
    told = problems(text)
    assert any(found in problem for problem in told), told


def test_without_a_zone_it_is_that_of_the_machine(loaded: Load) -> None:
    assert loaded("").time_zone == loaded("time_zone: ''").time_zone == ""
