"""All listen addresses of DNS: each is served as soon as it can be had, whatever the others do.

An address may be missing for a while: its interface is brought up later than sinkhole, or another
program has its port. Then the others are served, and it is tried again. On Linux a socket keeps
working when its address goes and comes back, so what is bound once needs no more looking after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server.sockets import (
    WILDCARDS,
    Bound,
    ListenError,
    Transport,
    bind,
    bind_both,
)
from sinkhole.dns.server.tcp import MAX_CONNECTIONS, TcpListener
from sinkhole.dns.server.udp import UdpListener
from sinkhole.model.faults import Faults

log = logging.getLogger(__name__)

BOTH: Final[tuple[Transport, ...]] = ("UDP", "TCP")


class _Address:
    """One listen address: what of it is bound, and why the rest is not."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.bound: dict[Transport, Bound] = {}
        self.errors: dict[Transport, ListenError] = {}

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def bind(self) -> list[tuple[Transport, Bound]]:
        """Bind what is missing; gives what could be had now."""
        before = dict(self.bound)
        if self.port == 0:
            try:
                self.bound = dict(zip(BOTH, bind_both(self.host), strict=True))
                self.port = self.bound["UDP"].port
                self.errors = {}
            except ListenError as error:
                self.errors = dict.fromkeys(BOTH, error)
        else:
            for transport in BOTH:
                self._bind_one(transport)
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
        over = "" if len(self.errors) == len(BOTH) else f" over {next(iter(self.errors))}"
        return f"{error} Until that changes DNS is not answered there{over}; it is tried again."

    def close(self) -> None:
        for each in self.bound.values():
            each.sock.close()
        self.bound.clear()


class Listeners:
    """DNS on the (host, port) of `listen`: `bind`, `serve`, then `try_again` while `is_complete`
    is False, and `close`.

    `tcp` holds the connections of all addresses, `most_connections` at most; `udp` is what serves
    UDP now. `faults` are told of bugs in taking connections.
    """

    def __init__(
        self,
        listen: Iterable[tuple[str, int]],
        pipeline: Pipeline,
        *,
        most_connections: int = MAX_CONNECTIONS,
        faults: Faults | None = None,
    ) -> None:
        self.tcp = TcpListener(pipeline, most_connections, faults)
        self.udp: list[UdpListener] = []
        self._pipeline = pipeline
        self._addresses = [_Address(host, port) for host, port in listen]
        self._unserved: list[tuple[Transport, Bound]] = []

    def bind(self) -> None:
        """Bind what can be had now; queries wait in the kernel until `serve`.

        Raises ListenError, with nothing bound, where waiting would not help and nobody would be
        served: when no address can be had and none is merely missing yet, or when the port of
        "every address" cannot be had, which people see at their first start.
        """
        for address in self._addresses:
            self._unserved += address.bind()
        self._leave_out_ipv6()
        if (error := self._hopeless()) is not None:
            for address in self._addresses:
                address.close()
            self._unserved.clear()
            raise error
        for problem in self.problems:
            log.warning("%s", problem)

    def serve(self) -> None:
        """Answer on everything that is bound."""
        while self._unserved:
            transport, bound = self._unserved[0]
            if transport == "UDP":
                self.udp.append(UdpListener(bound, self._pipeline))
            else:
                self.tcp.listen(bound)
            del self._unserved[0]

    def try_again(self) -> bool:
        """Bind and serve what was missing; whether anything could be had."""
        before = set(self.problems)
        for address in self._addresses:
            came = address.bind()
            self._unserved += came
            for transport, _ in came:
                log.info("DNS is answered on %s over %s now", address, transport)
        for problem in self.problems:
            if problem not in before:
                log.warning("%s", problem)
        found = bool(self._unserved)
        self.serve()
        return found

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close everything."""
        await asyncio.gather(
            *(listener.close(patience_s) for listener in self.udp), self.tcp.close(patience_s)
        )
        for address in self._addresses:
            address.close()

    @property
    def is_complete(self) -> bool:
        """Whether every address is served, over UDP and TCP."""
        return not any(address.errors for address in self._addresses)

    @property
    def addresses(self) -> list[str]:
        """What is served over UDP at least, with the real ports."""
        return [str(address) for address in self._addresses if "UDP" in address.bound]

    @property
    def problems(self) -> list[str]:
        """What is not served and why, a text for each address."""
        return [address.problem for address in self._addresses if address.problem]

    def _leave_out_ipv6(self) -> None:
        """On a machine without IPv6 do without "::", where there are other addresses.

        It stands in the default settings, and means "every address there is".
        """
        without = [
            each
            for each in self._addresses
            if each.host == "::" and any(error.has_no_family for error in each.errors.values())
        ]
        if without and len(without) < len(self._addresses):
            for each in without:
                log.warning("%s It is left out.", each.errors["UDP"])
                self._addresses.remove(each)

    def _hopeless(self) -> ListenError | None:
        """Why there is no use in running, as far as `bind` could find out."""
        errors = [(each, each.errors["UDP"]) for each in self._addresses if "UDP" in each.errors]
        for address, error in errors:
            if address.host in WILDCARDS and not error.is_late:
                return error
        if len(errors) < len(self._addresses) or any(error.is_late for _, error in errors):
            return None
        return errors[0][1] if errors else None
