"""How a server can be asked: what shows that it knows neither EDNS nor our letter case, on real
sockets."""

import dnslib
import pytest
from fake_upstream import (
    Asked,
    FakeUpstream,
    Replies,
    answered,
    by_transport,
    hangs_up,
    no_edns,
    rcode,
    wrong_case,
)
from forwarding import FIRST, QUESTION, Clock, addresses, ask_for, cause_of, forwarding, transports

from sinkhole.dns.upstream.links.ability import REMEMBER_S, REPEATED

pytestmark = pytest.mark.usefixtures("quick_ticks")


def spelled_at_random(query: Asked) -> bool:
    return query.spelled != query.name


# -- letter case ------------------------------------------------------------


LONG = ask_for("www.long-enough.example.org")
"""A name that is nearly never spelled in one case by chance: example.org is, once in 1024 times."""


async def test_a_server_that_lower_cases_over_tcp_too_is_asked_in_lower_case_for_a_while(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = wrong_case
        for _ in range(3):
            assert (await forwarder.exchange_later(LONG)).reply.rcode == 3
        assert transports(one) == [False, True, False, False]
        assert [spelled_at_random(query) for query in one.queries] == [True, True, False, False]
        assert forwarder.strays == 0
        clock.now += REMEMBER_S
        one.always = answered
        await forwarder.exchange_later(LONG)
        assert spelled_at_random(one.queries[-1])


async def test_one_datagram_in_another_letter_case_changes_nothing_for_the_next_question(
    one: FakeUpstream, clock: Clock
) -> None:
    """A forger who hit id and port once. The question gets its answer, by TCP at once."""
    async with forwarding(one, clock=clock) as forwarder:
        for _ in range(5):
            one.script(wrong_case)
            assert (await forwarder.exchange_later(LONG)).over == "tcp"
        await forwarder.exchange_later(LONG)
        assert transports(one) == [False, True] * 5 + [False]
        assert all(spelled_at_random(query) for query in one.queries)


async def test_without_tcp_lower_case_is_tried_and_remembered_when_it_helps_repeatedly(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = by_transport(udp=wrong_case, tcp=hangs_up)
        for _ in range(REPEATED - 1):
            assert (await forwarder.exchange_later(LONG)).reply.rcode == 3
        one.script(answered)
        await forwarder.exchange_later(LONG)
        one.queries.clear()
        for _ in range(REPEATED + 1):
            assert (await forwarder.exchange_later(LONG)).reply.rcode == 3
        assert transports(one) == [False, True, False] * REPEATED + [False], "in a row, that is"
        assert not spelled_at_random(one.queries[-1])


def in_capitals(asked: Asked) -> Replies:
    """The ordinary answer, the question in upper case."""
    [reply] = answered(asked)
    reply.questions = [dnslib.DNSQuestion(asked.name.upper(), asked.record.q.qtype)]
    return [reply]


@pytest.mark.parametrize("randomize_case", [True, False])
async def test_a_question_in_other_capitals_is_the_same_question(
    one: FakeUpstream, clock: Clock, randomize_case: bool
) -> None:
    """RFC 4343 §3: at the latest when it has come by TCP as well."""
    one.answer("www.long-enough.example.org", "A", ["192.0.2.1"])
    async with forwarding(one, clock=clock, randomize_case=randomize_case) as forwarder:
        one.always = in_capitals
        for _ in range(3):
            assert addresses(await forwarder.exchange_later(LONG)) == [FIRST]
        assert transports(one) == ([False, True] if randomize_case else [False]) + [False] * 2
        assert forwarder.strays == 0


async def test_one_reply_in_another_letter_case_is_never_taken_for_the_answer(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    one.script(wrong_case, rcode("SERVFAIL"))
    async with forwarding(one, clock=clock) as forwarder:
        cause = await cause_of(forwarder, LONG)
        assert "answered in another letter case and answered SERVFAIL" in cause
        await forwarder.exchange_later(LONG)
        assert spelled_at_random(one.queries[-1]), "what did not help is not remembered"


# -- EDNS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["FORMERR", "NOTIMP"])
@pytest.mark.parametrize("with_question", [True, False])
async def test_a_server_without_edns_is_asked_without_for_a_while(
    one: FakeUpstream, clock: Clock, code: str, with_question: bool
) -> None:
    refuses = rcode(code, with_question=with_question)

    def old_server(asked: Asked) -> Replies:
        return answered(asked) if asked.payload is None else refuses(asked)  # type: ignore[return-value]  # a plain step

    async with forwarding(one, clock=clock) as forwarder:
        one.always = old_server
        for _ in range(3):
            assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]
        assert [query.payload for query in one.queries] == [1232, 1232, None, None, None]
        assert transports(one) == [False, True, False, False, False]
        assert forwarder.status()[0]["failures"] == 0
        clock.now += REMEMBER_S
        one.always = answered
        await forwarder.exchange_later(QUESTION)
        assert one.queries[-1].payload == 1232


@pytest.mark.parametrize("code", ["FORMERR", "NOTIMP", "SERVFAIL", "REFUSED", "NXDOMAIN"])
async def test_one_header_alone_is_asked_about_by_tcp_and_changes_nothing(
    one: FakeUpstream, clock: Clock, code: str
) -> None:
    """Whoever hits id and port can send one: the question, and EDNS with DO, stay as they are."""
    async with forwarding(one, clock=clock) as forwarder:
        for _ in range(5):
            one.script(rcode(code, with_question=False))
            exchanged = await forwarder.exchange_later(ask_for("example.org", do=True))
            assert (addresses(exchanged), exchanged.over) == ([FIRST], "tcp")
        await forwarder.exchange_later(QUESTION)
        assert transports(one) == [False, True] * 5 + [False]
        assert {query.payload for query in one.queries} == {1232}
        assert all(query.do for query in one.queries[:-1])


async def test_without_tcp_a_server_without_edns_is_remembered_when_it_happens_repeatedly(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = by_transport(udp=no_edns, tcp=hangs_up)
        for _ in range(REPEATED + 1):
            assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]
        assert transports(one) == [False, True, False] * REPEATED + [False]
        assert one.queries[-1].payload is None
        assert [status["failures"] for status in forwarder.status()] == [0]


async def test_formerr_with_and_without_edns_is_of_no_use(one: FakeUpstream, clock: Clock) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = rcode("FORMERR")
        assert await cause_of(forwarder) == (
            "answered FORMERR to EDNS and answered FORMERR to EDNS over TCP and answered FORMERR"
        )
        assert [query.payload for query in one.queries] == [1232, 1232, None]


async def test_an_old_server_that_lower_cases_too_is_understood(
    one: FakeUpstream, clock: Clock
) -> None:
    def old_server(asked: Asked) -> Replies:
        [reply] = no_edns(asked)
        reply.questions = wrong_case(asked)[0].questions
        return [reply]

    async with forwarding(one, clock=clock) as forwarder:
        one.always = old_server
        for _ in range(3):
            assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]
        assert len(one.queries) <= 3 + 2


async def test_no_server_gets_more_than_three_queries_by_udp_for_one_question(
    one: FakeUpstream, clock: Clock
) -> None:
    """One that answers neither spelling, nor EDNS, nor TCP, and then gives up (RFC 9520)."""

    def difficult(asked: Asked) -> Replies:
        return wrong_case(asked) if spelled_at_random(asked) else rcode("FORMERR")(asked)  # type: ignore[return-value]  # a plain step

    async with forwarding(one, clock=clock) as forwarder:
        one.always = by_transport(udp=difficult, tcp=hangs_up)
        await cause_of(forwarder, LONG)
        assert transports(one) == [False, True, False, False]
