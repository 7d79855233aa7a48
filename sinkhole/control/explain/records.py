"""What replies and verdicts say, as text: records, and the place of a rule."""

from __future__ import annotations

from collections.abc import Iterable

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, read_reply
from sinkhole.dns.wire.text.rdata import rdata_to_text
from sinkhole.dns.wire.write import Tail, write_head, write_tail
from sinkhole.model.explanation import Place, RecordText, ReplyText
from sinkhole.model.verdict import Cause


def place_of(cause: Cause) -> Place:
    """`list`, `line` and `rule`, None where there is no such thing; "" for a text on the disk."""
    line = cause.line or None
    return {"list": cause.list_name or None, "line": line, "rule": cause.rule if line else None}


def of_ready(ready: Ready, question: Question) -> ReplyText:
    """A kept reply, its TTLs as they were last counted down."""
    query = render_query(question, 0, edns=False)
    return _told(ready.give(query, len(query) - 4, edns=False), 0)


def of_answer(answer: Answer, question: Question, now: float) -> ReplyText:
    """An upstream's answer, its TTLs counted down to now."""
    elapsed = max(int(now - answer.received), 0)
    return _told(_message(answer.rcode, answer.tail, question), elapsed)


def of_records(question: Question, records: tuple[Record, ...], rcode: int = 0) -> ReplyText:
    """Records of our own making."""
    return _told(_message(rcode, write_tail(question.name, records, ()), question), 0)


def records_of(found: Iterable[Record], elapsed: int = 0) -> list[RecordText]:
    """Records as text, so many seconds of their TTLs gone."""
    return [
        {
            "name": to_text(record.name),
            "type": type_name(record.rtype),
            "ttl": max(record.ttl - elapsed, 0),
            "data": rdata_to_text(record.rtype, record.rdata),
        }
        for record in found
    ]


def _message(rcode: int, tail: Tail, question: Question) -> bytes:
    query = render_query(question, 0, edns=False)
    return query[:2] + write_head(rcode, tail.counts, edns=False) + query[12:] + tail.data


def _told(wire: bytes, elapsed: int) -> ReplyText:
    reply = read_reply(wire)
    return {"rcode": rcode_name(reply.rcode), "records": records_of(reply.answer, elapsed)}
