"""What of other settings counts at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sinkhole.app.reloading import AT_ONCE, in_place
from sinkhole.control.settings import Settings, load


def settings(**tree: Any) -> Settings:
    return load(None, {}, tree)


@pytest.mark.parametrize(
    "change",
    [
        {"filtering": {"rules": ["||example.org^"]}},
        {"filtering": {"blocking": {"mode": "nxdomain"}}},
        {"local": {"records": {"nas.home": ["192.0.2.10"]}}},
        {"dns": {"allow": ["192.0.2.0/24"], "rate_limit": 7, "reserved_names": False}},
    ],
    ids=["rules", "blocking", "local", "dns"],
)
def test_what_makes_the_policy_counts_at_once(change: dict[str, Any]) -> None:
    assert in_place(settings(), settings(**change)) == (settings(**change), [])


def test_the_rest_waits_and_keeps_its_value() -> None:
    new = settings(
        dns={"listen": ["127.0.0.1:5353"], "rate_limit": 7},
        upstream={"timeout": "1s"},
        cache={"size": "1MiB", "max_ttl": "1h"},
        data_dir="elsewhere",
    )
    applied, later = in_place(settings(), new)
    assert later == [
        "dns.listen",
        "upstream.timeout",
        "cache.size",
        "cache.max_ttl",
        "data_dir",
    ]
    assert applied == settings(dns={"rate_limit": 7})
    assert applied.data_dir == Path("data")


def test_equal_settings_change_nothing() -> None:
    assert in_place(settings(), settings()) == (settings(), [])


def test_every_key_that_counts_at_once_is_one() -> None:
    for key in AT_ONCE - {"clients"}:
        section, _, name = key.partition(".")
        assert not name or hasattr(getattr(settings(), section), name)
