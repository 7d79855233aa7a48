"""What the forwarder makes of the replies it gets, right and wrong, on real sockets."""

import random
import time

import pytest
from fake_upstream import (
    Asked,
    FakeUpstream,
    Replies,
    answered,
    by_transport,
    foreign,
    garbage,
    hangs_up,
    malformed,
    rcode,
    several,
    silent,
    truncated,
    wrong_id,
    wrong_question,
)
from forwarding import FIRST, QUESTION, Clock, addresses, ask_for, cause_of, forwarding, transports

from sinkhole.dns.upstream import forwarder as module
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.wire.reply import chain_of
from sinkhole.model.errors import UpstreamError

pytestmark = pytest.mark.usefixtures("quick_ticks")


# -- replies that are not ours -----------------------------------------------------------------


@pytest.mark.parametrize("wrong", [wrong_id, wrong_question, garbage, lambda asked: [b"?"]])
async def test_wrong_replies_are_ignored_and_the_right_one_still_counts(
    one: FakeUpstream, clock: Clock, wrong: object
) -> None:
    one.script(several(wrong, wrong, answered))  # type: ignore[arg-type]  # a step by parameter
    async with forwarding(one, clock=clock) as forwarder:
        exchanged = await forwarder.exchange_later(QUESTION)
        assert (addresses(exchanged), exchanged.over) == ([FIRST], "udp")
        assert len(one.queries) == 1
        assert forwarder.strays == 2
        assert forwarder.problems() == []


async def test_the_third_wrong_reply_moves_the_question_to_tcp_and_raises_an_alarm(
    one: FakeUpstream, clock: Clock
) -> None:
    one.script(several(wrong_id, wrong_question, wrong_id, answered))
    async with forwarding(one, clock=clock) as forwarder:
        exchanged = await forwarder.exchange_later(QUESTION)
        assert (addresses(exchanged), exchanged.over) == ([FIRST], "tcp")
        assert transports(one) == [False, True]
        assert one.queries[0].id != one.queries[1].id
        [problem] = forwarder.problems()
        assert "forging" in problem and one.name in problem
        clock.now += module.ALARM_S
        assert forwarder.problems() == []


async def test_replies_that_never_fit_end_in_an_error_that_says_so(
    one: FakeUpstream, clock: Clock
) -> None:
    one.always = several(wrong_id, wrong_id, wrong_id)
    async with forwarding(one, clock=clock) as forwarder:
        cause = await cause_of(forwarder)
        assert "seemed to send wrong answers" in cause
        assert "answered other questions than ours over TCP" in cause
        assert transports(one) == [False, True]


# -- truncation --------------------------------------------------------------------------------


async def test_a_truncated_answer_is_fetched_over_tcp(one: FakeUpstream, clock: Clock) -> None:
    one.script(truncated)
    async with forwarding(one, clock=clock) as forwarder:
        exchanged = await forwarder.exchange_later(QUESTION)
        assert (addresses(exchanged), exchanged.over) == ([FIRST], "tcp")
        assert not exchanged.reply.tc
        assert transports(one) == [False, True]
        assert one.connections == 1


async def test_without_tcp_a_truncated_answer_is_no_answer(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    one.always = by_transport(udp=truncated, tcp=hangs_up)
    async with forwarding(one, clock=clock) as forwarder:
        cause = await cause_of(forwarder)
        assert "gave a truncated answer and closed the TCP connection before its answer" in cause
        assert transports(one) == [False, True], "one connection for one question, not more"


async def test_when_tcp_fails_the_next_server_is_asked(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    one.always = two.always = by_transport(udp=truncated, tcp=hangs_up)
    async with forwarding(one, two, clock=clock) as forwarder:
        await cause_of(forwarder)
        assert transports(one) == transports(two) == [False, True]


async def test_silence_over_tcp_ends_too(one: FakeUpstream) -> None:
    async with forwarding(one, timeout_s=0.1, clock=time.monotonic) as forwarder:
        one.always = by_transport(udp=truncated, tcp=silent)
        assert "gave no answer over TCP" in await cause_of(forwarder)
        assert forwarder.status()[0]["failures"] == 1
        await one.left(1)


async def test_an_answer_truncated_over_tcp_as_well_is_of_no_use(
    one: FakeUpstream, clock: Clock
) -> None:
    def always_truncated(asked: Asked) -> Replies:
        reply = asked.reply()
        reply.header.tc = 1
        return [reply]

    async with forwarding(one, clock=clock) as forwarder:
        one.always = always_truncated
        assert "truncated even over TCP" in await cause_of(forwarder)


# -- replies that say no -----------------------------------------------------------------------


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NOTAUTH"])
async def test_a_reply_of_no_use_passes_the_question_on_at_once(
    one: FakeUpstream, two: FakeUpstream, clock: Clock, code: str
) -> None:
    async with forwarding(one, two, clock=clock) as forwarder:
        one.always = two.always = rcode(code)
        cause = await cause_of(forwarder)
        assert cause.count(f"answered {code}") == 2
        assert len(one.queries) == len(two.queries) == 1
        two.always = answered
        assert (await forwarder.exchange_later(QUESTION)).server == two.name
        assert [status["up"] for status in forwarder.status()] == [True, True]
        assert [status["failures"] for status in forwarder.status()] == [0, 0]


async def test_an_extended_error_is_passed_on_to_the_reader(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    def bogus(asked: Asked) -> Replies:
        wire = bytearray(asked.reply("SERVFAIL").pack())
        wire[-2:] = b"\0\x0a" + b"\0\x0f\0\6\0\6late"
        return [bytes(wire)]

    async with forwarding(one, two, clock=clock) as forwarder:
        one.always = two.always = bogus
        with pytest.raises(UpstreamError) as caught:
            await forwarder.exchange_later(QUESTION)
    said = "answered SERVFAIL (extended error 6, DNSSEC Bogus: late)"
    assert caught.value.cause in {
        f"{a.name} {said}, {b.name} {said}" for a, b in ((one, two), (two, one))
    }
    assert caught.value.said == ((6, "late"),), "what both say is said once"


async def test_an_empty_yes_without_a_question_is_not_believed(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = rcode("NXDOMAIN", with_question=False)
        said = "answered NXDOMAIN without repeating the question"
        assert await cause_of(forwarder) == f"{said} (2 times)"
        assert transports(one) == [False, True]


# -- replies that cannot be read ---------------------------------------------------------------


async def test_a_malformed_answer_is_a_failure_and_the_next_server_is_asked(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, clock=clock) as forwarder:
        one.always = two.always = malformed
        cause = await cause_of(forwarder)
        assert cause.count("sent a malformed answer (message ends within") == 2
        assert len(one.queries) == len(two.queries) == 1
        assert [status["failures"] for status in forwarder.status()] == [1, 1]


async def test_a_malformed_answer_over_tcp_is_a_failure(one: FakeUpstream, clock: Clock) -> None:
    one.always = by_transport(udp=truncated, tcp=malformed)
    async with forwarding(one, clock=clock) as forwarder:
        assert "sent a malformed answer" in await cause_of(forwarder)


async def test_foreign_records_can_be_told_from_the_answer(one: FakeUpstream, clock: Clock) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.script(foreign)
        exchanged = await forwarder.exchange_later(QUESTION)
        assert [record.rdata for record in chain_of(exchanged.reply, QUESTION)] == [FIRST]


async def test_any_damage_to_a_reply_ends_in_an_answer_or_a_clear_error(
    one: FakeUpstream,
) -> None:
    """Whatever bytes a server sends, an exchange ends in Exchanged or UpstreamError."""
    dice = random.Random(1035)

    def damaged(asked: Asked) -> Replies:
        wire = bytearray(asked.answer().pack())
        for _ in range(dice.randint(1, 4)):
            wire[dice.randrange(2, len(wire))] = dice.randrange(256)
        cut = bytes(wire[: dice.randint(0, len(wire) + 5)])
        return [cut, cut, cut]  # three: what fits no question then goes on by TCP

    one.answer("example.org", "TXT", ['"some text"', '"more text"'])
    async with forwarding(one, timeout_s=0.2, clock=time.monotonic) as forwarder:
        one.always = damaged
        answers = errors = 0
        for _ in range(150):
            try:
                outcome = await forwarder.exchange_later(ask_for("example.org", 16))
                answers += isinstance(outcome, Exchanged)
            except UpstreamError as error:
                assert one.name in str(error)
                errors += 1
        assert answers + errors == 150
        assert errors > 0
