"""Where an answer leads: each target and address in it, and who refuses it; stage 9, told."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from sinkhole.cache.answer import Answer
from sinkhole.permit import Permit
from sinkhole.policy.rebinding import is_private
from sinkhole.policy.snapshot import Match
from sinkhole.screen import BOGUS, REBINDING
from sinkhole.story.records import place_of
from sinkhole.story.scene import Scene
from sinkhole.verdict import NO_CAUSE, Cause
from sinkhole.wire import numbers as n
from sinkhole.wire.name import to_text
from sinkhole.wire.svcb import read_service

HERE = "not checked, as a CNAME made here led to this answer"
ALLOWED = "the name asked for is allowed, so its answer may lead here"


def leads(scene: Scene, answer: Answer, permit: Permit) -> list[dict[str, Any]]:
    """Each CNAME target, service target, hint and address of an answer.

    Keys: `what`, `value`, and of the rule that blocks it, or another protection, `list`, `line`,
    `rule` (None without any); `refused`, and `note` for why a rule does not count.
    """
    found = [_target(scene, permit, *each) for each in _targets(scene, answer)]
    qtype = scene.question.qtype
    for what, packed in _addresses(answer, qtype):
        match = scene.policy.group.filter.match_address(packed, qtype, scene.client.traits)
        told = _target(scene, permit, what, str(ip_address(packed)), match)
        protection = _protection(scene, packed)
        if protection is not None and not told["refused"]:
            told = _entry(what, told["value"], protection, HERE if permit.front else "")
        found.append(told)
    return found


def _targets(scene: Scene, answer: Answer) -> Iterator[tuple[str, str, Match | None]]:
    rules, traits = scene.policy.group.filter, scene.client.traits
    qtype = scene.question.qtype
    for target in answer.targets:
        yield "CNAME target", to_text(target), rules.match(target, n.Type.CNAME, traits)
    for target in _service_targets(answer, qtype):
        yield f"{n.type_name(qtype)} target", to_text(target), rules.match(target, qtype, traits)


def _service_targets(answer: Answer, qtype: int) -> list[bytes]:
    if qtype not in (n.Type.HTTPS, n.Type.SVCB):
        return []
    services = map(read_service, answer.rdatas(qtype))
    return [service.target for service in services if service.target]


def _addresses(answer: Answer, qtype: int) -> list[tuple[str, bytes]]:
    if qtype in (n.Type.A, n.Type.AAAA):
        return [("address", packed) for packed in answer.addresses(qtype)]
    if qtype in (n.Type.HTTPS, n.Type.SVCB):
        services = map(read_service, answer.rdatas(qtype))
        return [("hint", packed) for service in services for packed in service.hints]
    return []


def _target(
    scene: Scene, permit: Permit, what: str, value: str, match: Match | None
) -> dict[str, Any]:
    if match is None or match.allowed or match.rewrite is not None:
        return _entry(what, value, None)
    note = HERE if permit.front else ALLOWED if permit.allowed else ""
    return _entry(what, value, match.cause, note)


def _protection(scene: Scene, packed: bytes) -> Cause | None:
    policy = scene.policy
    if policy.bogus is not None and packed in policy.bogus:
        return BOGUS
    rebinding = policy.rebinding
    if rebinding is None or rebinding.allows(scene.question.name) or not is_private(packed):
        return None
    return REBINDING


def _entry(what: str, value: str, cause: Cause | None, note: str = "") -> dict[str, Any]:
    return {
        "what": what,
        "value": value,
        "refused": cause is not None and not note,
        **place_of(cause or NO_CAUSE),
        "note": note,
    }
