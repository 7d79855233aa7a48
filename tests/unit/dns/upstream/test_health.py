"""What is known of one server."""

import socket

import pytest

from sinkhole.dns.upstream.health import DOWN_AFTER, Server


def test_the_port_is_named_where_it_is_not_53() -> None:
    names = [
        Server(ip, port, 1.0).name for ip in ("192.0.2.1", "2001:db8::1") for port in (53, 5353)
    ]
    assert names == ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"]


def test_the_socket_address_fits_the_family() -> None:
    assert (Server("192.0.2.1", 53, 1.0).family, Server("192.0.2.1", 53, 1.0).address) == (
        socket.AF_INET,
        ("192.0.2.1", 53),
    )
    assert Server("2001:db8::1", 53, 1.0).address == ("2001:db8::1", 53, 0, 0)


@pytest.mark.parametrize("wrong", ["dns.example.org", "", "192.0.2.256", "fe80::1%nosuchif"])
def test_what_is_not_an_address_here_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong or "''"):
        Server(wrong, 53, 1.0)


def test_the_round_trip_time_is_smoothed() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    assert server.status()["rtt_ms"] is None
    server.answered(0.080)
    assert server.status()["rtt_ms"] == 80.0
    server.answered(0.160)
    assert server.status()["rtt_ms"] == 90.0
    server.answered(None)
    assert server.status()["rtt_ms"] == 90.0


def test_failures_in_a_row_mean_down_and_one_answer_means_up() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    for _ in range(DOWN_AFTER):
        assert server.up
        server.failed("gave no answer")
    assert not server.up
    assert server.status()["failures"] == DOWN_AFTER
    server.answered(0.01)
    assert server.up
    assert server.streak == 0


def test_failures_with_answers_between_them_do_not_mean_down() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    for _ in range(10):
        server.failed("gave no answer")
        server.answered(0.01)
    assert server.up


def test_silence_and_useless_answers_make_a_server_the_last_to_be_asked() -> None:
    silent, useless = Server("192.0.2.1", 53, 1.0), Server("192.0.2.2", 53, 1.0)
    silent.failed("gave no answer")
    useless.unhelpful()
    assert silent.score == useless.score == 1.0
    assert (useless.failures, useless.up) == (0, True)


def test_a_looping_server_is_not_shown_as_up() -> None:
    server = Server("192.0.2.1", 53, 1.0)
    server.loops = True
    assert not server.status()["up"]


def test_a_server_that_never_answered_gives_no_hope_after_its_first_failure() -> None:
    fresh, known = Server("192.0.2.1", 53, 1.0), Server("192.0.2.2", 53, 1.0)
    known.answered(0.01)
    assert fresh.is_hopeful
    for server in (fresh, known):
        server.failed("gave no answer")
    assert (fresh.up, fresh.is_hopeful) == (True, False)
    assert known.is_hopeful
