"""Each address is served as soon as it can be had, whatever the others do."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
from places import nobodys_place, nobodys_port
from world import World, question

from sinkhole.dns.pipeline.channel import TLS
from sinkhole.dns.server import address, sockets
from sinkhole.dns.server import listeners as listeners_module
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.sockets import Bound, ListenError, Transport, bind
from sinkhole.dns.server.stream import StreamListener


@asynccontextmanager
async def listeners(*listen: tuple[str, int]) -> AsyncIterator[Listeners]:
    found = Listeners(listen, World(block=["ads.example.org"]).pipeline)
    try:
        yield found
    finally:
        await found.close()


class Machine:
    """A machine on which addresses and ports are missing as long as a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.errors: dict[tuple[Transport, str], int] = {}
        monkeypatch.setattr(address, "bind", self._bind)

    def lack(self, host: str, number: int, *transports: Transport) -> None:
        self.errors |= {(each, host): number for each in transports or address.BOTH}

    def have(self, host: str) -> None:
        self.errors = {key: number for key, number in self.errors.items() if key[1] != host}

    def _bind(
        self, transport: Transport, host: str, port: int, leaving: Iterable[Bound] = ()
    ) -> Bound:
        if number := self.errors.get((transport, host)):
            raise ListenError(host, port, OSError(number, "as arranged"))
        return bind(transport, host, port, leaving)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def is_open(host: str, port: int, transport: Transport) -> bool:
    """Whether the kernel takes a query; nobody answers it within this turn of the event loop."""
    kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(20)
        try:
            client.connect((host, port))
            client.send(question("ads.example.org"))
            client.send(question("ads.example.org"))  # the first one may bring the refusal
        except ConnectionError:
            return False
        return True


async def test_an_address_that_is_late_takes_no_other_down_and_is_served_when_it_comes(
    machine: Machine,
) -> None:
    late, here = nobodys_place(), nobodys_place()
    machine.lack(late.host, errno.EADDRNOTAVAIL)
    async with listeners(late, here) as dns:
        dns.bind()
        dns.serve()
        assert dns.addresses == [str(here)]
        (problem,) = dns.problems
        assert f"this machine has no address {late.host}" in problem
        assert "DNS is not answered there; it is tried again" in problem
        assert not dns.is_complete
        assert not dns.try_again()
        assert (dns.obstacle, dns.is_of_use) == (None, True)
        machine.have(late.host)
        assert dns.try_again()
        assert dns.addresses == [str(late), str(here)]
        assert (dns.is_complete, dns.problems) == (True, [])
        assert all(is_open(*late, each) for each in address.BOTH)
        assert not dns.try_again()
        assert len(dns.udp) == len(dns.acceptors) == 2


@pytest.mark.parametrize("missing", address.BOTH)
async def test_of_an_address_what_can_be_had_is_served(missing: Transport) -> None:
    place = nobodys_place()
    other = bind(missing, *place)
    (there,) = set(address.BOTH) - {missing}
    async with listeners(place, ("127.0.0.1", 0)) as dns:
        with other.sock:
            dns.bind()
            dns.serve()
            assert is_open(*place, there)
            (problem,) = dns.problems
            assert f"{place} is in use" in problem
            assert f"not answered there over {missing}" in problem
            assert (str(place) in dns.addresses) == (there == "UDP")
        assert dns.try_again()
        assert str(place) in dns.addresses
        assert is_open(*place, missing)


async def test_where_every_port_is_taken_it_waits_and_tells_the_first() -> None:
    one, two = nobodys_place(), nobodys_place()
    with bind("UDP", *two).sock:
        async with listeners(one, two) as dns:
            with bind("UDP", *one).sock:
                dns.bind()
                dns.serve()
                assert (dns.addresses, dns.is_of_use) == ([], False)
                assert dns.obstacle is not None
                assert f"{one} is in use" in dns.obstacle.advice
                assert not dns.try_again()
            assert dns.try_again()
            assert (dns.addresses, dns.obstacle, dns.is_of_use) == ([str(one)], None, True)
            assert is_open(*one, "UDP")


async def test_what_is_said_of_a_missing_address_may_be_put_better() -> None:
    place = nobodys_place()
    with bind("UDP", *place).sock:
        async with listeners(place) as dns:
            dns.bind()
            dns.advise = lambda host, port, error: f"{host} and {port}: taken {error.is_taken}."
            (problem,) = dns.problems
            assert problem.startswith(f"dns.listen: {place.host} and {place.port}: taken True. ")


async def test_as_long_as_one_address_is_merely_late_it_is_worth_waiting(machine: Machine) -> None:
    refused, late = nobodys_place(), nobodys_place()
    machine.lack(refused.host, errno.EACCES)
    machine.lack(late.host, errno.EADDRNOTAVAIL)
    async with listeners(refused, late) as dns:
        dns.bind()
        assert (dns.addresses, len(dns.problems)) == ([], 2)
        assert dns.obstacle is None


@pytest.mark.parametrize("number", [errno.EADDRINUSE, errno.EACCES])
async def test_without_the_port_of_every_address_it_is_of_no_use(
    machine: Machine, number: int
) -> None:
    """Else systemd-resolved on 127.0.0.53 would leave a house whose IPv4 is not served."""
    place = nobodys_place()
    machine.lack("0.0.0.0", number)
    async with listeners(("0.0.0.0", place.port), place) as dns:
        dns.bind()
        dns.serve()
        assert (dns.addresses, dns.is_of_use) == ([str(place)], False)
        assert dns.obstacle is not None
        assert dns.missing[0].is_blocked


async def test_without_that_of_ipv6_most_can_ask_and_it_is_told(machine: Machine) -> None:
    machine.lack("::", errno.EADDRINUSE)
    place = nobodys_place()
    async with listeners(place, ("::", place.port)) as dns:
        dns.bind()
        dns.serve()
        assert dns.is_of_use
        assert dns.obstacle is not None


async def test_what_no_change_of_the_machine_helps_is_the_error_and_nothing_stays_open(
    machine: Machine,
) -> None:
    place = nobodys_place()
    machine.lack(place.host, errno.EINVAL, "UDP")
    async with listeners(place) as dns:
        with pytest.raises(ListenError, match="as arranged"):
            dns.bind()
        assert dns.addresses == []
        bind("TCP", *place).sock.close()


async def test_over_tcp_alone_every_address_may_come_later(machine: Machine) -> None:
    machine.lack("0.0.0.0", errno.EADDRINUSE, "TCP")
    port = nobodys_port()
    async with listeners(("0.0.0.0", port)) as dns:
        dns.bind()
        assert dns.addresses == [f"0.0.0.0:{port}"]
        assert "over TCP" in dns.problems[0]


async def test_a_machine_without_ipv6_does_without_its_wildcard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ordinary = sockets._socket

    def without_ipv6(family: socket.AddressFamily, transport: Transport) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return ordinary(family, transport)

    monkeypatch.setattr(sockets, "_socket", without_ipv6)
    for listen in ([("127.0.0.1", 0), ("::", 0)], [("::", 0), ("127.0.0.1", 0)]):
        async with listeners(*listen) as dns:
            dns.bind()
            assert len(dns.addresses) == 1
            assert (dns.is_complete, dns.problems) == (True, [])
    assert "[::]:0: this machine has no IPv6. It is left out." in caplog.text
    async with listeners(("::", 0)) as dns:
        with pytest.raises(ListenError, match="this machine has no IPv6"):
            dns.bind()
    async with listeners(("127.0.0.1", 0), ("::1", 0)) as dns:
        dns.bind()
        assert "this machine has no IPv6" in dns.problems[0]


async def test_what_is_added_is_served_by_its_listener_and_is_never_the_end_of_the_others(
    machine: Machine,
) -> None:
    here, machine.errors["TCP", "0.0.0.0"] = nobodys_place(), errno.EADDRINUSE
    async with listeners(here) as dns:
        make = partial(StreamListener, dns.door, TLS)
        places = [("0.0.0.0", 0), ("127.0.0.2", 0)]
        dns.add(dns.other(places, "TCP", make, "TLS", "dns.tls"))
        dns.bind()
        dns.serve()
        assert dns.addresses == [str(here)]
        assert [over for over, _ in dns.added] == ["TLS"]
        (problem,) = dns.problems
        assert problem.startswith("dns.tls: 0.0.0.0:0 is in use by another program")
        assert "DNS is not answered there over TLS; it is tried again" in problem
        machine.have("0.0.0.0")
        assert dns.try_again()
        assert (dns.is_complete, len(dns.added)) == (True, 2)
        assert len(dns.acceptors) == 3


async def test_a_bug_in_the_middle_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    place = nobodys_place()
    async with listeners(place) as dns:
        dns.bind()
        with suppress(ZeroDivisionError):
            monkeypatch.setattr(listeners_module, "UdpListener", lambda *_, **__: 1 // 0)
            dns.serve()
    for transport in address.BOTH:
        bind(transport, *place).sock.close()


async def test_others_are_bound_beside_those_that_go_and_what_stays_is_the_same() -> None:
    one, two = nobodys_place(), nobodys_place()
    async with listeners(one) as dns:
        dns.bind()
        dns.serve()
        stays = dns._addresses[0]
        arrangement = dns.arrange(dns.plain([two, one]))
        assert arrangement.new[1] is stays
        assert (len(arrangement.came), arrangement.left, arrangement.missing) == (1, [], [])
        dns.use(arrangement.new)
        assert dns.addresses == [str(two), str(one)]
        back = dns.arrange(dns.plain([one]))
        dns.use(back.new)
        again = dns.arrange(dns.plain([one, two]))  # not closed yet, and wanted again
        assert again.missing == []
        dns.use(again.new)
        await dns.dismiss(back.left, 0)
        assert all(is_open(*two, each) for each in address.BOTH)


async def test_what_cannot_be_had_is_told_and_changes_nothing() -> None:
    one, taken = nobodys_place(), nobodys_place()
    with bind("UDP", *taken).sock, bind("TCP", *taken).sock:
        async with listeners(one) as dns:
            dns.bind()
            dns.serve()
            arrangement = dns.arrange(dns.plain([one, taken]))
            (missing,) = arrangement.missing
            assert missing.advice().startswith(f"dns.listen: {taken} is in use by another program")
            await dns.dismiss(arrangement.came, 0)
            assert (dns.addresses, dns.problems) == ([str(one)], [])
