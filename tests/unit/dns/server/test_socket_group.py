"""What comes goes to as many sockets as wanted, and nothing is lost when these change."""

from __future__ import annotations

import select
import socket

import pytest
from places import nobodys_place

from sinkhole.dns.server import socket_group
from sinkhole.dns.server.socket_group import SocketGroup
from sinkhole.dns.server.sockets import Bound, ListenError, bind

QUERIES = [bytes(12) + bytes((4,)) + b"%04d" % number + b"\0\0\1\0\1" for number in range(200)]


def send(bound: Bound) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for query in QUERIES:
            client.sendto(query, (bound.host, bound.port))


def waiting(sock: socket.socket) -> int:
    count = 0
    while select.select([sock], [], [], 0)[0]:
        sock.recv(2048)
        count += 1
    return count


def test_queries_spread_over_as_many_as_there_are_to_be() -> None:
    group = SocketGroup(bind("UDP", *nobodys_place()), is_plain=True)
    for count in (3, 1, 2):
        group.spread(count)
        group.trim()
        send(group.bound)
        shares = [waiting(group.socket_for(slot)) for slot in range(count)]
        assert sum(shares) == len(QUERIES) and min(shares) > 0
    group.close()


def test_what_waits_in_one_too_many_waits_until_it_is_trimmed() -> None:
    group = SocketGroup(bind("UDP", *nobodys_place()), is_plain=True)
    group.spread(2)
    other = group.socket_for(1)
    send(group.bound)
    group.spread(1)
    send(group.bound)
    assert waiting(other) + waiting(group.bound.sock) == 2 * len(QUERIES)
    group.trim()
    assert other.fileno() == -1
    with pytest.raises(ListenError):  # the port is this one's alone again
        bind("UDP", group.bound.host, group.bound.port)
    group.close()


def test_connections_wait_at_any_of_those_that_are_left() -> None:
    group = SocketGroup(bind("TCP", *nobodys_place()))
    group.spread(3)
    group.spread(2)
    place = group.bound.host, group.bound.port
    clients = [socket.create_connection(place) for _ in range(50)]
    taken = [0, 0]
    while sum(taken) < len(clients):
        for sock in select.select([group.socket_for(0), group.socket_for(1)], [], [])[0]:
            sock.accept()[0].close()
            taken[sock is group.socket_for(1)] += 1
    assert min(taken) > 0
    group.trim()
    for each in clients:
        each.close()
    group.close()


def test_where_there_can_be_no_others_one_does_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Bound) -> Bound:
        raise OSError("as arranged")

    monkeypatch.setattr(socket_group, "bind_beside", refused)
    group = SocketGroup(bind("UDP", *nobodys_place()), is_plain=True)
    group.spread(3)
    assert {group.socket_for(slot) for slot in range(3)} == {group.bound.sock}
    group.close()
