"""Questions and sessions, with sessions that do as the test says and a clock that stands still."""

from __future__ import annotations

import pytest
from pretended_sessions import BUDGET_S, World, run

from sinkhole.dns.upstream.links.link import Blame, Failure, LinkAnswer
from sinkhole.dns.upstream.links.load import IDLE_S, MUTE_S, SLOW_S, STALE_S
from sinkhole.dns.upstream.links.sessions import MOST_SESSIONS, MOST_TRIES
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question


def test_questions_wait_for_one_connection() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        world.ask("b.example.org")
        session = await world.opened()
        assert len(world.opening) == 1
        assert len(session.underway) == 2
        session.answer()
        session.answer()
        assert world.answers() == {"a.example.org", "b.example.org"}
        assert world.link.state()[:2] == ("192.0.2.1", world.clock.now)

    run(life)


def test_the_time_an_answer_took() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        await world.pass_time(2.0)  # the handshake is slow
        session = await world.opened()
        await world.pass_time(0.1)
        session.answer()
        [answer] = world.told["a.example.org"]
        assert isinstance(answer, LinkAnswer)
        assert answer.rtt_s == pytest.approx(0.1)

    run(life)


def test_what_a_connection_left_unanswered_is_asked_on_the_next() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        world.ask("b.example.org")
        first = await world.opened()
        first.answer()
        first.end()
        second = await world.opened()
        second.answer()
        assert world.answers() == {"a.example.org", "b.example.org"}

    run(life)


def test_a_question_that_no_connection_survives_fails_alone() -> None:
    async def life(world: World) -> None:
        world.ask("poison.example.org")
        for number in range(MOST_TRIES):
            session = await world.opened()
            world.ask(f"n{number}.example.org")
            session.underway.reverse()
            session.answer()
            await world.pass_time(SLOW_S)
            session.end()
        assert world.told["poison.example.org"] == [
            Failure("closed the connection before its answer", Blame.NAME)
        ]
        assert len(world.answers()) == MOST_TRIES

    run(life)


def test_connections_that_end_while_idle_say_nothing() -> None:
    async def life(world: World) -> None:
        for number in range(10):
            world.ask(f"n{number}.example.org")
            session = await world.opened()
            session.answer()
            session.end()
        assert len(world.answers()) == 10

    run(life)


def test_a_server_that_closes_after_each_answer_is_asked_one_at_a_time() -> None:
    async def life(world: World) -> None:
        for number in range(8):
            world.ask(f"n{number}.example.org")
        for sent in (8, 1, 1, 1, 1, 1, 1, 1):
            session = await world.opened()
            assert len(session.underway) == sent
            session.answer()
            session.end()
        assert len(world.answers()) == 8

    run(life)


def test_one_that_does_not_close_after_all_gets_more_again() -> None:
    async def life(world: World) -> None:
        for number in range(20):
            world.ask(f"n{number}.example.org")
        first = await world.opened()
        first.answer()
        first.end()
        second = await world.opened()
        second.answer()
        assert second.underway == []
        await world.pass_time(SLOW_S + 0.1)
        assert len(second.underway) == 1
        second.answer()
        assert len(second.underway) == 17

    run(life)


def test_a_slow_session_gets_help_by_a_second_one() -> None:
    async def life(world: World) -> None:
        world.ask("first.example.org")
        slow = await world.opened()
        slow.answer()
        world.ask("slow.example.org")
        await world.pass_time(SLOW_S + 0.1)
        world.ask("next.example.org")
        assert len(slow.underway) == 2
        second = await world.opened()
        assert [to_text(one.question.name) for one in second.underway] == ["next.example.org"]
        assert [to_text(one.question.name) for one in slow.cancelled] == ["next.example.org"]
        second.answer()
        slow.answer()
        assert world.answers() == {"first.example.org", "slow.example.org", "next.example.org"}

    run(life)


def test_there_are_only_so_many_sessions() -> None:
    async def life(world: World) -> None:
        world.room = 1
        for number in range(10):
            world.ask(f"n{number}.example.org")
        for _ in range(MOST_SESSIONS):
            await world.opened()
        await world.pass_time(0.2)
        assert len(world.opening) == MOST_SESSIONS
        for session in world.sessions:
            session.answer()
        assert all(session.underway for session in world.sessions)

    run(life)


def test_all_of_a_stale_session_moves_to_a_new_one() -> None:
    async def life(world: World) -> None:
        world.ask("first.example.org")
        stale = await world.opened()
        stale.answer()
        await world.pass_time(20.0)
        world.ask("after-sleep.example.org")
        await world.pass_time(STALE_S + 0.2)
        second = await world.opened()
        assert stale.is_closed
        second.answer()
        assert "after-sleep.example.org" in world.answers()

    run(life)


def test_a_stale_session_that_speaks_again_is_used_again() -> None:
    async def life(world: World) -> None:
        world.ask("first.example.org")
        session = await world.opened()
        session.answer()
        world.ask("slow.example.org")
        await world.pass_time(STALE_S + 0.2)  # and no other connection can be made so quickly
        session.answer()
        assert "slow.example.org" in world.answers()
        world.ask("next.example.org")
        assert len(session.underway) == 1

    run(life)


def test_questions_given_up_in_silence_are_a_silence() -> None:
    """Another server answers each of them before this one's silence has lasted long."""

    async def life(world: World) -> None:
        world.ask("first.example.org")
        dead = await world.opened()
        dead.answer()
        for number in range(3):
            cancel = world.ask(f"n{number}.example.org")
            await world.pass_time(0.15)
            assert callable(cancel)
            cancel()
            await world.pass_time(1.0)
        assert dead.is_closed
        assert len(world.opening) == 1, "nobody asks: no need for another one"

    run(life)


def test_a_session_that_never_answers_is_given_up() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        mute = await world.opened()
        await world.pass_time(MUTE_S + 0.2)
        assert mute.is_closed
        (await world.opened()).answer()
        assert world.answers() == {"a.example.org"}

    run(life)


def test_every_question_is_told_by_its_deadline() -> None:
    async def life(world: World) -> None:
        world.ask("waiting.example.org", 1.0)
        await world.pass_time(1.0)
        late = Failure("could not be connected to in time", Blame.SERVER)
        assert world.told["waiting.example.org"] == [late]
        session = await world.opened()
        world.ask("sent.example.org", 1.0)
        assert len(session.underway) == 1
        await world.pass_time(1.0)
        late = Failure("gave no answer within 1.0 s", Blame.NAME)
        assert world.told["sent.example.org"] == [late]
        assert session.underway == []

    run(life)


def test_cancelled_questions_are_told_nothing() -> None:
    async def life(world: World) -> None:
        cancels = [world.ask(name) for name in ("a.example.org", "b.example.org")]
        assert callable(cancels[0]) and callable(cancels[1])
        cancels[0]()
        session = await world.opened()
        assert len(session.underway) == 1
        cancels[1]()
        cancels[1]()
        assert session.underway == []
        await world.pass_time(BUDGET_S + 1)
        assert world.told == {"a.example.org": [], "b.example.org": []}

    run(life)


def test_idle_sessions_are_closed_and_no_timer_is_left() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        session = await world.opened()
        session.answer()
        await world.pass_time(IDLE_S - 1, 1.0)
        assert not session.is_closed
        await world.pass_time(2.0, 1.0)
        assert session.is_closed
        assert world.link.state().connected_at is None
        assert world.link._timer is None

    run(life)


def test_renewing_asks_again_at_once() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        first = await world.opened()
        world.ask("b.example.org")
        world.link.renew()
        assert first.is_closed
        second = await world.opened()
        second.answer()
        second.answer()
        assert world.answers() == {"a.example.org", "b.example.org"}

    run(life)


def test_what_the_server_did_not_work_on_is_asked_again() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        going = await world.opened()
        asking = going.underway.pop()
        going.room = 0  # GOAWAY
        world.link.refused(asking, "takes no more questions", retry=True)
        second = await world.opened()
        asking = second.underway.pop()
        world.link.refused(asking, "gave HTTP status 500", retry=False)
        failure = Failure("gave HTTP status 500", Blame.NAME)
        assert world.told["a.example.org"] == [failure]

    run(life)


def test_room_that_comes_back_is_used() -> None:
    async def life(world: World) -> None:
        world.room = 1
        world.ask("a.example.org")
        world.ask("b.example.org")
        session = await world.opened()
        assert len(session.underway) == 1
        session.room = 1
        world.link.has_room(session)
        assert len(session.underway) == 2

    run(life)


def test_edns_is_left_out_where_the_server_knows_none() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        session = await world.opened()
        assert session.underway[0].edns
        session.answer("FORMERR")
        assert not session.underway[0].edns
        session.answer()
        assert world.answers() == {"a.example.org"}
        world.ask("b.example.org")
        assert not session.underway[0].edns

    run(life)


def test_a_formerr_without_edns_too_is_the_answer() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        session = await world.opened()
        session.answer("FORMERR")
        session.answer("FORMERR")
        [answer] = world.told["a.example.org"]
        assert isinstance(answer, LinkAnswer)
        assert answer.reply.rcode == 1

    run(life)


def test_a_bug_in_who_is_told_harms_nobody_else() -> None:
    async def life(world: World) -> None:
        def broken(_: LinkAnswer | Failure) -> None:
            raise LookupError("no idea")

        world.link.ask(Question(from_text("a.example.org"), Type.A), 2000.0, broken)
        world.ask("b.example.org")
        session = await world.opened()
        session.answer()
        session.answer()
        assert world.answers() == {"b.example.org"}

    run(life)
