"""What upstreams said before, to whomever: one answer for clients of all classes.

What became of an answer is kept for the class of the client that it was asked for, under that
one's key. The answer itself is for everybody, unless it is for where a client is, or behind CNAMEs
that lead a client there. So it stands a second time, judged by nobody, under a key of nobody: a
client of another class, or one that a schedule moves to another, makes its own reply of it, and
asks no upstream. The answer's bytes are there once.

In a household where nothing tells clients apart there is one key, and nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import NEVER_JUDGED, Ready, State
from sinkhole.dns.cache.table import NO_TAG, TAG_SIZE, Table, shared_key
from sinkhole.dns.clients.clients import Client, Clients
from sinkhole.dns.pipeline.decide_answer import came_this_way, decide_from_memory
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.replies import answered_again, answered_whole
from sinkhole.dns.policy.snapshot import View
from sinkhole.dns.wire.question import Question


class SharedAnswers:
    """The answers of a table, for clients of any class."""

    def __init__(
        self,
        table: Table,
        clients: Clients,
        decide_question: Callable[[Question, View], Ready | Permit],
    ) -> None:
        self._table = table
        self._find = table.entries.get
        self._clients = clients
        self._decide_question = decide_question
        self._is_any_aside = False

    def recall(self, waiting: Waiting, outdated: Ready | None) -> Ready | None:
        """What upstreams said before, if it is of use: of `outdated`, which another policy judged,
        what was said to others and is for everybody, and NXDOMAIN for another type of the name."""
        key, now, size = waiting.key, waiting.arrived, len(waiting.question.name)
        others: list[Ready] = []
        if self._is_one_key(waiting):
            missing = self._table.no_such_name(key, size, now)
        else:
            for shared in self._shared_keys(waiting):
                known = self._find(shared)
                if known and known.answer and now < known.answer.expires:
                    others.append(known)
            tags = waiting.client.shared_tags
            missing = self._table.no_such_name(key, size, now, tags)
        if missing is None and outdated is None and not others:
            return None  # nearly every time
        if len(others) > 1:
            others.sort(key=_received, reverse=True)
        question, view, permit = waiting.question, waiting.view, waiting.permit
        ready = decide_from_memory(question, view, outdated, others, missing, permit, now)
        if ready is not None and ready is not outdated:
            self._table.put(key, ready)
        return ready

    def heard_since(self, waiting: Waiting, known: Ready) -> Ready | None:
        """What upstreams said to others since they said what a client is still given."""
        before = known.answer
        there = filter(None, map(self._find, self._shared_keys(waiting)))
        if before is None or not any(_received(each) > before.received for each in there):
            return None
        decided = self._decide_question(waiting.question, waiting.view)
        if isinstance(decided, Ready):
            return None
        return self.recall(waiting._replace(permit=decided), None)

    def filled_in(self, waiting: Waiting, now: float) -> Ready | None:
        """What came since a question did, for who asked the same at the same time; a client of
        another class, perhaps, so that all have the one answer."""
        known = self._find(waiting.key)
        generation, since = waiting.view.group.generation, waiting.arrived
        is_new = known is not None and known.is_answer_since(since)
        if known and is_new and known.state(now, generation) is State.FRESH:
            return known
        if self._is_one_key(waiting):
            return None
        for key in self._shared_keys(waiting):
            known = self._find(key)
            if known is not None and known.is_answer_since(since):
                break
        else:
            return None
        return self.recall(waiting._replace(arrived=now), None)

    def old_answer(self, waiting: Waiting, now: float, stale_s: float) -> Ready | None:
        """What has an answer that came the way we now ask, and may be given in need, so long after
        its time: that of the client, else what was said to others."""
        known = self._find(waiting.key)
        if known is not None and self._is_of_use(known, waiting, now, stale_s):
            return known
        if self._is_one_key(waiting):
            return None
        for key in self._shared_keys(waiting):
            known = self._find(key)
            if known is not None and self._is_of_use(known, waiting, now, stale_s):
                return known
        return None

    @staticmethod
    def _is_of_use(known: Ready, waiting: Waiting, now: float, stale_s: float) -> bool:
        answer, view = known.answer, waiting.view
        if answer is None or known.state(now, view.group.generation, stale_s) is State.GONE:
            return False
        return came_this_way(waiting.question, view, answer, waiting.permit)

    def keep(self, waiting: Waiting, ready: Ready, answer: Answer) -> None:
        """Keep what became of an answer for the next client, and the answer for those of other
        classes, unless it is for where this one is, or behind a CNAME that leads this one there."""
        key, question, tags = waiting.key, waiting.question, waiting.client.shared_tags
        size, tag = len(question.name), key[-TAG_SIZE:]
        if tag != NO_TAG and tags:
            tag = tags[0]
        home = shared_key(key, size, tag)
        if home == key or answer.subnet or answer.links:
            self._table.put_answer(key, size, ready)
            return
        view, permit, own = waiting.view, waiting.permit, ready
        if ready.answer is None or ready.shown is not None:
            ready = answered_whole(question, view, answer, permit)
        else:
            own = answered_again(question, view, answer, permit, ready)
            own.fresh_until, own.saves_from = ready.fresh_until, ready.saves_from
        ready.generation, ready.saves_from = NEVER_JUDGED, inf
        self._table.put_answer(home, size, ready)
        self._table.put(key, own)

    def settle(
        self, key: bytes, name_size: int, client: Client, settled: Ready, known: Ready | None
    ) -> None:
        """Keep what settles a question without asking; what upstreams said to it before stays there
        for other classes, and for this one when its policy was another for an evening only."""
        if known is not None and known.answer is not None and client.tag == NO_TAG:
            self._move_aside(key, name_size, client, known, known.answer)
        self._table.put(key, settled)

    def _move_aside(
        self, key: bytes, name_size: int, client: Client, known: Ready, answer: Answer
    ) -> None:
        if self._clients.access.standing is None or not client.shared_tags:
            return  # all are of one class, and stay it
        home = shared_key(key, name_size, client.shared_tags[0])
        other = self._find(home)
        if answer.subnet or answer.links or (other and _received(other) >= answer.received):
            return
        known.generation, known.saves_from = NEVER_JUDGED, inf
        self._table.put(home, known)
        self._is_any_aside = True

    def _is_one_key(self, waiting: Waiting) -> bool:
        """Whether nothing tells clients apart, so that each has the key of all."""
        is_one = self._clients.are_alike and not self._is_any_aside
        return is_one and not waiting.question.subnet

    @staticmethod
    def _shared_keys(waiting: Waiting) -> list[bytes]:
        """The other keys of what is for everybody."""
        key, tags = waiting.key, waiting.client.shared_tags
        if waiting.question.subnet:
            size = len(waiting.question.name)
            return [each for tag in tags if (each := shared_key(key, size, tag)) != key]
        head, own = key[:-TAG_SIZE], key[-TAG_SIZE:]
        return [head + tag for tag in tags if tag != own]


def _received(known: Ready) -> float:
    return -inf if known.answer is None else known.answer.received
