"""Asking as a client would: the same way as any query, with what became of it and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from sinkhole.control.explain.explainer import add_texts, read_question
from sinkhole.control.explain.records import place_of, records_of
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.pipeline.channel import TCP
from sinkhole.dns.pipeline.decide_question import HEALTH_NAME
from sinkhole.dns.pipeline.holding import Held
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, Waiting
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.numbers import Rcode, Type, rcode_name, type_name
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.reply import read_reply
from sinkhole.model.errors import RequestError
from sinkhole.model.explanation import Resolved
from sinkhole.model.record import RecordBuffer, Report
from sinkhole.model.verdict import Outcome, Verdict

QUERY_ID: Final = 0
"""Nobody on any way sees the query, so nobody could guess its id."""

_UNRECORDED: Final = Report(
    HEALTH_NAME, Type.A, Rcode.NOERROR, Verdict(Outcome.LOCAL, detail="asked by health checks")
)


@dataclass(frozen=True, slots=True)
class Asking:
    """Puts questions through the pipeline as clients do, over a transport that cuts nothing.

    What is answered is kept in the table like any answer, and counts towards the client's rate;
    it does not stand in the log and its sums, which say what devices asked for.
    """

    pipeline: Pipeline
    rules: Callable[[], Selection]
    clock: Callable[[], float]

    async def resolve(self, name: str, qtype: str = "A", client: str = "") -> Resolved:
        """The answer to a question of a client, of this machine without one.

        Raises ValueError as `read_question` does, and RequestError ("too_many") for a client that
        asks so often that it would not even be told.
        """
        question, packed = read_question(name, qtype, client)
        began = self.clock()
        wire = render_query(question, QUERY_ID, edns=True)
        clients = self.pipeline.clients
        if clients.of(packed).sought:  # nobody waits for who asks by a person's word
            self.pipeline.holding.learned(packed)
        reply, report = await self._answer(wire, clients.of(packed), began)
        took_s = self.clock() - began
        read, verdict = read_reply(reply), report.verdict
        resolved: Resolved = {
            "name": to_text(question.name),
            "type": type_name(question.qtype),
            "client": str(ip_address(packed)),
            "outcome": verdict.outcome.name.lower(),
            "allowed": verdict.allowed,
            **place_of(verdict.cause),
            "hop": verdict.hop,
            "upstream": verdict.upstream,
            "detail": verdict.detail,
            "duration_ms": round(took_s * 1000, 3),
            "rcode": rcode_name(read.rcode),
            "records": records_of(read.answer),
            "extended_errors": [(each.code, each.text) for each in read.errors],
        }
        await asyncio.to_thread(add_texts, resolved, self.rules())
        return resolved

    async def _answer(self, wire: bytes, client: Client, now: float) -> tuple[bytes, Report]:
        pipeline, own = self.pipeline, RecordBuffer()
        pipeline.close_batch(TCP, now)  # what others left is theirs
        reaction = pipeline.answer_now(wire, client, TCP, now)
        pipeline.close_batch(TCP, now, own)
        assert not isinstance(reaction, Held)  # `resolve` has seen to that
        if reaction is DROP:
            text = f"{client.text} asks so often that it gets no answer at all; wait a second"
            raise RequestError("too_many", "asks_too_often", text)
        if not isinstance(reaction, Waiting):
            batches = own.drain(1)
            return reaction, batches[0].records[-1][0] if batches else _UNRECORDED
        told: list[Report] = []
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def answer(reply: bytes) -> None:
            if not answered.done():  # who asked may have gone
                answered.set_result(reply)

        pipeline.answer_then(reaction, answer, lambda waiting, report: told.append(report))
        return await answered, told[-1]
