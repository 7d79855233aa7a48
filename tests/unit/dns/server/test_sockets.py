"""Binding, and what is said when it fails."""

from __future__ import annotations

import errno
import socket

import pytest

from sinkhole.dns.server import sockets
from sinkhole.dns.server.sockets import ListenError, _advice, bind, bind_all


def test_udp_and_tcp_share_a_port() -> None:
    pair = bind("127.0.0.1", 0)
    try:
        assert pair.udp.getsockname()[1] == pair.tcp.getsockname()[1] == pair.port
        assert not pair.pktinfo
    finally:
        pair.close()


def test_a_taken_port_is_named_with_what_to_do() -> None:
    pair = bind("127.0.0.1", 0)
    try:
        with pytest.raises(ListenError, match=f"127.0.0.1:{pair.port} is in use"):
            bind("127.0.0.1", pair.port)
    finally:
        pair.close()


def test_both_families_can_share_a_port() -> None:
    four = bind("0.0.0.0", 0)
    try:
        six = bind("::", four.port)
        six.close()
    except ListenError as error:
        pytest.skip(f"no IPv6 here: {error}")
    finally:
        four.close()


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


def test_sockets_do_not_block() -> None:
    pair = bind("127.0.0.1", 0)
    try:
        assert pair.udp.getblocking() is False
        assert pair.udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > 0
    finally:
        pair.close()


def test_all_addresses_are_bound_or_none() -> None:
    taken = bind("127.0.0.1", 0)
    try:
        with pytest.raises(ListenError, match="in use"):
            bind_all([("127.0.0.2", taken.port), ("127.0.0.1", taken.port)])
        bind("127.0.0.2", taken.port).close()
    finally:
        taken.close()


def test_a_machine_without_ipv6_does_without_its_wildcard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ordinary = sockets._socket

    def without_ipv6(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return ordinary(family, kind)

    monkeypatch.setattr(sockets, "_socket", without_ipv6)
    for listen in ([("127.0.0.1", 0), ("::", 0)], [("::", 0), ("127.0.0.1", 0)]):
        (pair,) = bind_all(listen)
        assert pair.host == "127.0.0.1"
        pair.close()
    assert "[::]:0: this machine has no IPv6. It is left out." in caplog.text
    for refused in ([("::", 0)], [("127.0.0.1", 0), ("::1", 0)]):
        with pytest.raises(ListenError, match="this machine has no IPv6"):
            bind_all(refused)
