"""The sections of `filtering`: safe search, built-in protections, the guard, blocking."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from sinkhole.control.settings import SafeSearchSettings, Settings
from sinkhole.control.settings.filtering_schema import BuiltinSettings

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_all_engines_are_off_by_default() -> None:
    assert {value for _, value in SafeSearchSettings()} == {False, "off"}


@pytest.mark.parametrize(
    ("value", "level"),
    [("off", "off"), ("false", "off"), ("moderate", "moderate"), ("strict", "strict")],
)
def test_youtube_has_levels(loaded: Load, value: str, level: str) -> None:
    settings = loaded(f"filtering: {{safe_search: {{youtube: {value}, google: yes}}}}")
    assert settings.filtering.safe_search.youtube == level
    assert settings.filtering.safe_search.google is True


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "{youtube: true}",
            "safe_search.youtube: true is not known, write off, moderate or strict",
        ),
        ("{google: strict}", 'safe_search.google: "strict" is neither true nor false'),
        ("{gogle: true}", 'safe_search.gogle: unknown key, did you mean "google"?'),
        ("true", 'filtering.safe_search: true does not fit, write "key: value" lines'),
    ],
)
def test_other_values_of_safe_search_are_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"filtering: {{safe_search: {text}}}")
    assert found in problem


def test_an_engine_can_be_switched_on_alone(loaded: Load) -> None:
    settings = loaded(
        "filtering: {safe_search: {bing: true}}",
        {"SINKHOLE__FILTERING__SAFE_SEARCH__YANDEX": "true"},
    )
    assert settings.filtering.safe_search.bing and settings.filtering.safe_search.yandex


def test_all_protections_are_on_by_default() -> None:
    builtin = BuiltinSettings()
    assert builtin.doh_canary and builtin.private_relay
    assert builtin.discovery and builtin.rebinding
    assert builtin.rebinding_allow == builtin.bogus_nxdomain == ()


def test_names_and_networks_of_protections_are_read(loaded: Load) -> None:
    text = "{rebinding_allow: [Plex.direct.], bogus_nxdomain: [192.0.2.80, '2001:db8::/32']}"
    builtin = loaded(f"filtering: {{builtin: {text}}}").filtering.builtin
    assert builtin.rebinding_allow == ("plex.direct",)
    assert builtin.bogus_nxdomain == (ip_network("192.0.2.80/32"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{doh_canary: maybe}", 'doh_canary: "maybe" is neither true nor false'),
        ("{rebinding_allow: ['*.plex.direct']}", 'rebinding_allow[0]: "*.plex.direct" is not a ho'),
        ("{rebinding_allow: [192.0.2.1]}", "is an address, write a name"),
        ("{bogus_nxdomain: [example.org]}", 'bogus_nxdomain[0]: "example.org" is not a network'),
        ("{bogus_nxdomain: [any]}", '"any" is not a network'),
        ("{canary: true}", 'unknown key, did you mean "doh_canary"?'),
    ],
)
def test_a_protection_that_makes_no_sense_is_refused(
    problems: Problems, text: str, found: str
) -> None:
    (problem,) = problems(f"filtering: {{builtin: {text}}}")
    assert found in problem


def test_a_factor_of_three_is_usual_and_zero_is_off(loaded: Load) -> None:
    assert loaded("").filtering.guard.factor == 3
    assert loaded("filtering: {guard: {factor: 0}}").filtering.guard.factor == 0


def test_canaries_are_names(loaded: Load) -> None:
    guard = loaded("filtering: {guard: {canaries: [WWW.Example.org]}}").filtering.guard
    assert guard.canaries == ("www.example.org",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{factor: 1}", "factor: 1 would stop every change, write 2 to 1000, or 0 for off"),
        ("{factor: 1.5}", "factor: 1.5 is not a whole number from 0 to 1000"),
        ("{factor: -3}", "factor: -3 is not a whole number from 0 to 1000"),
        ("{canaries: [a b]}", 'canaries[0]: "a b" is not a host name'),
    ],
)
def test_a_guard_that_makes_no_sense_is_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"filtering: {{guard: {text}}}")
    assert problem.startswith("s.yaml:1: filtering.guard.")
    assert found in problem


@pytest.mark.parametrize(
    ("text", "ttl"),
    [
        ("{}", 10),
        ("{ttl: 1m}", 60),
        ("{ttl: 0}", 0),
        ("{ttl: {null_ip: 1m}}", 60),
        ("{mode: nxdomain, ttl: {null_ip: 1m, nxdomain: 2m}}", 120),
        ("{mode: nodata, ttl: {null_ip: 1m, nxdomain: 2m}}", 10),
        ("{mode: default, ttl: {default: 0s}}", 0),
    ],
)
def test_the_ttl_in_force_is_that_of_the_mode(loaded: Load, text: str, ttl: int) -> None:
    assert loaded(f"filtering: {{blocking: {text}}}").filtering.blocking.ttl_in_force == ttl


@pytest.mark.parametrize(
    ("ttl", "found"),
    [
        ("2d", "s.yaml:3: filtering.blocking.ttl: 2d is out of range, write 0s to 1d"),
        ("[1m]", "s.yaml:3: filtering.blocking.ttl: a list is not a number with a unit"),
        ("{}", "s.yaml:3: filtering.blocking.ttl: no mode is named, write one time span"),
        (
            "\n      null_ip: 1m\n      nxdomian: 1m",
            's.yaml:5: filtering.blocking.ttl.nxdomian: "nxdomian" is no blocking mode,'
            ' did you mean "nxdomain"?',
        ),
        ("\n      x: 1m", '"x" is no blocking mode, write null_ip, default, nxdomain, nodata, '),
        (
            "\n      null_ip: 1m\n      nodata: soon",
            's.yaml:5: filtering.blocking.ttl.nodata: "soon" is not a duration',
        ),
        (
            "\n      nodata: 25h",
            "s.yaml:4: filtering.blocking.ttl.nodata: 25h is out of range, write 0s to 1d",
        ),
    ],
    ids=["long", "list", "no-mode", "wrong-mode", "strange-mode", "no-span", "long-span"],
)
def test_a_ttl_that_makes_no_sense_is_refused(problems: Problems, ttl: str, found: str) -> None:
    (problem,) = problems(f"filtering:\n  blocking:\n    ttl: {ttl}\n")
    assert found in problem


def test_default_is_a_mode(loaded: Load) -> None:
    assert loaded("filtering: {blocking: {mode: default}}").filtering.blocking.mode == "default"
