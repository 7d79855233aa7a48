"""What is known of one server."""

import pytest
from silent_link import SilentLink, server_named

from sinkhole.dns.upstream.health import SEVERAL, Server

NOW = 10.0
ZONES = (b"\1a\0", b"\1b\0", b"\1c\0")


def test_what_the_link_cannot_do_is_told_with_the_servers_name() -> None:
    link = SilentLink()
    server = Server("fe80::1%later0", link)
    assert server.problem == ""
    link.problem = "there is no interface later0"
    assert server.problem == "upstream fe80::1%later0 cannot be asked: there is no interface later0"


def test_the_round_trip_time_is_smoothed() -> None:
    server = server_named("192.0.2.1")
    assert server.status(NOW)["rtt_ms"] is None
    server.answered(1.0, 0.080)
    assert server.status(NOW)["rtt_ms"] == 80.0
    server.answered(2.0, 0.160)
    assert server.status(NOW)["rtt_ms"] == 90.0
    server.answered(3.0, None)
    assert server.status(NOW)["rtt_ms"] == 90.0


def test_failures_that_are_about_no_name_mean_down_and_one_answer_means_up() -> None:
    server = server_named("192.0.2.1")
    for _ in range(SEVERAL):
        assert server.up
        server.failed(NOW, "cannot be reached")
    assert not server.up and server.is_suspect
    assert server.status(NOW)["failures"] == SEVERAL
    server.answered(7.0, 0.01)
    assert server.up and not server.is_suspect
    assert server.recovered_at == 7.0


def test_failures_with_answers_between_them_do_not_mean_down() -> None:
    server = server_named("192.0.2.1")
    for number in range(10):
        server.failed(NOW, "gave no answer", ZONES[number % 3])
        server.failed(NOW, "gave no answer")
        server.answered(1.0, 0.01)
    assert server.up
    assert server.recovered_at < 0, "it was never down"


def test_the_silence_of_one_zone_says_nothing_of_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = server_named("192.0.2.1")
    server.answered(1.0, 0.01)
    for _ in range(100):
        server.failed(NOW, "gave no answer", ZONES[0])
    assert (server.up, server.score) == (True, 0.01)
    assert server.missed == {ZONES[0]}
    server.failed(NOW, "gave no answer")
    assert (server.up, server.score) == (True, 0.01), "one lost probe is no proof either"
    assert caplog.records == []


def test_the_silence_of_several_zones_makes_it_the_last_to_be_asked_and_a_probe_decides() -> None:
    server = server_named("192.0.2.1")
    server.answered(1.0, 0.01)
    for zone in ZONES:
        assert server.score == 0.01
        server.failed(NOW, "gave no answer", zone)
    assert (server.up, server.score) == (True, 1.0)
    server.failed(NOW, "gave no answer")
    assert not server.up


def test_answers_of_no_use_to_one_zone_change_nothing_for_others() -> None:
    server = server_named("192.0.2.1")
    server.helped(1.0, 0.01)
    for _ in range(100):
        server.unhelpful(2.0, ZONES[0])
    assert (server.score, server.up, server.failures) == (0.01, True, 0)
    assert server.useless == {ZONES[0]}


def test_a_server_of_no_use_for_several_zones_is_asked_last_until_it_helps() -> None:
    server = server_named("192.0.2.1")
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
    server = server_named("192.0.2.1")
    for now in (100.0, 105.0, 109.0):
        server.unhelpful(now, ZONES[0])
    server.helped(200.0, 0.01)
    assert server.recovered_at < 0, "one name's trouble of a moment"
    for now in (300.0, 305.0, 310.0):
        server.unhelpful(now, ZONES[int(now) % 2])
    server.helped(311.0, 0.01)
    assert server.recovered_at == 311.0


def test_a_looping_server_is_not_shown_as_up() -> None:
    server = server_named("192.0.2.1")
    server.loops = True
    assert not server.status(NOW)["up"]


def test_a_server_that_never_answered_gives_no_hope_after_its_first_failure() -> None:
    fresh, known = server_named("192.0.2.1"), server_named("192.0.2.2")
    known.answered(1.0, 0.01)
    assert fresh.is_hopeful
    for server in (fresh, known):
        server.failed(NOW, "gave no answer")
    assert (fresh.up, fresh.is_hopeful) == (True, False)
    assert known.is_hopeful


def test_a_failed_probe_counts_twice() -> None:
    server = server_named("192.0.2.1")
    server.failed(NOW, "gave no answer", ZONES[0])
    assert server.up
    server.failed(NOW, "gave no answer", is_probe=True)
    assert not server.up
    assert server.status(NOW + 5.0)["down_s"] == 5.0
    server.answered(NOW + 6.0)
    assert server.status(NOW + 7.0)["down_s"] is None


def test_what_is_usual_is_told_besides_the_mean() -> None:
    server = server_named("192.0.2.1")
    assert server.status(NOW)["rtt_p50_ms"] is None
    for milliseconds in range(1, 101):
        server.answered(NOW, milliseconds / 1000)
    status = server.status(NOW)
    assert (status["rtt_p50_ms"], status["rtt_p95_ms"]) == (50.0, 95.0)
