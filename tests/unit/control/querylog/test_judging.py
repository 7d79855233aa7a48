"""What is sought, told of single rows; test_any_search.py holds it to what a search finds."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sinkhole.control.querylog.judging import row_test
from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.querylog.sought import Sought, SoughtName

CALLED = {"192.0.2.7": "Kids tablet", "phone": "Anna"}

ROW = cast(
    LoggedQuery,
    {
        "id": "1700000000000000", "name": "xn--mnchen-3ya.example", "client": "192.0.2.7",
        "type": "A", "outcome": "stale", "blocked": False, "rcode": "NOERROR", "transport": "tls",
        "upstream": "192.0.2.53", "list": "", "list_id": 0, "device": "02:00:5e:10:00:07",
        "group": "kids",
    },
)  # fmt: skip
BLOCKED = cast(
    LoggedQuery,
    {**ROW, "outcome": "blocked_answer", "list": "Ads", "list_id": 3, "client": "phone"},
)


def called(client: str, device: str) -> str:
    return CALLED.get(client, "")


def meets(row: LoggedQuery, **sought: Any) -> bool:
    return row_test(Sought(**sought), called)(row)


@pytest.mark.parametrize(
    "sought",
    [
        {}, {"text": "MÜN"}, {"text": "TABLET"}, {"text": "2.7"}, {"types": ("a", "TXT")},
        {"names": (SoughtName("xn--"),)}, {"names": (SoughtName("berlin"), SoughtName("chen"))},
        {"names": (SoughtName("münchen.example.", "exact"),)},
        {"names": (SoughtName("example", "below"),)}, {"names": (SoughtName(".", "below"),)},
        {"clients": ("192.0.2.7",)}, {"clients": ("kids", "x")}, {"clients": ("192.0.2.0/24",)},
        {"clients": ("02-00-5E-10-00-07",)}, {"text": "10:00"}, {"groups": ("KIDS", "x")},
        {"devices": ("x", "02-00-5E-10-00-07")},
        {"verdicts": ("allowed",)}, {"verdicts": ("cached",)}, {"verdicts": ("stale",)},
        {"rcodes": ("noerror", "9")}, {"transports": ("tls",)}, {"upstreams": ("192.0.2.53",)},
        {"from_s": 1_700_000_000.0, "to_s": 1_700_000_001.0}, {"through": 1_700_000_000_000_000},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_meets_what_is_sought(sought: dict[str, Any]) -> None:
    assert meets(ROW, **sought)


def test_a_row_of_the_device_of_a_client_is_of_that_client() -> None:
    elsewhere = cast(LoggedQuery, {**ROW, "client": "2001:db8::7"})
    sought = Sought(clients=("192.0.2.7",))
    assert not row_test(sought, called)(elsewhere)
    assert row_test(sought, called, {ROW["device"]})(elsewhere)
    sought = Sought(devices=("192.0.2.7",))
    assert row_test(sought, called, macs={ROW["device"]})(elsewhere)
    assert row_test(sought, called)(cast(LoggedQuery, {**ROW, "device": ""}))


@pytest.mark.parametrize(
    "sought",
    [
        {"text": "berlin"}, {"names": (SoughtName("berlin"),)}, {"types": ("AAAA",)},
        {"names": (SoughtName("chen.example", "below"),)}, {"clients": ("192.0.2",)},
        {"names": (SoughtName("münchen", "exact"),)}, {"clients": ("198.51.100.0/24",)},
        {"groups": ("default",)}, {"groups": ("kid",)}, {"devices": ("192.0.2.7",)},
        {"devices": ("02:00:5e:10:00:08",)},
        {"clients": (7,)}, {"verdicts": ("blocked",)}, {"rcodes": ("NXDOMAIN",)},
        {"transports": ("udp",)}, {"upstreams": ("192.0.2.5",)}, {"lists": ("Ads", "")},
        {"from_s": 1_700_000_001.0}, {"to_s": 1_700_000_000.0}, {"through": 1_699_999_999_999_999},
        {"names": (SoughtName("xn--"),), "types": ("TXT",)},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_does_not_meet_what_it_is_not(sought: dict[str, Any]) -> None:
    assert not meets(ROW, **sought)


def test_lists_are_meant_by_name_and_number_and_clients_by_id() -> None:
    assert meets(BLOCKED, lists=("Ads",)) and meets(BLOCKED, lists=(3,))
    assert not meets(BLOCKED, lists=("ads", 4))
    assert meets(BLOCKED, clients=("Phone",)) and meets(BLOCKED, clients=("anna",))
    assert meets(BLOCKED, verdicts=("blocked",))


@pytest.mark.parametrize(
    ("sought", "told"),
    [
        ({"verdicts": ("evil",)}, "verdict is 'evil'"),
        ({"types": ("NOPE",)}, "is not a record type"),
        ({"rcodes": ("NOPE",)}, "rcode is 'NOPE'"),
        ({"transports": ("pigeon",)}, "transport is 'pigeon'"),
        ({"clients": ("192.0.2.0/99",)}, "is no network"),
    ],
)
def test_what_is_not_understood_is_told_before_any_row_comes(
    sought: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        row_test(Sought(**sought), called)
