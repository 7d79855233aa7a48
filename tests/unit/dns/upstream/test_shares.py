"""Who gives way to whom."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.upstream.shares import OURSELVES, Holder, Shares, holder_of
from sinkhole.dns.wire.name import from_text

A, B, C = b"\xc0\0\2\1", b"\xc0\0\2\2", b"\xc0\0\2\3"
DEAD, ALIVE = b"\4dead\0", b"\5alive\0"


def asks(client: bytes, zone: bytes, network: bytes = b"") -> Holder:
    """A client about a zone, alone in its network unless told otherwise."""
    return Holder(network or client, client, zone)


def held(shares: Shares[str], client: bytes) -> int:
    network, own = shares.held_by(asks(client, DEAD))
    assert network == own
    return own


def full(*held: tuple[Holder, int]) -> Shares[str]:
    """Places all of which are taken, by so many of each holder."""
    shares = Shares[str](sum(count for _, count in held))
    for holder, count in held:
        for number in range(count):
            shares.take(holder, f"{holder.client[-1]}{holder.zone[1:2].decode()}{number}")
    return shares


def test_the_newest_of_who_holds_the_most_gives_way() -> None:
    shares = full((asks(B, ALIVE), 2), (asks(A, DEAD), 5), (asks(C, ALIVE), 3))
    for holder in (asks(B, ALIVE), asks(B, DEAD), asks(b"new", DEAD), asks(C, ALIVE)):
        assert shares.yields(holder) == "1d4"
    assert shares.yields(asks(A, DEAD)) is None
    assert [shares.admits(asks(client, DEAD)) for client in (A, B)] == [False, True]


def test_within_a_client_the_newest_of_the_largest_zone_gives_way() -> None:
    shares = full((asks(A, DEAD), 6), (asks(A, ALIVE), 2), (asks(B, DEAD), 4))
    assert shares.yields(asks(A, ALIVE)) == "1d5"
    assert shares.yields(asks(A, b"\3new\0")) == "1d5"
    assert shares.yields(asks(A, DEAD)) is None


def test_a_dead_zone_asked_from_many_addresses_gives_way() -> None:
    """Where no client holds more than another, the zone that holds the most of all does."""
    clients = [bytes((10, 0, 0, last)) for last in range(8)]
    shares = full(*((asks(client, DEAD), 1) for client in clients))
    assert shares.yields(asks(B, ALIVE)) is not None
    assert shares.yields(asks(B, DEAD)) is None
    assert shares.yields(asks(clients[0], ALIVE)) is not None
    for number in range(8):  # one place after the other, until the newcomer holds the most
        place = shares.yields(asks(bytes((10, 1, 0, number)), b"%d" % number))
        if number == 7:
            assert place is None
            break
        assert place is not None
        [holder] = [asks(client, DEAD) for client in clients if place == f"{client[-1]}d0"]
        shares.leave(holder, place)
        shares.take(asks(bytes((10, 1, 0, number)), b"%d" % number), f"new{number}")


def test_who_asks_about_a_zone_that_many_ask_about_takes_from_nobody_else() -> None:
    """A page makes a browser ask for several names at once: that is no flood."""
    crowd = [(asks(bytes((10, 0, 0, last)), DEAD), 1) for last in range(8)]
    shares = full((asks(A, ALIVE), 3), *crowd)
    assert shares.yields(asks(B, DEAD)) is None
    assert shares.yields(asks(A, ALIVE)) is not None
    shares = full((asks(A, ALIVE), 3), *crowd, (asks(C, DEAD), 2))
    assert shares.yields(asks(B, DEAD)) == "3d1"


def test_a_zone_takes_nothing_from_clients_that_hold_fewer() -> None:
    shares = full((asks(A, DEAD), 1), (asks(B, DEAD), 1), (asks(C, ALIVE), 1))
    shares.take(asks(C, b"\1x\0"), "x")
    assert shares.yields(asks(C, b"\3new\0")) is None


def test_counting_begun_half_way_goes_on_with_what_comes_and_goes() -> None:
    shares = full((asks(A, DEAD), 2), (asks(B, ALIVE), 1))
    assert (held(shares, A), held(shares, B)) == (2, 1)
    shares.leave(asks(A, DEAD), "1d1")
    shares.take(asks(B, DEAD), "new")
    assert (held(shares, A), held(shares, B)) == (1, 2)


def test_within_a_network_the_client_with_the_most_gives_way() -> None:
    """All devices of a home are in one IPv6 network: one that floods harms itself."""
    home = b"home"
    flooder, quiet = asks(A, DEAD, home), asks(B, ALIVE, home)
    shares = full((flooder, 6), (quiet, 1), (asks(C, DEAD), 4))
    assert shares.yields(quiet) == "1d5"
    assert shares.yields(asks(b"new", DEAD, home)) == "1d5"
    assert shares.yields(asks(C, ALIVE)) == "1d5"
    assert shares.yields(flooder) is None
    assert shares.held_by(quiet) == (7, 1)


def test_a_network_gets_no_more_by_many_addresses() -> None:
    shares = full(
        *((asks(bytes((last,)), DEAD, b"home"), 1) for last in range(5)), (asks(A, DEAD), 2)
    )
    assert shares.yields(asks(A, ALIVE)) == "0d0"
    assert shares.yields(asks(b"new", DEAD, b"home")) is None


def test_equals_throw_each_other_out_of_nothing() -> None:
    shares = full((asks(A, DEAD), 3), (asks(B, DEAD), 2))
    assert shares.yields(asks(B, DEAD)) is None
    assert shares.yields(asks(A, DEAD)) is None
    assert shares.yields(asks(C, DEAD)) == "1d2"
    assert full((asks(A, DEAD), 1)).yields(asks(B, DEAD)) is None


def test_places_that_are_left_are_free_again() -> None:
    shares = full((asks(A, DEAD), 2))
    shares.leave(asks(A, DEAD), "1d0")
    assert (shares.free, held(shares, A), shares.admits(asks(A, DEAD))) == (1, 1, True)
    shares.leave(asks(A, DEAD), "1d1")
    assert (shares.free, held(shares, A)) == (2, 0)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy")), max_size=60))
def test_counts_agree_and_giving_way_evens_out(askers: list[tuple[str, str]]) -> None:
    """However they come: no place is lost, and who gives way held two more than the
    newcomer, or its zone did."""
    shares, held = Shares[tuple[Holder, int]](7), dict[tuple[Holder, int], None]()
    for number, (client, zone) in enumerate(askers):
        holder = asks(client.encode(), zone.encode())
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
        assert shares.held_by(holder)[0] == sum(h.client == holder.client for h, _ in held)


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
    assert holder_of(from_text(name), A, A).zone == from_text(zone)


def test_people_are_told_who_holds_places_and_for_what() -> None:
    ipv6 = b"\x20\x01\x0d\xb8" + bytes(12)
    name = from_text("www.example.org")
    assert [str(holder_of(name, client, client)) for client in (A, ipv6, OURSELVES)] == [
        "192.0.2.1 for names below example.org",
        "2001:db8:: for names below example.org",
        "sinkhole itself for names below example.org",
    ]
