"""Queries to ship: what they were, who asked, and the terms by which they are told."""

from __future__ import annotations

from typing import Any, Final

import dnslib

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, Report, Telling, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

NAMES: Final = {"192.0.2.1": "Tablet"}


def terms(level: Any = "full", *, answers: bool = True, **privacy: Any) -> LogTerms:
    """Terms by which a tablet has a name."""
    client_name = lambda client, device: NAMES.get(client, "")  # noqa: E731  # it is one word
    return LogTerms(
        answers=answers, privacy=Privacy(level=level, client_name=client_name, **privacy)
    )


def rules() -> RuleTexts:
    return RuleTexts(lambda cause: f"||rule{cause.line}^")


def answered(name: str, *addresses: str) -> bytes:
    """The records of an answer as they stand in a reply, behind the question."""
    record = dnslib.DNSRecord.question(name).reply()
    for each in addresses:
        record.add_answer(dnslib.RR(name, rdata=dnslib.A(each), ttl=60))
    question = dnslib.DNSRecord.question(name).pack()
    return bytes(record.pack())[len(question) :]


def report(
    name: str = "www.example.org",
    *addresses: str,
    outcome: Outcome = Outcome.FORWARDED,
    **more: Any,
) -> Report:
    verdict = Verdict(outcome, upstream="192.0.2.53")
    return Report(from_text(name), 1, 0, verdict, answered(name, *addresses), **more)


def blocked(name: str = "ads.example.com") -> Report:
    verdict = Verdict(Outcome.BLOCKED, Cause("Starter", 7))
    return Report(from_text(name), 1, 0, verdict, answered(name, "0.0.0.0"))


def batch(*records: tuple[Report, Who], channel: str = "udp", time_s: float = 1e9) -> Batch:
    return Batch(time_s, 1500, list(records), channel)


TABLET: Final = Who("192.0.2.1", "02:00:5e:10:00:01", "kids")
HIDDEN: Final = Who("192.0.2.2", telling=Telling(names=False, client=False))
UNTOLD: Final = Who("192.0.2.3", telling=Telling(rows=False))
