"""Messages of dnstap, read by a decoder of the tests' own."""

from __future__ import annotations

from typing import Any

import dnslib
import pytest
from shipping_peers import dnstap_of
from told_queries import HIDDEN, TABLET, answered, batch, blocked, report, rules, terms

from sinkhole.control.querylog import LogTerms
from sinkhole.control.shipping import dnstap
from sinkhole.control.shipping.dnstap import Dnstap
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict


async def told(
    query: Report, who: Who = TABLET, by: LogTerms | None = None, channel: str = "udp"
) -> dict[str, Any]:
    texts = rules()
    await texts.learn([query])
    made = Dnstap(texts, by or terms(), "host", "sinkhole 1")
    made.begin(batch(channel=channel))
    return dnstap_of(made.message(query, who))


def reply_of(message: dict[str, Any]) -> dnslib.DNSRecord:
    return dnslib.DNSRecord.parse(message["response_message"])


async def test_it_says_who_asked_when_and_what_was_answered() -> None:
    found = await told(report("www.example.org", "192.0.2.7", "192.0.2.8"))
    reply = reply_of(found)
    assert (str(reply.q.qname), reply.q.qtype, reply.header.qr) == ("www.example.org.", 1, 1)
    assert [str(each.rdata) for each in reply.rr] == ["192.0.2.7", "192.0.2.8"]
    del found["response_message"]
    assert found == {
        "identity": b"host", "version": b"sinkhole 1", "extra": b"forwarded", "type": 6,
        "socket_family": 1, "socket_protocol": 1, "query_address": bytes((192, 0, 2, 1)),
        "query_time_sec": 999_999_999, "query_time_nsec": 998_500_000,
        "response_time_sec": 1_000_000_000, "response_time_nsec": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "protocol", "http"),
    [("udp", 1, None), ("tcp", 2, None), ("tls", 3, None), ("https", 4, None), ("h3", 4, 3),
     ("quic", 7, None)],
)  # fmt: skip
async def test_transports_have_the_numbers_of_dnstap(
    channel: str, protocol: int, http: int | None
) -> None:
    found = await told(report(), channel=channel)
    assert (found["socket_protocol"], found.get("http_protocol")) == (protocol, http)


async def test_an_address_is_cut_or_left_out_as_the_log_does() -> None:
    whole = await told(report(), Who("2001:db8::1:7"))
    assert (whole["socket_family"], whole["query_address"][-1]) == (2, 7)
    cut = await told(report(), Who("192.0.2.9"), terms("anonymous_clients"))
    assert cut["query_address"] == bytes((192, 0, 2, 0))
    for found in (
        await told(report(), HIDDEN),
        await told(report(), Who("tablet-id")),
        await told(report(), TABLET, terms("no_clients")),
    ):
        assert not {"query_address", "socket_family"} & set(found)


@pytest.mark.parametrize(("who", "level"), [(HIDDEN, "full"), (TABLET, "no_names")])
async def test_without_names_there_is_a_header_alone(who: Who, level: str) -> None:
    found = await told(blocked(), who, terms(level))
    reply = reply_of(found)
    assert (reply.header.q, reply.header.a, len(found["response_message"])) == (0, 0, 12)
    assert found["policy"] == {"type": b"Starter", "action": 6}


async def test_without_answers_it_ends_with_the_question() -> None:
    found = await told(report("www.example.org", "192.0.2.7"), by=terms(answers=False))
    assert (reply_of(found).header.q, reply_of(found).rr) == (1, [])


async def test_a_policy_tells_what_a_rule_did() -> None:
    assert (await told(blocked()))["policy"] == {
        "type": b"Starter", "rule": b"||rule7^", "action": 6, "match": 1,
    }  # fmt: skip
    name = from_text("a.example")
    for verdict, rcode, given, action, match in [
        (Verdict(Outcome.BLOCKED, Cause("x")), 3, b"", 1, 1),
        (Verdict(Outcome.BLOCKED, Cause("x")), 0, b"", 2, 1),
        (Verdict(Outcome.BLOCKED_ANSWER, Cause("x"), hop="192.0.2.9"), 0, b"", 2, 3),
        (Verdict(Outcome.REWRITTEN, Cause("x")), 0, answered("a.example", "192.0.2.1"), 6, 1),
    ]:
        policy = (await told(Report(name, 1, rcode, verdict, given)))["policy"]
        assert (policy["action"], policy["match"]) == (action, match)
    assert "policy" not in await told(report())


async def test_codes_beyond_fifteen_and_queries_without_a_name_can_be_told() -> None:
    found = await told(Report(b"\0", 0, 16, Verdict(Outcome.MALFORMED)))
    reply = reply_of(found)
    assert (reply.header.q, reply.header.rcode, len(reply.ar)) == (0, 0, 1)
    assert found["extra"] == b"malformed"


async def test_an_answer_that_is_too_long_is_left_out() -> None:
    long = Report(
        from_text("a.example"), 1, 0, Verdict(Outcome.CACHED), bytes(dnstap.MOST_MESSAGE + 1)
    )
    assert reply_of(await told(long)).rr == []


async def test_a_crowd_of_reports_and_clients_is_forgotten_and_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dnstap, "MOST_REPORTS", 2)
    made = Dnstap(rules(), terms(), "host", "1")
    made.begin(batch())
    for number in range(5):
        found = dnstap_of(made.message(report(f"n{number}.example"), Who(f"192.0.2.{number}")))
        assert found["query_address"][-1] == number
        assert str(reply_of(found).q.qname) == f"n{number}.example."
    assert len(made._reports) <= 2 and len(made._askers) <= 2
    made.use(terms("no_names"))
    assert reply_of(dnstap_of(made.message(report(), TABLET))).header.q == 0
