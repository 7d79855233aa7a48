"""Explanations in words, where the tests of the command don't come."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.cli.explanation import MOST_TEXT, in_words, printable

PLAIN: dict[str, Any] = {
    "name": "a.example", "type": "A", "verdict": "none", "rule": None, "list": None, "line": None,
    "rewrite": None, "opinions": [],
}  # fmt: skip
EXPLAINED: dict[str, Any] = PLAIN | {
    "outcome": "forwarded", "detail": "", "hop": None, "asks": "a.example", "answer": None,
    "via": "", "subnet": None,
    "decided_by": {"list": None, "line": None, "rule": None}, "stages": [], "group": "default",
    "client": {"address": "192.0.2.7", "name": "", "tags": [], "traits": []},
    "cache": [], "leads_to": [], "heard": False, "changes": [], "lists": [], "data_dir": "data",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("||a.example^ bücher", "||a.example^ bücher"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\x7f", r"a\x0ab\x09c\x7f"),
        ("\x9b1m\xad", r"\x9b1m\xad"),
        ("\u202e\u2028\ud800", r"\u202e\u2028\ud800"),
    ],
    ids=["plain", "escape", "lines", "C1", "direction"],
)
def test_what_a_terminal_might_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_rules_are_cut() -> None:
    rule = "|" * 1000
    told = PLAIN | {"verdict": "block", "list": "Ads", "line": 1, "rule": rule}
    assert in_words(told) == f"a.example A: blocked by Ads, line 1: {'|' * MOST_TEXT}…"


def test_a_rule_whose_text_is_gone_is_told_by_its_place() -> None:
    told = PLAIN | {"verdict": "block", "list": "Ads", "line": 7, "rule": ""}
    assert "blocked by Ads, line 7: (its text is gone)" in in_words(told)


def kept(**differs: Any) -> dict[str, Any]:
    entry = {
        "do": False, "cd": False, "state": "fresh", "outdated": False, "negative": False,
        "ttl_s": 9, "outcome": "cached", "list": None, "line": None, "rule": None, "hop": None,
        "detail": "", "rcode": "NOERROR", "records": [],
    }  # fmt: skip
    return entry | differs


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "upstream  asked about a.example when there is no answer in the cache\n"),
        ({"via": "office"}, "upstream  those of the set 'office' are asked about a.example when"),
        ({"subnet": "192.0.2.0/24"}, "in the cache; told that the client is in 192.0.2.0/24\n"),
        ({"subnet": "0.0.0.0/0"}, "in the cache; told to keep to themselves where it is from\n"),
    ],
)
def test_whom_a_question_goes_to_is_told(asked: dict[str, Any], sentence: str) -> None:
    assert sentence in in_words(EXPLAINED | asked) + "\n"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (kept(), "cache     fresh, 9 s left; was cached\n"),
        (kept(negative=True, do=True), "fresh, 9 s left, a negative answer, with DO; was cached"),
        (kept(state="expired", ttl_s=0), "expired, kept for when no upstream answers, 0 s left"),
        (kept(state="stale"), "expired, given because no upstream answers"),
        (kept(outdated=True), "judged by older rules: will be judged again"),
        (kept(state="failure", outcome="failed"), "a failure: no upstream could answer"),
        (kept(outcome="failed", detail="a: extended error 7"), "; was failed: a: extended error 7"),
        (
            kept(state="made here", ttl_s=None),
            "made here, good until rules or settings change; was",
        ),
        (kept(state="refused"), "of a refused answer only this is known; --ask tells all of it"),
    ],
)
def test_what_is_kept_is_told(entry: dict[str, Any], sentence: str) -> None:
    assert sentence in in_words(EXPLAINED | {"cache": [entry]}) + "\n"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("allow", "add", "filtering.rules", ["@@||a^", "@@||b^"], "x"),
         'To allow it, add to filtering.rules: "@@||a^", "@@||b^" (x)'),
        (("allow", "remove", "filtering.services", ["tiktok"], ""),
         'To allow it, remove from filtering.services: "tiktok"'),
        (("forward", "set", "dns.reserved_names", ["false"], ""),
         "To ask an upstream instead, set dns.reserved_names to false"),
        (("block", "none", "", [], "no rule can"), "To block it: no rule can"),
        (("serve", "add", "dns.allow", ["203.0.113.7"], ""),
         'To serve this client, add to dns.allow: "203.0.113.7"'),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_change_is_told_as_what_to_do(change: tuple[Any, ...], sentence: str) -> None:
    keys = ("effect", "change", "where", "items", "note")
    told = EXPLAINED | {"changes": [dict(zip(keys, change, strict=True))]}
    assert f"\n{sentence}\n" in in_words(told) + "\n"


@pytest.mark.parametrize("effect", ["allow", "block"])
def test_a_rule_of_ones_own_is_had_by_a_command_as_well(effect: str) -> None:
    change = {"effect": effect, "change": "add", "where": "filtering.rules", "items": ["x"]}
    told = EXPLAINED | {"changes": [change | {"note": ""}]}
    assert in_words(told).endswith(f"\n`sinkhole {effect} a.example` does so in one step.")
    other = change | {"where": "filtering.services", "note": ""}
    assert "in one step" not in in_words(EXPLAINED | {"changes": [other]})


def test_what_was_heard_and_does_not_count_is_told() -> None:
    lead = {
        "what": "CNAME target", "value": "t.example", "refused": False, "list": "Ads", "line": 1,
        "rule": "||t.example^", "note": "the name is allowed",
    }  # fmt: skip
    told = in_words(EXPLAINED | {"heard": True, "leads_to": [lead]})
    assert "  asked     an upstream, just now\n" in told
    assert (
        "leads to  CNAME target t.example: not refused by Ads, line 1: ||t.example^ "
        "(the name is allowed)"
    ) in told


APPLIES: dict[str, Any] = {
    "at": 1_800_000_000.0, "time_zone": "Europe/Berlin", "group": "kids", "open": ["bedtime"],
    "until": 1_800_003_600.0,
    "layers": [
        {"kind": "group", "name": "kids", "schedule": "", "says": {"lists": [], "rules": []}},
        {"kind": "client", "name": "Tablet", "schedule": "bedtime", "says": {"allow_only": True}},
    ],
    "pauses": [
        {"scope": "all", "name": "", "by": "anna", "left_s": None},
        {"scope": "client", "name": "Tablet", "by": "otto", "left_s": 60.0},
    ],
}  # fmt: skip


def test_what_applies_is_told_by_the_clock_of_the_household() -> None:
    client = EXPLAINED["client"] | {"name": "Tablet", "known_by": "mac"}
    told = in_words(EXPLAINED | {"client": client, "group": "kids", "applies": APPLIES})
    for line in (
        '  client    192.0.2.7, "Tablet", known by its mac, group kids',
        "  moment    Fri 2027-01-15 09:00",
        "  applies   group kids: lists, rules",
        "            client Tablet during bedtime: allow_only",
        "            open now: bedtime; this changes Fri 2027-01-15 10:00",
        "            paused: all, until it is resumed, by anna",
        "            paused: client Tablet, for 1 min, by otto",
    ):
        assert line in told.splitlines()
    elsewhere = in_words(EXPLAINED | {"applies": APPLIES | {"time_zone": "Nowhere/At all"}})
    assert "  moment    " in elsewhere


def test_what_it_is_for_others_is_told() -> None:
    nobody = {"list": None, "line": None, "rule": None, "detail": "", "outcome": "forwarded"}
    rule = {"list": "Ads", "line": 3, "rule": "||a.example^", "outcome": "blocked"}
    others = [
        {"clients": [], "group": "default"} | nobody,
        {"clients": ["A", "B", "C", "D", "E", "F"], "group": "kids"} | nobody | rule,
        {"clients": ["G"], "group": "kids"} | nobody | {"outcome": "special", "detail": "a word"},
    ]
    told = in_words(EXPLAINED | {"others": others}).splitlines()
    assert "  others    for everybody else, group default: forwarded" in told
    blocked = "blocked by Ads, line 3: ||a.example^"
    assert f"            for A, B, C, D, E and 1 more, group kids: {blocked}" in told
    assert "            for G, group kids: special: a word" in told
