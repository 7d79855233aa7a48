"""Whether the DNS plane answers itself."""

from __future__ import annotations

from dataclasses import replace

from world import World

from sinkhole.app.self_query import SelfQuery
from sinkhole.dns.policy.access import Access


def test_it_is_answered_whoever_may_ask_and_leaves_no_trace() -> None:
    world = World()
    pipeline = world.pipeline
    pipeline.policy = replace(pipeline.policy, access=Access())
    assert SelfQuery(pipeline).is_answered()
    assert not world.table.entries and not pipeline._records


def test_a_pipeline_that_is_broken_does_not_answer() -> None:
    pipeline = World().pipeline
    pipeline._find = None  # type: ignore[assignment]  # as by a bug
    assert not SelfQuery(pipeline).is_answered()
    assert pipeline.bugs.met == 1
