from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.querylog.sought import (
    MOST_TEXT,
    MOST_VALUES,
    LoggedClient,
    Sought,
    SoughtName,
    as_logged,
    client_test,
    devices_of,
    mac_of,
    moment,
    outcomes_of,
    rcode_number,
    stands_for_device,
    text_test,
    transport_number,
)
from sinkhole.model.verdict import Outcome

MAC = "02:00:5e:10:00:07"
CALLED = {"192.0.2.7": "Kids tablet", "2001:db8::7": "Kids Tablet", "192.0.2.9": "Größe"}


def called(client: str, device: str) -> str:
    return CALLED.get(client, "") or ("TV" if device == MAC else "")


def a_client(text: str, number: int = 1, device: str = "", seen: int = 0) -> LoggedClient:
    return LoggedClient(number, text, device, "default", seen)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("192.0.2.7", {"192.0.2.7"}),
        ("2001:0DB8::7", {"2001:db8::7"}),
        ("192.0.2.0/29", {"192.0.2.7"}),
        ("192.0.2.1/24", {"192.0.2.7", "192.0.2.9"}),
        ("2001:db8::/32", {"2001:db8::7"}),
        ("kids TABLET", {"192.0.2.7", "2001:db8::7"}),
        ("tablet", {"192.0.2.7", "2001:db8::7"}),
        ("GRÖSSE", {"192.0.2.9"}),
        ("Phone", {"phone"}),
        ("pho", set()),
        (4, {"phone"}),
        ("192.0.2", set()),
    ],
)
def test_a_client_is_found_by_address_network_id_number_or_name(
    wanted: str | int, found: set[str]
) -> None:
    clients = {1: "192.0.2.7", 2: "2001:db8::7", 3: "192.0.2.9", 4: "phone"}
    is_wanted = client_test((wanted,), called)
    assert {text for each, text in clients.items() if is_wanted(a_client(text, each))} == found


@pytest.mark.parametrize("wanted", [MAC, "02-00-5E-10-00-07", "tv"])
def test_a_client_is_found_by_its_mac_and_by_what_that_is_called(wanted: str) -> None:
    is_wanted = client_test((wanted,), called)
    assert is_wanted(a_client("2001:db8::9", device=MAC))
    assert not is_wanted(a_client("2001:db8::9", device="02:00:5e:10:00:08"))


def test_the_device_of_an_address_is_the_one_that_had_it_last() -> None:
    other = "02:00:5e:10:00:08"
    had = [a_client("192.0.2.7", 2, MAC, 3600), a_client("192.0.2.7", 1, other, 7200)]
    assert devices_of(had) == {other}
    assert devices_of([*had, a_client("2001:db8::7", 3, MAC, 0)]) == {MAC, other}
    assert devices_of([a_client("192.0.2.7")]) == set()


def test_all_but_networks_and_numbers_stand_for_devices() -> None:
    told = ["192.0.2.7", "2001:db8::7", MAC, "Kids tablet", "192.0.2.0/24", 7]
    assert [stands_for_device(each) for each in told] == [True] * 4 + [False] * 2


def test_a_mac_is_understood_as_people_write_it() -> None:
    assert mac_of(" 02-00-5E-10-00-07 ") == MAC
    assert mac_of("192.0.2.7") == mac_of("02:00:5e:10:00") == mac_of("2001:db8::7") == ""


def test_any_of_several_clients_will_do() -> None:
    is_wanted = client_test(("tablet", "192.0.2.8/31"), called)
    assert [is_wanted(a_client(each)) for each in (*CALLED, "192.0.2.1")] == [
        True,
        True,
        True,
        False,
    ]


def test_text_is_found_in_addresses_names_and_known_clients() -> None:
    is_wanted = text_test("Tablet", (9,), called)
    assert is_wanted(a_client("192.0.2.7")) and is_wanted(a_client("192.0.2.1", 9))
    assert not is_wanted(a_client("192.0.2.1"))
    assert text_test("2.7", (), called)(a_client("192.0.2.7"))
    assert text_test("00:07", (), called)(a_client("192.0.2.1", device=MAC))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000", 1_700_000_000.0),
        ("1700000000.5", 1_700_000_000.5),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
    ],
)
def test_a_moment_is_seconds_or_iso(text: str, seconds: float) -> None:
    assert moment(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "1e9", "٣", "9" * 30])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time; write 2026"):
        moment(text)


def test_words_of_verdicts_rcodes_and_transports() -> None:
    assert outcomes_of("blocked") == [Outcome.BLOCKED, Outcome.BLOCKED_ANSWER]
    assert outcomes_of("blocked_answer") == [Outcome.BLOCKED_ANSWER]
    assert Outcome.CACHED in outcomes_of("allowed")
    assert [rcode_number(each) for each in ("NXDOMAIN", "servfail", "3", "RCODE77")] == [
        3,
        2,
        3,
        77,
    ]
    assert transport_number("tls") == 2
    for wrong, function in (("evil", outcomes_of), ("x", transport_number), ("9999", rcode_number)):
        with pytest.raises(ValueError, match="it may be"):
            function(wrong)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"types": ("A",) * (MOST_VALUES + 1)}, "101 values"),
        ({"text": "x" * (MOST_TEXT + 1)}, "too long"),
        ({"names": (SoughtName("x" * (MOST_TEXT + 1)),)}, "too long"),
        ({"names": (SoughtName(""),)}, "is empty"),
        ({"clients": ("",)}, "is empty"),
        ({"clients": ("192.0.2.0/40",)}, "is no network; write 192.0.2.0/24"),
        ({"from_s": 2.0, "to_s": 1.0}, "ends before it begins"),
        ({"names": (SoughtName("x", "like"),)}, "may be one of part, exact, below"),  # type: ignore[arg-type]  # what a view may hold
    ],
)
def test_what_can_not_be_looked_for_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Sought(**given).check()


def test_clients_are_spelled_as_the_log_does() -> None:
    assert as_logged(" 2001:0DB8::A ") == "2001:db8::a"
    assert as_logged("Phone") == "phone"
