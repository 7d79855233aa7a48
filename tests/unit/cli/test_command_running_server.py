"""stats and healthcheck where nobody, or another program, listens; tests/network has the rest."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from command_line import CommandLine
from places import nobodys_port

from sinkhole.cli.running_server import print_summary
from sinkhole.control.settings import Endpoint
from sinkhole.model.errors import SinkholeError


@pytest.fixture
def port() -> int:
    """A port where nobody listens, by UDP or TCP."""
    return nobodys_port()


class Stranger:
    """Another program on the port of the page: says `words` to whoever comes."""

    def __init__(self) -> None:
        self.words = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                connection.recv(4096)
                connection.sendall(self.words)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    stranger = Stranger()
    thread = Thread(target=stranger.serve, daemon=True)
    thread.start()
    yield stranger
    stranger.listener.shutdown(socket.SHUT_RDWR)
    stranger.listener.close()
    thread.join()


def test_no_server_is_told_with_where_it_was_looked_for(command: CommandLine, port: int) -> None:
    command.settle(web={"listen": f"0.0.0.0:{port}"}, dns={"listen": [f"0.0.0.0:{port}"]})
    told = command("stats")
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        f"sinkhole: no answer from http://127.0.0.1:{port} (Connection refused); "
        "is sinkhole running, with these settings?\n"
    )
    told = command("healthcheck")
    assert told.code == 1
    assert told.err == (
        f"sinkhole: DNS does not answer on 127.0.0.1 port {port}: Connection refused\n"
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"220 mail.example.org ESMTP\r\n", "is not sinkhole"),
        (b"HTTP/1.0 200 OK\r\n\r\n<p>Hello", "is not sinkhole"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"a": 1}', "is not sinkhole"),
        (b"HTTP/1.0 200 OK\r\n\r\n[]", "is not sinkhole"),
        (b"HTTP/1.0 404 Not Found\r\n\r\nnothing", "the server answers 404"),
        (b'HTTP/1.0 503 Busy\r\n\r\n{"error": "too busy"}', "too busy"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{", "is not sinkhole"),
        (b"", "is sinkhole running, with these settings?"),
    ],
)
def test_another_program_on_the_port_is_told(
    command: CommandLine, stranger: Stranger, words: bytes, reason: str
) -> None:
    stranger.words = words
    command.settle(web={"listen": f"127.0.0.1:{stranger.port}"})
    told = command("stats", "--json")
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("sinkhole: ")
    assert reason in told.err


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nok\n", 0, "", ""),
        (b"HTTP/1.0 200 OK\r\n\r\ndegraded\nno upstream\nlist\x1b[1m A\n", 0,
         "degraded: no upstream\ndegraded: list\\x1b[1m A\n", ""),
        (b"HTTP/1.0 503 No\r\n\r\nfailing\nDNS is not being answered\n", 1, "",
         "sinkhole: DNS is not being answered\n"),
    ],
)  # fmt: skip
def test_the_reasons_of_a_degraded_server_are_printed_and_no_failure(
    command: CommandLine,
    stranger: Stranger,
    monkeypatch: pytest.MonkeyPatch,
    words: bytes,
    code: int,
    out: str,
    err: str,
) -> None:
    stranger.words = words
    command.settle(web={"listen": f"127.0.0.1:{stranger.port}"})
    monkeypatch.setattr("sinkhole.cli.running_server._ask_dns", lambda server: None)
    told = command("healthcheck")
    assert (told.code, told.out, told.err) == (code, out, err)


def test_a_page_that_is_busy_is_no_failure_of_health(
    command: CommandLine, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.words = b"HTTP/1.1 503 Full\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
    command.settle(web={"listen": f"127.0.0.1:{stranger.port}"})
    asked: list[str] = []
    monkeypatch.setattr(
        "sinkhole.cli.running_server._ask_dns", lambda server: asked.append(server.host)
    )
    told = command("healthcheck")
    assert (told.code, told.out, told.err) == (0, "", "")
    assert asked
    told = command("stats")
    assert (told.code, "too many connections are open" in told.err) == (1, True)


def test_an_address_that_is_missing_is_told_as_long_as_another_answers(
    command: CommandLine, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.words = b"HTTP/1.0 200 OK\r\n\r\ndegraded\nan address is missing\n"
    listen = ["127.0.0.1:5353", "192.0.2.1:5353"]
    command.settle(web={"listen": f"127.0.0.1:{stranger.port}"}, dns={"listen": listen})
    silent = {"192.0.2.1"}

    def ask(server: Endpoint) -> None:
        if server.host in silent:
            raise SinkholeError(f"DNS does not answer on {server.host}")

    monkeypatch.setattr("sinkhole.cli.running_server._ask_dns", ask)
    told = command("healthcheck")
    assert (told.code, told.err) == (0, "")
    assert "degraded: DNS does not answer on 192.0.2.1\n" in told.out
    assert "degraded: an address is missing\n" in told.out
    silent.add("127.0.0.1")
    told = command("healthcheck")
    assert (told.code, told.err) == (1, "sinkhole: DNS does not answer on 127.0.0.1\n")


def test_a_summary_of_nothing_and_of_losses_can_be_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {
        "period": "24h",
        "totals": {"queries": 0},
        "blocked_percent": None,
        "cached_percent": None,
        "latency_ms": {"p50": None, "p99": None},
        "records_dropped": 1200,
        "top_names": [],
        "top_blocked": [
            {"name": "[bold]ads.example", "count": 1000},
            {"name": "xn--mnchen-3ya.example", "count": 1, "name_unicode": "münchen.example"},
        ],
    }
    print_summary(told)
    out = capsys.readouterr().out
    assert "0 % of 0 queries blocked in the last 24h" in out
    assert "1,200 queries are missing from the log" in out
    assert "1,000  [bold]ads.example" in out
    assert "1  xn--mnchen-3ya.example (münchen.example)" in out


def test_a_wildcard_without_a_loopback_address_is_not_asked(
    command: CommandLine, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.settle(dns={"listen": [f"[::]:{port}"]}, web={"listen": f"127.0.0.1:{port}"})
    monkeypatch.setattr("sinkhole.cli.running_server._has_ipv6", lambda: False)
    told = command("healthcheck")
    assert told.code == 1
    assert told.err.startswith(f"sinkhole: no answer from http://127.0.0.1:{port} ")
