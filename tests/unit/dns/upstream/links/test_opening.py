"""Opening connections, when it succeeds and when it does not; see `pretended_sessions`."""

from __future__ import annotations

from pretended_sessions import World, run, turns

from sinkhole.dns.upstream.links.link import Blame, Failure
from sinkhole.dns.upstream.links.opening import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    SETTLING_S,
    SETTLING_STEP_S,
)
from sinkhole.dns.upstream.links.session import Exhausted
from sinkhole.model.errors import UpstreamError


def test_no_connection_tells_all_who_wait_and_for_a_moment_whoever_asks() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        world.ask("b.example.org")
        await world.unopened(UpstreamError("tls://192.0.2.1", "refused the connection"))
        failure = Failure("refused the connection", Blame.SERVER)
        assert world.told == {"a.example.org": [failure], "b.example.org": [failure]}
        assert world.ask("c.example.org") == failure
        await world.pass_time(FIRST_PAUSE_S)
        assert callable(world.ask("d.example.org"))
        await turns()
        assert len(world.opening) == 2

    run(life)


def test_pauses_grow_and_end_with_an_answer() -> None:
    async def life(world: World) -> None:
        pause_s = FIRST_PAUSE_S
        for _ in range(8):
            assert callable(world.ask("a.example.org"))
            await world.unopened(UpstreamError("", "refused"))
            world.told.clear()
            await world.pass_time(pause_s - 0.01)
            assert isinstance(world.ask("a.example.org"), Failure)
            await world.pass_time(0.02)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        world.ask("b.example.org")
        session = await world.opened()
        session.answer()
        session.end()
        world.ask("c.example.org")
        await world.unopened(UpstreamError("", "refused"))
        await world.pass_time(FIRST_PAUSE_S)
        assert callable(world.ask("d.example.org"))

    run(life)


def test_nobody_is_to_blame_for_our_own_limits() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        await world.unopened(Exhausted("", "could not be asked (Too many open files)"))
        [failure] = world.told["a.example.org"]
        assert isinstance(failure, Failure)
        assert failure.blame is Blame.NOBODY
        assert world.link.state().unsent == 1

    run(life)


def test_a_bug_in_connecting_is_a_failure_and_counted() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        await world.unopened(LookupError("no idea"))
        assert world.told["a.example.org"] == [
            Failure("met an error of sinkhole's own", Blame.NOBODY)
        ]

    run(life)


def test_two_connections_that_end_on_a_question_are_a_failure_of_the_server() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        (await world.opened()).end("broke the connection")
        (await world.opened()).end("broke the connection")
        failure = Failure("broke the connection", Blame.SERVER)
        assert world.told["a.example.org"] == [failure]
        assert world.ask("b.example.org") == failure

    run(life)


def test_renewing_gives_up_the_connection_that_is_being_made() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        await turns()
        world.link.renew()
        await turns()
        assert [future.cancelled() for future in world.opening] == [True, False]
        (await world.opened()).answer()
        assert world.answers() == {"a.example.org"}

    run(life)


def test_renewing_forgets_that_nothing_could_be_connected_to() -> None:
    async def life(world: World) -> None:
        world.ask("a.example.org")
        await world.unopened(UpstreamError("", "no route"))
        assert isinstance(world.ask("b.example.org"), Failure)
        world.link.renew()
        assert callable(world.ask("c.example.org"))
        (await world.opened()).answer()
        assert world.answers() == {"c.example.org"}

    run(life)


def test_while_the_network_settles_what_fails_is_tried_again_and_nobody_is_told() -> None:
    async def life(world: World) -> None:
        world.link.renew()
        world.ask("a.example.org", limit_s=SETTLING_S)
        await world.unopened(UpstreamError("", "could not be reached (no route)"))
        assert world.told["a.example.org"] == []
        await world.pass_time(SETTLING_STEP_S)
        session = await world.opened()
        session.answer()
        assert world.answers() == {"a.example.org"}

    run(life)


def test_a_network_that_has_settled_without_the_server_is_told() -> None:
    async def life(world: World) -> None:
        world.link.renew()
        world.ask("a.example.org", limit_s=2 * SETTLING_S)
        while not world.told["a.example.org"]:
            await world.unopened(UpstreamError("", "could not be reached (no route)"))
            await world.pass_time(SETTLING_STEP_S)
        assert len(world.opening) <= SETTLING_S / SETTLING_STEP_S + 2
        failure = Failure("could not be reached (no route)", Blame.SERVER)
        assert world.told["a.example.org"] == [failure]

    run(life)
