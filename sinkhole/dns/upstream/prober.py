"""Probes: is a server back, and does it send our questions back to us?

A probe is a question for a name under `sinkhole-loop.test` (`probe_names`), which nobody has and
most resolvers answer themselves (RFC 6761 §6.2). Any answer means that the server is there. If the
probe arrives here as a client's query, then that server, or one behind it, forwards to sinkhole:
each question would circle until every slot is taken. Such a server is not asked until a probe is
answered that did not come here: one that was not sent, or given up, shows nothing.

A server may be several processes, each with a prober, and a probe come back to another one than
sent it. So each knows those of all; where one arrives, it counts as the server's that it was sent
to. The answer to it proves to the one that sent it that it came back.

Every server is probed at the start, then only while something is wrong with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sinkhole.dns.upstream.flight import Exchanged, Tell
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.probe_names import ProbeNames
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError

log = logging.getLogger(__name__)

FIRST_LOOK: Final = 0.1
"""After a first failure a server is probed sooner: after this part of the usual interval."""


class Prober:
    """Probes the servers by `ask(question, server, tell)`, every `every_s` while it has to.

    It has at most one timer and one probe underway for each server. `names` are those of all
    probes that are ours, `clock` has the time of day for them.
    """

    def __init__(
        self,
        ask: Callable[[Question, Server, Tell], None],
        every_s: float,
        names: ProbeNames,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ask = ask
        self._every_s = every_s
        self._names = names
        self._clock = clock
        self._watched: dict[Server, asyncio.TimerHandle | None] = {}
        self._latest: dict[Server, bytes] = {}
        self._seen_here: set[bytes] = set()

    def start(self, servers: Sequence[Server]) -> None:
        """Probe every server now."""
        for server in servers:
            self._watched[server] = None
            self._probe(server)

    def go_over_to(self, servers: Sequence[Server]) -> None:
        """Probe those of these servers that are new, and no others from now on."""
        stay = set(servers)
        for server in [each for each in self._watched if each not in stay]:
            timer = self._watched.pop(server)
            if timer is not None:
                timer.cancel()
        known = self._latest.keys() | self._watched.keys()
        self._latest = {each: name for each, name in self._latest.items() if each in stay}
        self.start([each for each in servers if each not in known])

    def close(self) -> None:
        """Probe nobody any more."""
        for timer in self._watched.values():
            if timer is not None:
                timer.cancel()
        self._watched.clear()

    def suspect(self, server: Server) -> None:
        """Look at a server soon, because it failed; nothing if it is being watched already."""
        if server not in self._watched:
            self._look_in(server, self._every_s * FIRST_LOOK)

    def look_at(self, server: Server) -> None:
        """Probe a server now, whether it failed or not."""
        timer = self._watched.get(server)
        if timer is not None:
            timer.cancel()
        elif server in self._watched:
            return  # a probe is underway
        self._watched[server] = None
        self._probe(server)

    def came_back(self, question: Question) -> bytes:
        """What to answer where this is a probe of ours, come back to us as a query: the text that
        proves it. Else b"".

        Takes note of it: the server it was sent to is not asked for anything from now on.
        """
        sign = self._names.read(question.name, self._clock())
        if not sign:
            return b""
        for server, latest in self._latest.items():
            if self._names.sign(server.name) == sign:
                if latest == question.name:
                    self._seen_here.add(latest)
                self._note_loop(server)
        return self._names.proof(question.name)

    def _note_loop(self, server: Server) -> None:
        if not server.loops:
            server.loops = True
            log.warning("upstream %s sends our questions back to us", server.name)
        if server not in self._watched:
            self._look_in(server, self._every_s)

    def _look_in(self, server: Server, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._watched[server] = loop.call_later(delay_s, self._look, server)

    def _look(self, server: Server) -> None:
        if server.up and not server.is_suspect and not server.loops:
            del self._watched[server]
        else:
            self._watched[server] = None
            try:
                self._probe(server)
            except Exception:
                self._look_in(server, self._every_s)  # a bug may not end the looking
                raise

    def _probe(self, server: Server) -> None:
        name = self._names.make(server.name, self._clock())
        self._seen_here.discard(self._latest.get(server, b""))
        self._latest[server] = name
        self._ask(Question(name, Type.TXT), server, partial(self._ended, server, name))

    def _ended(self, server: Server, name: bytes, outcome: Exchanged | UpstreamError) -> None:
        if server not in self._watched:
            return  # closed in between
        if name not in self._seen_here and isinstance(outcome, Exchanged):
            proof = self._names.proof(name)
            if any(proof in each.rdata for each in outcome.reply.answer):
                self._note_loop(server)
            else:
                server.loops = False
        if server.is_suspect or server.loops or not server.up:
            self._look_in(server, self._every_s)
        else:
            del self._watched[server]
