"""Probes: is a server back, and does it send our questions back to us?

A probe is a question for a random name under `sinkhole-loop.test`, which nobody has and most
resolvers answer themselves (RFC 6761 §6.2). Any answer means that the server is there. If the
probe arrives here as a client's query, then that server, or one behind it, forwards to sinkhole:
each question would circle until every slot is taken. Such a server is not asked until a probe is
answered that did not come here: one that was not sent, or given up, shows nothing.

Every server is probed at the start, then only while something is wrong with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sinkhole.dns.upstream.flight import Exchanged, Tell
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError

log = logging.getLogger(__name__)

LOOP_ZONE: Final = from_text("sinkhole-loop.test")

FIRST_LOOK: Final = 0.1
"""After a first failure a server is probed sooner: after this part of the usual interval."""


class Prober:
    """Probes the servers by `ask(question, server, tell)`, every `every_s` while it has to.

    It has at most one timer and one probe underway for each server.
    """

    def __init__(self, ask: Callable[[Question, Server, Tell], None], every_s: float) -> None:
        self._ask = ask
        self._every_s = every_s
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

    def is_own(self, question: Question) -> bool:
        """Whether this is the latest probe of one of our servers, come back to us as a query.

        Takes note of it: the server it was sent to is not asked for anything from now on.
        """
        if not question.name.endswith(LOOP_ZONE):
            return False
        for server, name in self._latest.items():
            if name == question.name:
                self._note_loop(server, name)
                return True
        return False

    def _note_loop(self, server: Server, name: bytes) -> None:
        self._seen_here.add(name)
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
        label = os.urandom(8).hex().encode()
        name = bytes((len(label),)) + label + LOOP_ZONE
        self._seen_here.discard(self._latest.get(server, b""))
        self._latest[server] = name
        self._ask(Question(name, Type.TXT), server, partial(self._ended, server, name))

    def _ended(self, server: Server, name: bytes, outcome: Exchanged | UpstreamError) -> None:
        if server not in self._watched:
            return  # closed in between
        if name not in self._seen_here and isinstance(outcome, Exchanged):
            server.loops = False
        if server.is_suspect or server.loops or not server.up:
            self._look_in(server, self._every_s)
        else:
            del self._watched[server]
