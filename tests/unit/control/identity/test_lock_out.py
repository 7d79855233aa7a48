"""Whoever fails waits, longer each time; the owner is kept out by nobody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.identity import lock_out as subject
from sinkhole.control.identity.lock_out import LockOut, is_here, network_of
from sinkhole.model.errors import RequestError


class Door:
    def __init__(self) -> None:
        self.now = 1000.0
        self.lock_out = LockOut(lambda: self.now)

    def wait_s(self, address: str = "192.0.2.7", account: str = "anna", device: str = "") -> float:
        """Fail once; how long there is to wait in place of that."""
        try:
            self.lock_out.begin(address, account, device)
        except RequestError as error:
            assert (error.kind, error.code) == ("too_many", "locked_out")
            return float(error.more["retry_after_s"])
        return 0.0


def test_after_five_failures_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    door, waits = Door(), []
    for _ in range(5):
        assert door.wait_s() == 0
    for _ in range(13):
        assert door.wait_s() == 0
        seconds = door.wait_s()
        waits.append(seconds)
        door.now += seconds
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_waiting_in_vain_makes_no_wait_longer() -> None:
    door = Door()
    for _ in range(6):
        door.wait_s()
    for _ in range(100):
        assert door.wait_s() == 1
    door.now += 1
    assert door.wait_s() == 0


def test_an_hour_without_a_failure_forgets_all() -> None:
    door = Door()
    for _ in range(8):
        door.now += door.wait_s()
    door.now += subject.FORGET_S + 1
    for _ in range(5):
        assert door.wait_s() == 0


def test_a_network_is_an_address_of_ipv4_and_a_64_of_ipv6() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7/32" == network_of("::ffff:192.0.2.7")
    assert network_of("2001:db8::1:2:3:4") == "2001:db8::/64" == network_of("2001:db8::9")
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth0")
    assert network_of("nonsense") == "nonsense"
    for here in ("", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert is_here(here)
    assert not is_here("192.0.2.7") and not is_here("nonsense")


def test_whoever_has_many_addresses_is_slowed_at_one_account_and_others_are_not() -> None:
    door = Door()
    for number in range(subject.FREE_TRIES_OF_STRANGERS + 1):
        assert door.wait_s(f"198.51.100.{number}") == 0
    assert door.wait_s("203.0.113.9") == 1
    assert door.wait_s("203.0.113.9", account="ben") == 0


def test_a_known_device_and_this_machine_are_kept_out_by_nobody_else() -> None:
    door = Door()
    for number in range(200):
        door.wait_s(f"198.51.100.{number}")
    assert door.wait_s(device="phone") == 0
    assert door.wait_s("127.0.0.1") == 0
    for _ in range(40):
        door.now += door.wait_s("127.0.0.1")
    assert door.wait_s("127.0.0.1") <= subject.LONGEST_HERE_S
    for _ in range(10):
        door.wait_s(device="phone")
    assert door.wait_s(device="phone") > 0
    assert door.wait_s(device="laptop") == 0


def test_many_tries_at_once_are_no_way_around_it() -> None:
    door = Door()
    begun = [door.wait_s() for _ in range(100)]
    assert begun.count(0.0) == subject.FREE_TRIES + 1


def test_a_try_that_succeeds_is_taken_back_and_forgives_no_other() -> None:
    door = Door()
    for _ in range(5):
        door.wait_s()
    for _ in range(20):
        door.lock_out.take_back(door.lock_out.begin("192.0.2.7", "mallory"))
    assert door.wait_s() == 0
    assert door.wait_s() == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 2000)), max_size=60))
def test_nobody_ever_waits_longer_than_the_bound(tries: list[tuple[int, bool, float]]) -> None:
    door = Door()
    for host, succeeds, passed_s in tries:
        door.now += passed_s
        try:
            counted = door.lock_out.begin(f"192.0.2.{host}", "anna")
        except RequestError as error:
            assert 1 <= error.more["retry_after_s"] <= subject.LONGEST_S
        else:
            if succeeds:
                door.lock_out.take_back(counted)
    door.now += subject.LONGEST_S
    assert door.wait_s("192.0.2.0") == 0


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_KNOWN", 50)
    door = Door()
    for number in range(500):
        door.wait_s(f"198.51.{number // 250}.{number % 250}", account=f"name {number}")
    assert len(door.lock_out) == 50
