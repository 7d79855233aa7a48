"""The stages of a question: which of them has a say, and that each stands alone."""

from __future__ import annotations

import pytest
from world import SimpleFilter, local_records

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.filter.match import Matcher, Rewritten
from sinkhole.dns.filter.selection import ALLOW_ONLY
from sinkhole.dns.filter.traits import NO_TRAITS
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.decide_question import HEALTH_NAME
from sinkhole.dns.pipeline.permit import FREELY, Permit
from sinkhole.dns.pipeline.pipeline import STAGES, decide_question
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.upstream.probe_names import LOOP_ZONE
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.verdict import Outcome

POLICY = Policy(
    group=GroupPolicy(
        filter=SimpleFilter(
            ["ads.example.org", "nas.home"],
            ["good.ads.example.org"],
            rewrite={"old.example.org": Rewritten(rcode=0, cname=from_text("new.example.org"))},
        )
    ),
    local=LocalNames(local_records({"nas.home": ["192.0.2.20"], "go.home": ["CNAME example.net"]})),
)
A, ANY, CHAOS = 1, 255, 3


def deciding(name: str | bytes, qtype: int = A, qclass: int = 1) -> list[str]:
    """The stages that have a say about a question, each asked for itself."""
    wire_name = name if isinstance(name, bytes) else from_text(name)
    view = View(POLICY, POLICY.group, NO_TRAITS, qclass)
    said = ((each.name, each.decide(Question(wire_name, qtype), view)) for each in STAGES)
    return [stage for stage, decided in said if decided is not None]


@pytest.mark.parametrize(
    ("name", "qtype", "qclass", "stages"),
    [
        ("www.example.org", A, 1, []),
        ("www.example.org", A, CHAOS, ["special"]),
        ("www.example.org", ANY, 1, ["special"]),
        ("nas.home", A, 1, ["local", "filter"]),
        ("go.home", A, 1, ["local"]),
        ("x.test", A, 1, ["reserved"]),
        ("ads.example.org", A, 1, ["filter"]),
        ("good.ads.example.org", A, 1, ["filter"]),
        ("old.example.org", A, 1, ["filter"]),
        (HEALTH_NAME, A, 1, ["special", "reserved"]),
        (b"\1x" + LOOP_ZONE, A, 1, []),
    ],
)
def test_each_stage_speaks_for_itself(
    name: str | bytes, qtype: int, qclass: int, stages: list[str]
) -> None:
    assert deciding(name, qtype, qclass) == stages


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("nas.home", Outcome.LOCAL),
        ("ads.example.org", Outcome.BLOCKED),
        ("x.test", Outcome.LOCAL),
        (to_text(HEALTH_NAME), Outcome.LOCAL),
    ],
)
def test_the_first_stage_with_a_say_decides(name: str, outcome: Outcome) -> None:
    decided = decide_question(Question(from_text(name), A), View(POLICY, POLICY.group, NO_TRAITS))
    assert isinstance(decided, Ready)
    assert decided.report.verdict.outcome is outcome


def test_what_no_stage_has_a_say_in_may_go_to_an_upstream() -> None:
    view = View(POLICY, POLICY.group, NO_TRAITS)
    assert decide_question(Question(from_text("www.example.org"), A), view) is FREELY
    allowed = decide_question(Question(from_text("good.ads.example.org"), A), view)
    assert isinstance(allowed, Permit)
    assert allowed.allowed
    led = decide_question(Question(from_text("old.example.org"), A), view)
    assert isinstance(led, Permit)
    assert led.asked(Question(from_text("old.example.org"), A)).name == from_text("new.example.org")


def test_every_stage_has_a_reason_for_its_place() -> None:
    names = ["special", "types", "local", "dns64", "reserved", "filter", "route"]
    assert [stage.name for stage in STAGES] == names
    assert all(stage.reason and stage.silence for stage in STAGES)


def test_where_only_allowed_names_pass_all_others_are_blocked() -> None:
    own = CompiledList.from_rules("own rules", "block", ["@@||example.org^"])
    safe = CompiledList.from_rules(
        "safe search", "block", ["|www.example.org^$dnsrewrite=NOERROR;CNAME;safe.example.net"]
    )
    only = Matcher([own], [safe]).chosen(allow_only=True)
    group = GroupPolicy(filter=only)
    view = View(Policy(group=group, local=POLICY.local), group, NO_TRAITS)

    def decided(name: str) -> Ready | Permit:
        return decide_question(Question(from_text(name), A), view)

    refused, allowed = decided("www.example.com"), decided("example.org")
    assert isinstance(refused, Ready) and isinstance(allowed, Permit)
    verdict = refused.report.verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.BLOCKED, ALLOW_ONLY)
    assert allowed.allowed
    led, local = decided("www.example.org"), decided("nas.home")
    assert isinstance(led, Permit) and isinstance(local, Ready)
    assert led.outcome is Outcome.REWRITTEN
    assert local.report.verdict.outcome is Outcome.LOCAL
