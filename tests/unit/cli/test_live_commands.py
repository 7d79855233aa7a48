"""The filters of the live log; tests/network has the rest."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.cli.live_commands import is_wanted

ROW = {
    "name": "xn--mnchen-3ya.example", "name_unicode": "münchen.example", "client": "192.0.2.7",
    "client_name": "Kids tablet", "type": "A", "outcome": "stale", "blocked": False,
    "rcode": "NOERROR", "transport": "tls", "upstream": "", "list": None,
}  # fmt: skip
NOTHING: dict[str, Any] = {
    "text": "", "name_match": "part", **dict.fromkeys(
        ("names", "clients", "lists", "upstreams", "transports", "rcodes", "verdicts", "types"), ()
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "wanted",
    [
        {}, {"text": "MÜN"}, {"text": "tablet"}, {"names": ("xn--",)}, {"clients": ("192.0.2.7",)},
        {"clients": ("kids", "nobody")}, {"types": ("a",)}, {"verdicts": ("allowed",)},
        {"clients": ("192.0.2.0/24",)},
        {"verdicts": ("cached",)}, {"rcodes": ("noerror",)}, {"transports": ("tls",)},
        {"names": ("münchen.example.",), "name_match": "exact"},
        {"names": ("example",), "name_match": "below"},
    ],
    ids=str,
)  # fmt: skip
def test_rows_that_meet_a_filter_are_shown(wanted: dict[str, Any]) -> None:
    assert is_wanted(ROW, {**NOTHING, **wanted})


@pytest.mark.parametrize(
    "wanted",
    [
        {"text": "berlin"}, {"names": ("berlin",)}, {"clients": ("192.0.2",)}, {"types": ("AAAA",)},
        {"verdicts": ("blocked",)}, {"lists": ("Ads",)}, {"upstreams": ("192.0.2.53",)},
        {"clients": ("198.51.100.0/24",)},
        {"names": ("chen.example",), "name_match": "below"}, {"rcodes": ("NXDOMAIN",)},
        {"names": ("münchen",), "name_match": "exact"}, {"names": ("xn--",), "types": ("TXT",)},
    ],
    ids=str,
)  # fmt: skip
def test_rows_that_do_not_are_not(wanted: dict[str, Any]) -> None:
    assert not is_wanted(ROW, {**NOTHING, **wanted})
