"""A query as dnstap has it: a CLIENT_RESPONSE, in protobuf.

The message in it is made from the record: with id 0, the name in lower case and without EDNS, as
neither is kept. What may not be told is not in it: without answers it ends with the question,
without names it is a header alone. `extra` is the outcome in the log's words; what a rule decided
stands in `policy` as well.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from sinkhole.control.querylog.answers import record_spans
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.shipping.protobuf import bytes_field, fixed32_field, number_field
from sinkhole.dns.wire.numbers import CLASS_IN, QR, RA, RCODE_MASK, RD, Rcode
from sinkhole.dns.wire.write import write_head, write_opt
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.verdict import Outcome

MOST_REPORTS: Final = 4_000
"""Reports that are remembered; when there would be more, remembering starts anew."""

MOST_MESSAGE: Final = 16_384
"""Bytes of one message; a longer answer is left out."""

_CLIENT_RESPONSE: Final = number_field(1, 6)
_TYPE_MESSAGE: Final = number_field(15, 1)
_INET: Final = {4: number_field(2, 1), 6: number_field(2, 2)}
_HTTP3: Final = number_field(16, 3)
_BY: Final = {
    "udp": number_field(3, 1),
    "tcp": number_field(3, 2),
    "tls": number_field(3, 3),
    "https": number_field(3, 4),
    "h3": number_field(3, 4) + _HTTP3,
    "quic": number_field(3, 7),
}
_NXDOMAIN, _NODATA, _LOCAL_DATA = 1, 2, 6
_QNAME, _RESPONSE_IP = 1, 3
_BY_RULE: Final = frozenset({Outcome.BLOCKED, Outcome.BLOCKED_ANSWER, Outcome.REWRITTEN})


class Dnstap:
    """Makes messages by some terms; `identity` and `version` are told of this server."""

    def __init__(self, rules: RuleTexts, terms: LogTerms, identity: str, version: str) -> None:
        self._rules = rules
        self._terms = terms
        self._server = bytes_field(1, identity.encode()) + bytes_field(2, version.encode())
        self._reports: dict[tuple[Report, bool], tuple[bytes, bytes]] = {}
        self._askers: dict[Who, bytes] = {}
        self._times = self._by = b""

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms."""
        self._terms = terms
        self.forget()

    def forget(self) -> None:
        """Work everything out anew: rules may have other texts."""
        self._reports, self._askers = {}, {}

    def begin(self, batch: Batch) -> None:
        """The next messages are of this batch."""
        answered_us = int(batch.time_s * 1e6)
        asked_us = answered_us - batch.duration_us
        self._times = _time(8, 9, asked_us) + _time(12, 13, answered_us)
        self._by = _BY[batch.channel]

    def message(self, report: Report, who: Who) -> bytes:
        """One query of the batch; whether it may be told is not asked here."""
        key = report, who.telling.names
        told = self._reports.get(key)
        if told is None:
            told = self._learn(key)
        asker = self._askers.get(who)
        if asker is None:
            asker = self._learn_asker(who)
        extra, response = told
        inner = b"".join((_CLIENT_RESPONSE, asker, self._by, self._times, response))
        return b"".join((self._server, extra, bytes_field(14, inner), _TYPE_MESSAGE))

    def _learn(self, key: tuple[Report, bool]) -> tuple[bytes, bytes]:
        if len(self._reports) >= MOST_REPORTS:
            self._reports = {}
        report, named = key
        named = named and self._terms.privacy.has_names
        response = bytes_field(14, self._response(report, named))
        if report.verdict.outcome in _BY_RULE:
            response += bytes_field(15, self._policy(report, named))
        extra = bytes_field(3, report.verdict.outcome.name.lower().encode())
        told = self._reports[key] = extra, response
        return told

    def _learn_asker(self, who: Who) -> bytes:
        if len(self._askers) >= MOST_REPORTS:
            self._askers = {}
        client, _, _ = self._terms.privacy.asker(who)
        try:
            address = ip_address(client.partition("/")[0])  # a network stands for its clients
        except ValueError:
            found = b""
        else:
            found = _INET[address.version] + bytes_field(4, address.packed)
        self._askers[who] = found
        return found

    def _response(self, report: Report, named: bool) -> bytes:
        """The reply, as far as it may be told."""
        opt = write_opt(do=False, rcode=report.rcode) if report.rcode > RCODE_MASK else b""
        question = answered = b""
        if named and report.qtype:
            question = report.name + report.qtype.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
            if self._terms.answers and len(report.answered) <= MOST_MESSAGE:
                answered = report.answered
        counts = (len(record_spans(answered)), 0, 0)
        flags = QR | RD | RA | report.rcode & RCODE_MASK
        head = bytearray(bytes(2) + write_head(flags, counts, edns=bool(opt)))
        head[5] = bool(question)  # of QDCOUNT, which is 1 elsewhere
        return bytes(head) + question + answered + opt

    def _policy(self, report: Report, named: bool) -> bytes:
        """What a rule has decided, and about what."""
        verdict, rcode = report.verdict, report.rcode
        action = _LOCAL_DATA
        if not report.answered:
            action = _NXDOMAIN if rcode == Rcode.NXDOMAIN else _NODATA
        about = _RESPONSE_IP if _is_address(verdict.hop) else _QNAME
        rule = self._rules.of(verdict.cause)
        told = bytes_field(1, verdict.cause.list_name.encode("utf-8", "replace"))
        if named and rule:
            told += bytes_field(2, rule.encode("utf-8", "replace"))
        told += number_field(3, action)
        return told + number_field(4, about) if named else told


def _time(seconds: int, nanoseconds: int, at_us: int) -> bytes:
    whole, rest = divmod(max(at_us, 0), 1_000_000)
    return number_field(seconds, whole) + fixed32_field(nanoseconds, rest * 1000)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
