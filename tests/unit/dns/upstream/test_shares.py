"""Who gives way to whom."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.upstream.shares import OURSELVES, Holder, Shares, holder_of
from sinkhole.dns.wire.name import from_text

A, B, C = b"\xc0\0\2\1", b"\xc0\0\2\2", b"\xc0\0\2\3"
DEAD, ALIVE = b"\4dead\0", b"\5alive\0"


def full(*held: tuple[Holder, int]) -> Shares[str]:
    """Places all of which are taken, by so many of each holder."""
    shares = Shares[str](sum(count for _, count in held))
    for holder, count in held:
        for number in range(count):
            shares.take(holder, f"{holder.client[-1]}{holder.zone[1:2].decode()}{number}")
    return shares


def test_the_newest_of_who_holds_the_most_gives_way() -> None:
    shares = full((Holder(B, ALIVE), 2), (Holder(A, DEAD), 5), (Holder(C, ALIVE), 3))
    for holder in (Holder(B, ALIVE), Holder(B, DEAD), Holder(b"new", DEAD), Holder(C, ALIVE)):
        assert shares.yields(holder) == "1d4"
    assert shares.yields(Holder(A, DEAD)) is None
    assert [shares.admits(Holder(client, DEAD)) for client in (A, B)] == [False, True]


def test_within_a_client_the_newest_of_the_largest_zone_gives_way() -> None:
    shares = full((Holder(A, DEAD), 6), (Holder(A, ALIVE), 2), (Holder(B, DEAD), 4))
    assert shares.yields(Holder(A, ALIVE)) == "1d5"
    assert shares.yields(Holder(A, b"\3new\0")) == "1d5"
    assert shares.yields(Holder(A, DEAD)) is None


def test_a_dead_zone_asked_from_many_addresses_gives_way() -> None:
    """Where no client holds more than another, the zone that holds the most of all does."""
    clients = [bytes((10, 0, 0, last)) for last in range(8)]
    shares = full(*((Holder(client, DEAD), 1) for client in clients))
    assert shares.yields(Holder(B, ALIVE)) is not None
    assert shares.yields(Holder(B, DEAD)) is None
    assert shares.yields(Holder(clients[0], ALIVE)) is not None
    for number in range(8):  # one place after the other, until the newcomer holds the most
        place = shares.yields(Holder(bytes((10, 1, 0, number)), b"%d" % number))
        if number == 7:
            assert place is None
            break
        assert place is not None
        [holder] = [Holder(client, DEAD) for client in clients if place == f"{client[-1]}d0"]
        shares.leave(holder, place)
        shares.take(Holder(bytes((10, 1, 0, number)), b"%d" % number), f"new{number}")


def test_who_asks_about_a_zone_that_many_ask_about_takes_from_nobody_else() -> None:
    """A page makes a browser ask for several names at once: that is no flood."""
    crowd = [(Holder(bytes((10, 0, 0, last)), DEAD), 1) for last in range(8)]
    shares = full((Holder(A, ALIVE), 3), *crowd)
    assert shares.yields(Holder(B, DEAD)) is None
    assert shares.yields(Holder(A, ALIVE)) is not None
    shares = full((Holder(A, ALIVE), 3), *crowd, (Holder(C, DEAD), 2))
    assert shares.yields(Holder(B, DEAD)) == "3d1"


def test_a_zone_takes_nothing_from_clients_that_hold_fewer() -> None:
    shares = full((Holder(A, DEAD), 1), (Holder(B, DEAD), 1), (Holder(C, ALIVE), 1))
    shares.take(Holder(C, b"\1x\0"), "x")
    assert shares.yields(Holder(C, b"\3new\0")) is None


def test_counting_begun_half_way_goes_on_with_what_comes_and_goes() -> None:
    shares = full((Holder(A, DEAD), 2), (Holder(B, ALIVE), 1))
    assert (shares.held_by(A), shares.held_by(B)) == (2, 1)
    shares.leave(Holder(A, DEAD), "1d1")
    shares.take(Holder(B, DEAD), "new")
    assert (shares.held_by(A), shares.held_by(B)) == (1, 2)


def test_equals_throw_each_other_out_of_nothing() -> None:
    shares = full((Holder(A, DEAD), 3), (Holder(B, DEAD), 2))
    assert shares.yields(Holder(B, DEAD)) is None
    assert shares.yields(Holder(A, DEAD)) is None
    assert shares.yields(Holder(C, DEAD)) == "1d2"
    assert full((Holder(A, DEAD), 1)).yields(Holder(B, DEAD)) is None


def test_places_that_are_left_are_free_again() -> None:
    shares = full((Holder(A, DEAD), 2))
    shares.leave(Holder(A, DEAD), "1d0")
    assert (shares.free, shares.held_by(A), shares.admits(Holder(A, DEAD))) == (1, 1, True)
    shares.leave(Holder(A, DEAD), "1d1")
    assert (shares.free, shares.held_by(A)) == (2, 0)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy")), max_size=60))
def test_counts_agree_and_giving_way_evens_out(askers: list[tuple[str, str]]) -> None:
    """However they come: no place is lost, and who gives way held two more than the
    newcomer, or its zone did."""
    shares, held = Shares[tuple[Holder, int]](7), dict[tuple[Holder, int], None]()
    for number, (client, zone) in enumerate(askers):
        holder = Holder(client.encode(), zone.encode())
        before = Counter(place[0].client for place in held)
        by_holder = Counter(place[0] for place in held)
        if shares.free < 1:
            other = shares.yields(holder)
            if other is None:
                continue
            theirs, own = before[other[0].client], before[holder.client]
            zones = Counter(place[0].zone for place in held)
            if theirs <= own + 1 and by_holder[other[0]] <= by_holder[holder] + 1:
                in_zone = [by_holder[each] for each in by_holder if each.zone == other[0].zone]
                assert sum(in_zone) - max(in_zone) > own
                assert zones[other[0].zone] > zones[holder.zone] + 1
            shares.leave(other[0], other)
            del held[other]
        shares.take(holder, (holder, number))
        held[holder, number] = None
        assert shares.free == 7 - len(held) >= 0
        assert shares.held_by(holder.client) == sum(h.client == holder.client for h, _ in held)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        (".", "."),
        ("com", "com"),
        ("example.org", "example.org"),
        ("a.b.example.org", "example.org"),
        ("1.2.0.192.in-addr.arpa", "in-addr.arpa"),
    ],
)
def test_a_zone_is_the_last_two_labels(name: str, zone: str) -> None:
    assert holder_of(from_text(name), A).zone == from_text(zone)


def test_people_are_told_who_holds_places_and_for_what() -> None:
    ipv6 = b"\x20\x01\x0d\xb8" + bytes(12)
    name = from_text("www.example.org")
    assert [str(holder_of(name, client)) for client in (A, ipv6, OURSELVES)] == [
        "192.0.2.1 for names below example.org",
        "the network of 2001:db8:: for names below example.org",
        "sinkhole itself for names below example.org",
    ]
