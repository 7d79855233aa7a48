"""What the table holds for a client's question, and what can still be known of its answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from math import isinf

from sinkhole.control.explain import records
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.dns.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.dns.cache.ready import Ready, State
from sinkhole.dns.cache.table import Table
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.dns.wire.text.rdata import rdata_from_text
from sinkhole.model.errors import WireError
from sinkhole.model.explanation import CacheEntry
from sinkhole.model.verdict import Outcome


def entries_of(inquiry: Inquiry, table: Table) -> list[tuple[Question, Ready]]:
    """What is kept for the question, without and with DO and CD (RFC 4035 §3.2); 0.5 µs.

    Where that is nothing, NXDOMAIN that came for another type of the name: it is about this, too.
    """
    name, qtype, tag = inquiry.question.name, inquiry.question.qtype, inquiry.client.tag
    found = []
    for bits in range(4):
        question = Question(name, qtype, do=bool(bits & 1), cd=bool(bits & 2))
        key = name + qtype.to_bytes(2, "big") + bytes((bits,)) + tag
        ready = table.entries.get(key) or table.no_such_name(key, len(name), inquiry.now)
        if ready is not None:
            found.append((question, ready))
    return found


def state_of(ready: Ready, now: float) -> str:
    """How old it is: fresh, aged, expired, stale, or refused, failure, made here.

    Under whatever policy it was decided; `outdated` is told apart from this.
    """
    state, answer = ready.state(now, ready.generation), ready.answer
    if state not in (State.FRESH, State.AGING):
        return "expired"
    if ready.failures:
        return "failure"
    if answer is None:
        return "made here" if isinf(ready.expires) else "refused"
    if now >= answer.expires:
        return "stale"
    return "fresh" if state is State.FRESH else "aged"


def told_entry(question: Question, ready: Ready, inquiry: Inquiry) -> CacheEntry:
    """An entry as it is told."""
    now, answer, verdict = inquiry.now, ready.answer, ready.report.verdict
    ends = answer.expires if answer is not None and now < answer.expires else ready.expires
    reply = (
        records.of_answer(answer, question, now) if answer else records.of_ready(ready, question)
    )
    asked_type = n.type_name(question.qtype)
    return {
        "do": question.do,
        "cd": question.cd,
        "state": state_of(ready, now),
        "outdated": ready.generation != inquiry.group.generation,
        "negative": not any(each["type"] == asked_type for each in reply["records"]),
        "ttl_s": None if isinf(ends) else max(0, int(ends - now)),
        "outcome": verdict.outcome.name.lower(),
        **records.place_of(verdict.cause),
        "hop": verdict.hop or None,
        "detail": verdict.detail,
        **reply,
    }


def kept_answer(
    entries: Iterable[tuple[Question, Ready]], inquiry: Inquiry
) -> tuple[Ready | None, Answer | None]:
    """The first entry of which an upstream's answer is at hand, and that answer."""
    at_hand = ((ready, answer_at_hand(ready, inquiry)) for _, ready in entries)
    return next((each for each in at_hand if each[1] is not None), (None, None))


def answer_at_hand(ready: Ready, inquiry: Inquiry) -> Answer | None:
    """The upstream's answer that would be given now, if the policy lets it.

    Of an answer that was refused, only what it was refused for is known: that is put into an
    answer as it must have stood there.
    """
    now, verdict = inquiry.now, ready.report.verdict
    if ready.answer is not None:
        return ready.answer if now < max(ready.expires, ready.answer.expires) else None
    is_current = ready.generation == inquiry.group.generation and now < ready.expires
    if not (verdict.hop and is_current):
        return None
    return _answer_with(verdict.hop, inquiry)


def _answer_with(hop: str, inquiry: Inquiry) -> Answer | None:
    question, decided = inquiry.question, inquiry.decided()
    via = "" if isinstance(decided, Ready) else decided.via
    dns64 = inquiry.policy.dns64_for(question)
    for record in _records_with(hop, question, dns64):
        try:
            reply = Reply(n.Rcode.NOERROR, False, False, (record,), ())
            answer = answer_of(reply, question, TtlLimits(), inquiry.now, via=via)
            answer = answer._replace(dns64=dns64.settings if dns64 else b"")
        except WireError:
            continue
        if _is_refused(answer, inquiry):
            return answer
    return None


def _records_with(hop: str, question: Question, dns64: Dns64 | None) -> list[Record]:
    """The records in which a refused name or address can have stood."""
    name, qtype = question.name, question.qtype
    is_service = qtype in (n.Type.HTTPS, n.Type.SVCB)
    try:
        address = ip_address(hop)
    except ValueError:
        target = from_text(hop)
        made = [(n.Type.CNAME, target)]
        made += [(qtype, b"\0\1" + target)] if is_service else []
    else:
        if dns64 is not None and address.version == 4:
            made_of = dns64.addresses_for(address.packed, private=True)
            return [Record(name, qtype, 60, packed) for packed in made_of]
        hint = f"1 . ipv{address.version}hint={address}"
        rdata = rdata_from_text(n.Type.HTTPS, hint) if is_service else address.packed
        made = [(qtype, rdata)]
    return [Record(name, rtype, 60, rdata) for rtype, rdata in made]


def _is_refused(answer: Answer, inquiry: Inquiry) -> bool:
    outcome = replace(inquiry, answer=answer).verdict().outcome
    return outcome in (Outcome.BLOCKED_ANSWER, Outcome.REWRITTEN)
