"""All listen addresses of DNS: each is served as soon as it can be had, whatever the others do.

An address may be missing for a while: its interface is brought up later than sinkhole, or another
program has its port. Then the others are served, and it is tried again. On Linux a socket keeps
working when its address goes and comes back, so what is bound once needs no more looking after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final, Protocol

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.places import MAX_CONNECTIONS
from sinkhole.dns.server.sockets import (
    WILDCARDS,
    Bound,
    ListenError,
    Transport,
    bind,
    bind_both,
)
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.udp import UdpListener
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults

log = logging.getLogger(__name__)

BOTH: Final[tuple[Transport, ...]] = ("UDP", "TCP")


class Listener(Protocol):
    """What serves bound sockets of one kind, all that there are."""

    acceptors: list[Acceptor]
    """Who takes its connections; none where these are its own business, as over QUIC."""

    def listen(self, bound: Bound) -> None:
        """Serve one more socket."""
        ...

    async def stop(self) -> None:
        """Take nobody new; the Door waits for what is underway, and closes what it holds."""
        ...


class _Address:
    """One listen address: what of it is bound, and why the rest is not.

    `kinds` are the sockets it wants, `over` what is spoken there, in words, and `key` that of the
    settings which names it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        kinds: tuple[Transport, ...] = BOTH,
        over: str = "",
        key: str = "dns.listen",
    ) -> None:
        self.key = key
        self.host = host
        self.port = port
        self.over = over
        self.bound: dict[Transport, Bound] = {}
        self.errors: dict[Transport, ListenError] = {}
        self._kinds = kinds

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def bind(self) -> list[tuple[Transport, Bound]]:
        """Bind what is missing; gives what could be had now."""
        before = dict(self.bound)
        if self.port == 0 and self._kinds == BOTH:
            try:
                self.bound = dict(zip(BOTH, bind_both(self.host), strict=True))
                self.errors = {}
            except ListenError as error:
                self.errors = dict.fromkeys(BOTH, error)
        else:
            for transport in self._kinds:
                self._bind_one(transport)
        if self.bound:
            self.port = next(iter(self.bound.values())).port
        return [each for each in self.bound.items() if each[0] not in before]

    def _bind_one(self, transport: Transport) -> None:
        if transport not in self.bound:
            try:
                self.bound[transport] = bind(transport, self.host, self.port)
                self.errors.pop(transport, None)
            except ListenError as error:
                self.errors[transport] = error

    @property
    def problem(self) -> str:
        """What is not served and why, in a sentence or two; empty where all is."""
        if not self.errors:
            return ""
        error, *_ = self.errors.values()
        over = self.over or next(iter(self.errors)) * (len(self.errors) < len(self._kinds))
        over = f" over {over}" if over else ""
        why = f"{self.key}: {error.advice}"
        return f"{why} Until that changes DNS is not answered there{over}; it is tried again."

    @property
    def lacks_family(self) -> bool:
        """Whether this machine knows no such addresses."""
        return any(error.has_no_family for error in self.errors.values())

    def close(self) -> None:
        for each in self.bound.values():
            each.sock.close()
        self.bound.clear()


class Listeners:
    """DNS on the (host, port) of `listen`, and on what is added: `bind`, `serve`, then `try_again`
    while `is_complete` is False, and `close`.

    `door` holds the connections of all addresses, `most_connections` of a kind at most; `udp` is
    what serves UDP now. `proxies` say whose queries they bring (see `proxy_protocol`). `faults` are
    told of bugs in taking connections.
    """

    def __init__(
        self,
        listen: Iterable[tuple[str, int]],
        pipeline: Pipeline,
        *,
        most_connections: int = MAX_CONNECTIONS,
        proxies: Iterable[Network] = (),
        faults: Faults | None = None,
    ) -> None:
        self._proxies = tuple(proxies)
        self.door = Door(pipeline, most_connections, self._proxies)
        self.udp: list[UdpListener] = []
        self._pipeline = pipeline
        self._tcp = StreamListener(self.door, faults=faults)
        self._plain = [_Address(host, port) for host, port in listen]
        self._added: list[tuple[_Address, Listener]] = []
        self._unserved: list[tuple[Bound, Listener | None]] = []

    def add(
        self,
        listen: Iterable[tuple[str, int]],
        transport: Transport,
        listener: Listener,
        over: str,
        key: str = "dns.listen",
    ) -> None:
        """Have a listener serve such sockets of these addresses; before `bind`.

        `over` is what it speaks, for people: "TLS", and `key` that of the settings. Of these no
        error is fatal: what cannot be had is among the problems, and tried again.
        """
        self._added += [
            (_Address(host, port, (transport,), over, key), listener) for host, port in listen
        ]

    def bind(self) -> None:
        """Bind what can be had now; queries wait in the kernel until `serve`.

        Raises ListenError, with nothing bound, where waiting would not help and nobody would be
        served: when no address can be had and none is merely missing yet, or when the port of
        "every address" cannot be had, which people see at their first start.
        """
        came = self._bind_missing()
        self._leave_out_ipv6()
        if (error := self._hopeless()) is not None:
            for address in self._addresses:
                address.close()
            raise error
        self._unserved += came
        for problem in self.problems:
            log.warning("%s", problem)

    def serve(self) -> None:
        """Answer on everything that is bound."""
        while self._unserved:
            bound, listener = self._unserved[0]
            if listener is None:
                self.udp.append(UdpListener(bound, self._pipeline, proxies=self._proxies))
            else:
                listener.listen(bound)
            del self._unserved[0]

    def try_again(self) -> bool:
        """Bind and serve what was missing; whether anything could be had."""
        before = set(self.problems)
        found = self._bind_missing(tell=True)
        for problem in self.problems:
            if problem not in before:
                log.warning("%s", problem)
        self._unserved += found
        self.serve()
        return bool(found)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close everything."""
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        await asyncio.gather(
            *(listener.close(patience_s) for listener in self.udp), self.door.close(patience_s)
        )
        for address in self._addresses:
            address.close()

    @property
    def is_complete(self) -> bool:
        """Whether every address is served, over all that it should be."""
        return not any(address.errors for address in self._addresses)

    @property
    def addresses(self) -> list[str]:
        """What is served over UDP at least, with the real ports."""
        return [str(address) for address in self._plain if "UDP" in address.bound]

    @property
    def added(self) -> list[tuple[str, str]]:
        """What is served beside these: what is spoken there, and the address with its real port."""
        return [(address.over, str(address)) for address, _ in self._added if address.bound]

    @property
    def acceptors(self) -> list[Acceptor]:
        """Who takes connections."""
        return [each for listener in self._listeners for each in listener.acceptors]

    @property
    def overloaded(self) -> int:
        """Queries dropped because too many others were waiting."""
        return sum(each.room.overloaded for each in self.udp) + self.door.room.overloaded

    @property
    def problems(self) -> list[str]:
        """What is not served and why, a text for each address."""
        return [address.problem for address in self._addresses if address.problem]

    @property
    def _addresses(self) -> list[_Address]:
        return [*self._plain, *(address for address, _ in self._added)]

    @property
    def _listeners(self) -> list[Listener]:
        """All but those of UDP, which are one for each socket, each once."""
        return list(dict.fromkeys([self._tcp, *(listener for _, listener in self._added)]))

    def _bind_missing(self, *, tell: bool = False) -> list[tuple[Bound, Listener | None]]:
        """Bind what can be had now: the sockets, and who serves them, None for UDP."""
        found: list[tuple[Bound, Listener | None]] = []
        plain: list[tuple[_Address, Listener | None]] = [(each, None) for each in self._plain]
        for address, listener in [*plain, *self._added]:
            for transport, bound in address.bind():
                if tell:
                    over = address.over or transport
                    log.info("DNS is answered on %s over %s now", address, over)
                found.append((bound, listener or (self._tcp if transport == "TCP" else None)))
        return found

    def _leave_out_ipv6(self) -> None:
        """On a machine without IPv6 do without "::", where there are other addresses.

        It stands in the default settings, and means "every address there is".
        """
        for address in [each for each in self._addresses if each.lacks_family]:
            others = [each for each in self._addresses if each.over == address.over]
            if address.host == "::" and len(others) > 1:
                log.warning("%s It is left out.", next(iter(address.errors.values())))
                self._plain = [each for each in self._plain if each is not address]
                self._added = [each for each in self._added if each[0] is not address]

    def _hopeless(self) -> ListenError | None:
        """Why there is no use in running, as far as `bind` could find out."""
        errors = [(each, each.errors["UDP"]) for each in self._plain if "UDP" in each.errors]
        for address, error in errors:
            if address.host in WILDCARDS and not error.is_late:
                return error
        if len(errors) < len(self._plain) or any(error.is_late for _, error in errors):
            return None
        return errors[0][1] if errors else None
