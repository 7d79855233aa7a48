"""Binding, and what is said when it fails."""

from __future__ import annotations

import errno
import socket

import pytest
from places import nobodys_port

from sinkhole.dns.server import sockets
from sinkhole.dns.server.sockets import ListenError, Transport, _advice, bind, bind_both

TRANSPORTS: tuple[Transport, ...] = ("UDP", "TCP")


def test_udp_and_tcp_share_a_port() -> None:
    udp, tcp = bind_both("127.0.0.1")
    with udp.sock, tcp.sock:
        assert udp.sock.getsockname()[1] == tcp.sock.getsockname()[1] == udp.port == tcp.port
        assert not udp.pktinfo


def test_a_port_that_is_free_for_udp_only_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary, refused = sockets.bind, 0

    def taken_at_first(transport: Transport, host: str, port: int) -> sockets.Bound:
        nonlocal refused
        if transport == "TCP" and refused < 3:
            refused += 1
            raise ListenError(host, port, OSError(errno.EADDRINUSE, "as arranged"))
        return ordinary(transport, host, port)

    monkeypatch.setattr(sockets, "bind", taken_at_first)
    udp, tcp = bind_both("127.0.0.1")
    with udp.sock, tcp.sock:
        assert (udp.port, refused) == (tcp.port, 3)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_taken_port_is_named_with_what_to_do(transport: Transport) -> None:
    bound = bind(transport, "127.0.0.1", 0)
    with bound.sock, pytest.raises(ListenError, match=f"127.0.0.1:{bound.port} is in use") as found:
        bind(transport, "127.0.0.1", bound.port)
    assert (found.value.is_taken, found.value.is_late) == (True, False)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_both_families_can_share_a_port(transport: Transport) -> None:
    four = bind(transport, "0.0.0.0", nobodys_port())
    with four.sock:
        try:
            bind(transport, "::", four.port).sock.close()
        except ListenError as error:
            pytest.skip(f"no IPv6 here: {error}")


def test_of_a_wildcard_udp_is_told_where_queries_were_sent() -> None:
    udp, tcp = bind_both("0.0.0.0")
    with udp.sock, tcp.sock:
        assert (udp.pktinfo, tcp.pktinfo) == (True, False)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.EACCES, "below 1024"),
        (errno.EADDRNOTAVAIL, "no address"),
        (errno.EINVAL, "Invalid argument"),
    ],
)
def test_other_failures_have_advice_too(code: int, says: str) -> None:
    assert says in _advice("192.0.2.1", 53, OSError(code, "Invalid argument"))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "fe80::1%nowhere0"])
def test_what_this_machine_has_not_may_come_yet(host: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with pytest.raises(ListenError, match=f"has no address {host}|no interface|no IPv6") as found:
        bind("UDP", host, 5353)
    assert found.value.is_late or found.value.has_no_family


def test_sockets_do_not_block() -> None:
    udp, tcp = bind_both("127.0.0.1")
    with udp.sock, tcp.sock:
        assert (udp.sock.getblocking(), tcp.sock.getblocking()) == (False, False)
        assert udp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > 0
