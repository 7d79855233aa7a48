"""What is known of one server."""

import socket

import pytest

from sinkhole.dns.upstream.health import SEVERAL, Server

ZONES = (b"\1a\0", b"\1b\0", b"\1c\0")


def test_the_port_is_named_where_it_is_not_53() -> None:
    names = [
        Server(ip, port, 1.0).name for ip in ("192.0.2.1", "2001:db8::1") for port in (53, 5353)
    ]
    assert names == ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"]


def test_the_socket_address_fits_the_family() -> None:
    ipv4, ipv6 = Server("192.0.2.1", 53, 1.0), Server("2001:db8::1", 53, 1.0)
    assert (ipv4.family, ipv4.address()) == (socket.AF_INET, ("192.0.2.1", 53))
    assert (ipv6.family, ipv6.address()) == (socket.AF_INET6, ("2001:db8::1", 53, 0, 0))


def test_an_interface_that_is_not_there_yet_is_no_mistake() -> None:
    server = Server("fe80::1%nosuchif", 5353, 1.0)
    assert server.name == "[fe80::1%nosuchif]:5353"
    with pytest.raises(OSError, match="there is no interface nosuchif"):
        server.address()


@pytest.mark.parametrize("wrong", ["dns.example.org", "", "192.0.2.256"])
def test_what_is_not_an_address_here_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong or "''"):
        Server(wrong, 53, 1.0)


def test_the_round_trip_time_is_smoothed() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    assert server.status()["rtt_ms"] is None
    server.answered(1.0, 0.080)
    assert server.status()["rtt_ms"] == 80.0
    server.answered(2.0, 0.160)
    assert server.status()["rtt_ms"] == 90.0
    server.answered(3.0, None)
    assert server.status()["rtt_ms"] == 90.0


def test_failures_that_are_about_no_name_mean_down_and_one_answer_means_up() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    for _ in range(SEVERAL):
        assert server.up
        server.failed("cannot be reached")
    assert not server.up and server.is_suspect
    assert server.status()["failures"] == SEVERAL
    server.answered(7.0, 0.01)
    assert server.up and not server.is_suspect
    assert server.recovered_at == 7.0


def test_failures_with_answers_between_them_do_not_mean_down() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    for number in range(10):
        server.failed("gave no answer", ZONES[number % 3])
        server.failed("gave no answer")
        server.answered(1.0, 0.01)
    assert server.up
    assert server.recovered_at < 0, "it was never down"


def test_the_silence_of_one_zone_says_nothing_of_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.answered(1.0, 0.01)
    for _ in range(100):
        server.failed("gave no answer", ZONES[0])
    assert (server.up, server.score) == (True, 0.01)
    assert server.missed == {ZONES[0]}
    server.failed("gave no answer")
    assert (server.up, server.score) == (True, 0.01), "one lost probe is no proof either"
    assert caplog.records == []


def test_the_silence_of_several_zones_makes_it_the_last_to_be_asked_and_a_probe_decides() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.answered(1.0, 0.01)
    for zone in ZONES:
        assert server.score == 0.01
        server.failed("gave no answer", zone)
    assert (server.up, server.score) == (True, 1.0)
    server.failed("gave no answer")
    assert not server.up


def test_answers_of_no_use_to_one_zone_change_nothing_for_others() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.helped(1.0, 0.01)
    for _ in range(100):
        server.unhelpful(2.0, ZONES[0])
    assert (server.score, server.up, server.failures) == (0.01, True, 0)
    assert server.useless == {ZONES[0]}


def test_a_server_of_no_use_for_several_zones_is_asked_last_until_it_helps() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.helped(1.0, 0.01)
    for zone in ZONES:
        server.unhelpful(2.0, zone)
    assert (server.score, server.up, server.failures) == (1.0, True, 0)
    server.answered(3.0, 0.01)
    assert server.score == 1.0, "a probe says that it is there, not that it is of use"
    assert server.recovered_at < 0
    server.helped(4.0, 0.01)
    assert server.score == pytest.approx(0.01)
    assert server.recovered_at == 4.0
    assert not server.useless


def test_a_server_of_no_use_for_long_has_recovered_when_it_helps_however_few_zones() -> None:
    """So that what it failed for meanwhile is asked again at once."""
    server = Server("192.0.2.1", 53, 1.0)
    for now in (100.0, 105.0, 109.0):
        server.unhelpful(now, ZONES[0])
    server.helped(200.0, 0.01)
    assert server.recovered_at < 0, "one name's trouble of a moment"
    for now in (300.0, 305.0, 310.0):
        server.unhelpful(now, ZONES[int(now) % 2])
    server.helped(311.0, 0.01)
    assert server.recovered_at == 311.0


def test_a_looping_server_is_not_shown_as_up() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.loops = True
    assert not server.status()["up"]


def test_a_server_that_never_answered_gives_no_hope_after_its_first_failure() -> None:
    fresh, known = Server("192.0.2.1", 53, 1.0), Server("192.0.2.2", 53, 1.0)
    known.answered(1.0, 0.01)
    assert fresh.is_hopeful
    for server in (fresh, known):
        server.failed("gave no answer")
    assert (fresh.up, fresh.is_hopeful) == (True, False)
    assert known.is_hopeful
