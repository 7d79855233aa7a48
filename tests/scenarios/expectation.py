"""What a client must get, and what must be recorded of it; `runner` tells how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import dnslib
from decency import complaints
from notation import by_section, full_rcode, one_line, same_record
from script import Words
from world import ede_of

from sinkhole.dns.pipeline.channel import UDP, Channel
from sinkhole.dns.wire.numbers import rcode_name
from sinkhole.model.record import Report


@dataclass(eq=False)
class Exchange:
    """One query of a client, the reply to it, if any, and what was recorded of it."""

    place: str
    query: bytes
    channel: Channel
    reply: bytes | None = None
    reports: list[Report] = field(default_factory=list)

    def __str__(self) -> str:
        if self.reply is None:
            return f"the query of {self.place} got no reply"
        read = dnslib.DNSRecord.parse(self.reply)
        lines = [f"the query of {self.place} got {rcode_name(full_rcode(read))} {ede_of(read)}"]
        lines += [f"    {one_line(record)}" for record in read.rr]
        lines += [f"    authority {one_line(record)}" for record in read.auth]
        lines += [f"    recorded: {report.verdict}" for report in self.reports]
        return "\n".join(lines)


class Expectation:
    """What a reply and its record must be, read from the words behind `expect`."""

    def __init__(self, words: Words, below: list[str]) -> None:
        self.rcode = words.take("an rcode, or silence")
        self.outcome = "" if self.rcode == "silence" else words.take("an outcome")
        self.answer, self.authority, _ = by_section(below)
        self.times = 1
        self.tc = False
        self.ede: int | None = None
        self.ede_text: str | None = None
        self.verdict: dict[str, object] = {}
        while words:
            self._read(words.take("a word"), words)

    def _read(self, word: str, words: Words) -> None:
        if word == "tc":
            self.tc = True
        elif word == "times":
            self.times = words.number("a number")
        elif word == "ede":
            self.ede = words.number("a code")
        elif word == "saying":
            self.ede_text = words.take("a text")
        elif word == "allowed":
            self.verdict["allowed"] = True
        elif word == "line":
            self.verdict["line"] = words.number("a line")
        elif word in ("list", "hop", "via", "detail"):
            self.verdict[word] = words.take("a text")
        else:
            raise words.unknown(word)

    def failures(self, exchange: Exchange) -> list[str]:
        """What is not as it must be, in words."""
        if exchange.reply is None:
            silent = self.rcode == "silence" and not exchange.reports
            return [] if silent else [f"expected {self.rcode}"]
        if self.rcode == "silence":
            return ["expected silence"]
        read = dnslib.DNSRecord.parse(exchange.reply)
        return [
            *complaints(exchange.query, exchange.reply, udp=exchange.channel is UDP),
            *self._reply_failures(read),
            *self._record_failures(exchange, full_rcode(read)),
        ]

    def _reply_failures(self, read: dnslib.DNSRecord) -> Iterator[str]:
        yield from _differs("rcode", self.rcode, rcode_name(full_rcode(read)))
        yield from _differs("TC", self.tc, bool(read.header.tc))
        code, text = ede_of(read) or (None, None)
        yield from _differs("extended error", self.ede, code)
        if self.ede_text is not None:
            yield from _differs("its text", self.ede_text, text)
        for what, wanted, got in (
            ("answer", self.answer, read.rr),
            ("authority", self.authority, read.auth),
        ):
            if len(wanted) != len(got) or not all(map(same_record, wanted, got)):
                yield from _differs(what, wanted, [one_line(record) for record in got])

    def _record_failures(self, exchange: Exchange, rcode: int) -> Iterator[str]:
        """A reply leaves one record, which says the same as the reply."""
        if self.outcome == "unrecorded":
            yield from _differs("records", 0, len(exchange.reports))
            return
        if len(exchange.reports) != 1:
            yield from _differs("records", 1, len(exchange.reports))
            return
        (report,) = exchange.reports
        verdict = report.verdict
        yield from _differs("outcome", self.outcome, verdict.outcome.name.lower())
        got: dict[str, object] = {
            "list": verdict.cause.list_name,
            "line": verdict.cause.line,
            "allowed": verdict.allowed,
            "hop": verdict.hop,
            "via": verdict.upstream,
            "detail": verdict.detail,
        }
        for key, wanted in {"allowed": False, **self.verdict}.items():
            yield from _differs(key, wanted, got[key])
        if self.outcome != "malformed" and not self.tc:
            yield from _differs("the rcode in the record", rcode, report.rcode)
        if self.outcome not in ("malformed", "refused"):
            asked = exchange.query[12 : 12 + len(report.name)].lower()
            yield from _differs("the name in the record", asked, report.name)


def _differs(what: str, wanted: object, got: object) -> list[str]:
    return [] if wanted == got else [f"{what}: expected {wanted}, got {got}"]
