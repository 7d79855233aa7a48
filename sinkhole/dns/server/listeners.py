"""All listen addresses of DNS: each is served as soon as it can be had, whatever the others do.

An address may be missing for a while: its interface is brought up later than sinkhole, or another
program has its port. Then the others are served, and it is tried again. On Linux a socket keeps
working when its address goes and comes back, so what is bound once needs no more looking after.

Other addresses come while it runs (`arrange`): new ones are bound before old ones are closed, and
those that stay keep their sockets and connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server.address import (
    BOTH,
    Advise,
    Elsewhere,
    ListenAddress,
    Listener,
    Serve,
    by_error,
)
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.places import MAX_CONNECTIONS
from sinkhole.dns.server.sockets import WILDCARDS, Bound, ListenError, Transport
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.udp import UdpListener
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults

log = logging.getLogger(__name__)


class Arrangement(NamedTuple):
    """Addresses as others are to follow them: `old`, all of the `new`, and those that came."""

    old: tuple[ListenAddress, ...]
    new: tuple[ListenAddress, ...]

    @property
    def came(self) -> list[ListenAddress]:
        """Those that are not among the old ones."""
        return [each for each in self.new if each not in self.old]

    @property
    def left(self) -> list[ListenAddress]:
        """Those that are not among the new ones."""
        return [each for each in self.old if each not in self.new]

    @property
    def missing(self) -> list[ListenAddress]:
        """Those that came and could not be had."""
        return [each for each in self.came if each.errors]


class Listeners:
    """DNS on the (host, port) of `listen`, and on what is added: `bind`, `serve`, then `try_again`
    while `is_complete` is False, and `close`.

    `door` holds the connections of all addresses, `most_connections` of a kind at most; `udp` is
    what serves UDP in this process. `proxies` say whose queries they bring (see `proxy_protocol`).
    `faults` are told of bugs in taking connections. `elsewhere` says who else serves what is
    spoken over something ("" for plain DNS), from now on; None is this process.
    """

    def __init__(
        self,
        listen: Iterable[tuple[str, int]],
        pipeline: Pipeline,
        *,
        most_connections: int = MAX_CONNECTIONS,
        proxies: Iterable[Network] = (),
        faults: Faults | None = None,
        elsewhere: Callable[[str], Elsewhere | None] | None = None,
    ) -> None:
        self._proxies = tuple(proxies)
        self._elsewhere = elsewhere or _nowhere
        self.advise: Advise = by_error
        """Says of addresses that are missing why, and what to do."""
        self.door = Door(pipeline, most_connections, self._proxies)
        self._pipeline = pipeline
        self._faults = faults
        self._addresses: tuple[ListenAddress, ...] = tuple(self.plain(listen))
        self._closing: list[ListenAddress] = []
        self._overloaded_before = self._unsent_before = 0

    def plain(self, listen: Iterable[tuple[str, int]]) -> list[ListenAddress]:
        """Addresses for DNS as it always was, by UDP and TCP."""
        return self._addresses_of(listen, self._serve_plain)

    def other(
        self,
        listen: Iterable[tuple[str, int]],
        transport: Transport,
        make: Callable[[], Listener],
        over: str,
        key: str,
    ) -> list[ListenAddress]:
        """Addresses for what `make` makes, a listener for each.

        `over` is what it speaks, for people: "TLS", and `key` that of the settings. Of these no
        error is fatal: what cannot be had is among the problems, and tried again.
        """
        return self._addresses_of(listen, partial(_serve_by, make), (transport,), over, key)

    def _addresses_of(
        self,
        listen: Iterable[tuple[str, int]],
        serve: Serve,
        kinds: tuple[Transport, ...] = BOTH,
        over: str = "",
        key: str = "dns.listen",
    ) -> list[ListenAddress]:
        other, by = self._elsewhere(over), 0
        if other is not None:
            serve, by = partial(other.hand, over), other.by
        return [ListenAddress(host, port, serve, kinds, over, key, by) for host, port in listen]

    def add(self, addresses: Iterable[ListenAddress]) -> None:
        """Have these as well; before `bind`."""
        self._addresses += tuple(addresses)

    def bind(self, leaving: Iterable[Bound] = ()) -> None:
        """Bind what can be had now, though `leaving` be in the way; until `serve` queries wait in
        the kernel.

        Raises ListenError, with nothing bound, where nobody would be served and waiting would not
        help. What helps where another program has a port, or the right to it is missing, is for
        people to do: see `obstacle`.
        """
        leaving = list(leaving)
        for address in self._addresses:
            address.bind(leaving)
        self._addresses = _without_ipv6(self._addresses)
        if (error := self.obstacle) is not None and not error.may_pass:
            for address in self._addresses:
                address.release()
            raise error

    def serve(self) -> None:
        """Answer on everything that is bound."""
        for address in self._addresses:
            address.serve()

    def try_again(self) -> bool:
        """Bind and serve what was missing; whether anything could be had."""
        came = 0
        for address in self._addresses:
            for transport in address.bind():
                came += 1
                log.info("DNS is answered on %s over %s now", address, address.over or transport)
        self.serve()
        return bool(came)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close everything."""
        serving = [each for address in self._addresses for each in address.serving.values()]
        await asyncio.gather(
            *(each.stop() for each in serving if not isinstance(each, UdpListener))
        )
        await asyncio.gather(
            *(listener.close(patience_s) for listener in self.udp), self.door.close(patience_s)
        )
        for address in self._addresses:
            address.release()

    # ---- other settings ----------------------------------------------------------------------

    def arrange(self, wanted: Iterable[ListenAddress]) -> Arrangement:
        """The addresses there are that are wanted, and what of the others can be had now, bound and
        not served yet: that is for `use`. What nothing comes of is to be released."""
        known = {each.place: each for each in self._addresses}
        new = tuple(known.get(each.place, each) for each in wanted)
        left = [*self._closing, *(each for each in self._addresses if each not in new)]
        leaving = [bound for address in left for bound in address.open]
        for address in new:
            if address not in self._addresses:
                address.bind(leaving)
        return Arrangement(self._addresses, _without_ipv6(new))

    def use(self, addresses: tuple[ListenAddress, ...]) -> None:
        """Answer on these from now on, and on no others; what those took is answered."""
        before, self._addresses = self._addresses, addresses
        for address in before:
            if address not in addresses:
                address.rest()
                self._closing.append(address)  # it may be wanted again before it is closed
        for address in addresses:
            if address in self._closing:
                address.resume()
                self._closing.remove(address)
        self.serve()

    def trust(self, proxies: Iterable[Network]) -> None:
        """Believe these proxies, and nobody else, from now on."""
        self._proxies = tuple(proxies)
        self.door.trust(self._proxies)
        for listener in self.udp:
            listener.trust(self._proxies)

    async def dismiss(self, addresses: Iterable[ListenAddress], patience_s: float) -> None:
        """Close addresses that are out of use, and the connections that came by them."""
        left = list(addresses)
        try:
            await asyncio.gather(*(each.close(self.door, patience_s) for each in left))
        finally:
            self._closing = [each for each in self._closing if each not in left]
        udp = _udp_of(left)
        self._overloaded_before += sum(each.room.overloaded for each in udp)
        self._unsent_before += sum(each.unsent for each in udp)

    def hang_up(self) -> None:
        """Close all connections, as whose they are may be told by others now."""
        for address in self._addresses:
            address.hang_up()

    # ---- how it does -------------------------------------------------------------------------

    @property
    def udp(self) -> list[UdpListener]:
        """What serves UDP now."""
        return _udp_of(self._addresses)

    @property
    def is_serving(self) -> bool:
        """Whether plain DNS is answered anywhere."""
        return any("UDP" in each.serving and not each.over for each in self._addresses)

    @property
    def is_of_use(self) -> bool:
        """Whether those can ask who are to: somebody at all, and everybody by IPv4, which is what
        nearly all devices ask by, where the settings want it at every address."""
        everywhere = "0.0.0.0", ""
        return self.is_serving and all(
            (each.host, each.over) != everywhere or "UDP" not in each.errors
            for each in self._addresses
        )

    @property
    def is_complete(self) -> bool:
        """Whether every address is served, over all that it should be."""
        return not self.missing

    @property
    def addresses(self) -> list[str]:
        """What is served over UDP at least, with the real ports."""
        return [str(each) for each in self._addresses if not each.over and "UDP" in each.bound]

    @property
    def added(self) -> list[tuple[str, str]]:
        """What is served beside these: what is spoken there, and the address with its real port."""
        return [(each.over, str(each)) for each in self._addresses if each.over and each.bound]

    @property
    def bounds(self) -> list[Bound]:
        """The sockets that are listened on."""
        return [bound for address in self._addresses for bound in address.open]

    @property
    def acceptors(self) -> list[Acceptor]:
        """Who takes connections."""
        return [
            acceptor
            for address in self._addresses
            for each in address.serving.values()
            if not isinstance(each, UdpListener)
            for acceptor in each.acceptors
        ]

    @property
    def overloaded(self) -> int:
        """Queries dropped because too many others were waiting."""
        now = sum(each.room.overloaded for each in self.udp) + self.door.room.overloaded
        return self._overloaded_before + now

    @property
    def unsent(self) -> int:
        """Replies over UDP that the kernel did not take."""
        return self._unsent_before + sum(each.unsent for each in self.udp)

    @property
    def missing(self) -> list[ListenAddress]:
        """Addresses that are not served, or not over all that they should be."""
        return [each for each in self._addresses if each.errors]

    @property
    def problems(self) -> list[str]:
        """What is not served and why, a text for each address."""
        return [each.problem(self.advise) for each in self.missing]

    @property
    def obstacle(self) -> ListenError | None:
        """Why DNS is of no use, or of little: no address can be had and none is merely missing yet,
        or the port of "every address" can't be had. None where it is of use, or need but wait."""
        plain = [each for each in self._addresses if not each.over]
        errors = [(each, each.errors["UDP"]) for each in plain if "UDP" in each.errors]
        for address, error in errors:
            if address.host in WILDCARDS and not error.is_late:
                return error
        if len(errors) < len(plain) or any(error.is_late for _, error in errors):
            return None
        return errors[0][1] if errors else None

    def _serve_plain(self, transport: Transport, bound: Bound) -> UdpListener | Listener:
        if transport == "UDP":
            return UdpListener(bound, self._pipeline, proxies=self._proxies)
        return _serve_by(partial(StreamListener, self.door, faults=self._faults), transport, bound)


def _nowhere(_: str) -> None:
    """Nobody else serves anything."""


def _serve_by(make: Callable[[], Listener], _: Transport, bound: Bound) -> Listener:
    listener = make()
    listener.listen(bound)
    return listener


def _udp_of(addresses: Iterable[ListenAddress]) -> list[UdpListener]:
    serving = (each for address in addresses for each in address.serving.values())
    return [each for each in serving if isinstance(each, UdpListener)]


def _without_ipv6(addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
    """On a machine without IPv6 do without "::", where there are other addresses.

    It stands in the default settings, and means "every address there is".
    """
    left_out = []
    for address in addresses:
        others = [each for each in addresses if each.over == address.over]
        if address.lacks_family and address.host == "::" and len(others) > 1:
            log.warning("%s It is left out.", next(iter(address.errors.values())))
            left_out.append(address)
    return tuple(each for each in addresses if each not in left_out)
