"""One listen address: what of it is bound, why the rest is not, and what serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from sinkhole.dns.server.door import Door
from sinkhole.dns.server.sockets import Bound, ListenError, Transport, bind, bind_both
from sinkhole.dns.server.udp import UdpListener
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.socket_address import address_text

BOTH: Final[tuple[Transport, ...]] = ("UDP", "TCP")


class Listener(Protocol):
    """What serves bound sockets by connections, of one kind."""

    acceptors: list[Acceptor]
    """Who takes its connections; none where these are its own business, as over QUIC."""

    def listen(self, bound: Bound) -> None:
        """Serve one more socket."""
        ...

    def rest(self) -> None:
        """Take what waits, and then nothing until `resume`."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    async def stop(self) -> None:
        """Take nobody new; the Door waits for what is underway, and closes what it holds."""
        ...

    def hang_up(self) -> None:
        """Close the connections that were taken."""
        ...


Serve = Callable[[Transport, Bound], UdpListener | Listener]
"""Begins to serve a socket."""


class Elsewhere(NamedTuple):
    """Who serves sockets in place of this process: a number other than 0 that nobody else has had,
    and what hands over a socket for what is spoken there."""

    by: int
    hand: Callable[[str, Transport, Bound], Listener]


Advise = Callable[[str, int, ListenError], str]
"""Says why a host and port cannot be had and what to do, a sentence or two: for who knows more of
the machine than the error tells."""


def by_error(host: str, port: int, error: ListenError) -> str:
    """What the error itself says."""
    return error.advice


class ListenAddress:
    """One address of the settings.

    `kinds` are the sockets it wants, `over` what is spoken there, in words, and `key` that of the
    settings which names it. `by` is who serves it, where that is somebody else (see `Elsewhere`).
    `port` is the real one once something is bound.
    """

    def __init__(
        self,
        host: str,
        port: int,
        serve: Serve,
        kinds: tuple[Transport, ...] = BOTH,
        over: str = "",
        key: str = "dns.listen",
        by: int = 0,
    ) -> None:
        self.key = key
        self.host = host
        self.port = port
        self.over = over
        self.place = key, over, host, port, by
        """Equal for those that are the same in two versions of the settings."""
        self.bound: dict[Transport, Bound] = {}
        self.errors: dict[Transport, ListenError] = {}
        self.serving: dict[Transport, UdpListener | Listener] = {}
        self._kinds = kinds
        self._serve = serve

    def __str__(self) -> str:
        return address_text(self.host, self.port)

    @property
    def open(self) -> list[Bound]:
        """Its sockets that are not closed yet."""
        return [each for each in self.bound.values() if each.sock.fileno() >= 0]

    # ---- sockets -----------------------------------------------------------------------------

    def bind(self, leaving: Iterable[Bound] = ()) -> list[Transport]:
        """Bind what is missing, though `leaving` be in the way; gives what could be had now."""
        before = set(self.bound)
        if self.port == 0 and self._kinds == BOTH:
            try:
                self.bound = {each.transport: each for each in bind_both(self.host)}
                self.errors = {}
            except ListenError as error:
                self.errors = dict.fromkeys(BOTH, error)
        else:
            for transport in self._kinds:
                self._bind_one(transport, leaving)
        if self.bound:
            self.port = next(iter(self.bound.values())).port
        return [each for each in self.bound if each not in before]

    def _bind_one(self, transport: Transport, leaving: Iterable[Bound]) -> None:
        if transport not in self.bound:
            try:
                self.bound[transport] = bind(transport, self.host, self.port, leaving)
                self.errors.pop(transport, None)
            except ListenError as error:
                self.errors[transport] = error

    def advice(self, advise: Advise = by_error) -> str:
        """What is missing and what to do, in a sentence or two; empty where nothing is."""
        if not self.errors:
            return ""
        return f"{self.key}: {advise(self.host, self.port, next(iter(self.errors.values())))}"

    def problem(self, advise: Advise = by_error) -> str:
        """What is not served and why, in a few sentences; empty where all is."""
        if not self.errors:
            return ""
        over = self.over or next(iter(self.errors)) * (len(self.errors) < len(self._kinds))
        over = f" over {over}" if over else ""
        until = f"Until that changes DNS is not answered there{over}; it is tried again."
        return f"{self.advice(advise)} {until}"

    @property
    def is_blocked(self) -> bool:
        """Whether something is missing that others have, or that there is no right to."""
        return any(error.is_taken or error.is_denied for error in self.errors.values())

    @property
    def lacks_family(self) -> bool:
        """Whether this machine knows no such addresses."""
        return any(error.has_no_family for error in self.errors.values())

    # ---- serving -----------------------------------------------------------------------------

    def serve(self) -> None:
        """Answer on everything that is bound."""
        for transport, bound in self.bound.items():
            if transport not in self.serving:
                self.serving[transport] = self._serve(transport, bound)

    def rest(self) -> None:
        """Answer what has come, and then take nothing until `resume`."""
        for each in self.serving.values():
            each.rest()

    def resume(self) -> None:
        """Go on."""
        for each in self.serving.values():
            each.resume()

    def hang_up(self) -> None:
        """Close the connections that came by this address."""
        for each in self.serving.values():
            if not isinstance(each, UdpListener):
                each.hang_up()

    async def close(self, door: Door, patience_s: float) -> None:
        """Give queries that wait, also by connections, `patience_s` to be answered; then close it
        and them. The rest of the Door goes on."""
        try:
            for each in self.serving.values():
                if isinstance(each, UdpListener):
                    await each.close(patience_s)
                else:
                    await each.stop()
                    await door.room.empty(patience_s)
        finally:
            self.hang_up()
            self.release()

    def release(self) -> None:
        """Close the sockets."""
        for bound in self.bound.values():
            bound.sock.close()
        self.bound.clear()
