"""Safe search: one key an engine, and the promises of blocklists/safesearch.yaml."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.settings.fields import read_host_name
from sinkhole.control.settings.safe_search import SafeSearchSettings, known_engines

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
def test_other_values_are_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"filtering: {{safe_search: {text}}}")
    assert found in problem


def test_an_engine_can_be_switched_on_alone(loaded: Load) -> None:
    settings = loaded(
        "filtering: {safe_search: {bing: true}}",
        {"SINKHOLE__FILTERING__SAFE_SEARCH__YANDEX": "true"},
    )
    assert settings.filtering.safe_search.bing and settings.filtering.safe_search.yandex


def test_the_file_knows_every_engine_of_the_settings_and_its_levels() -> None:
    engines = known_engines()
    assert list(engines) == sorted(SafeSearchSettings.model_fields)
    for engine, known in engines.items():
        levels = {"moderate", "strict"} if engine == "youtube" else {"strict"}
        assert set(known) == {"name", "hosts"} | levels
        targets = {known[level] for level in levels}
        assert len(targets) == len(levels)
        assert not targets.intersection(known["hosts"]), "a host would lead to itself"


def test_every_host_is_a_name_and_stands_once() -> None:
    hosts = [host for known in known_engines().values() for host in known["hosts"]]
    assert len(set(hosts)) == len(hosts)
    for known in known_engines().values():
        assert known["hosts"] == sorted(known["hosts"])
    for host in hosts:
        assert read_host_name(host) == host


def test_google_is_covered_in_every_country() -> None:
    hosts = known_engines()["google"]["hosts"]
    assert len(hosts) >= 187
    assert all(host.startswith("www.google.") for host in hosts)
    for end in ("com", "de", "co.uk", "com.au", "co.jp", "com.br", "fr", "cat", "rs", "cn"):
        assert f"www.google.{end}" in hosts
