"""Settings to change where no list decides: built-ins, protections, names of the house."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from sinkhole.builtin import BUILT_IN, DOH_CANARY, PRIVATE_RELAY, SAFE_SEARCH, SERVICES
from sinkhole.filter.match import about_name
from sinkhole.policy.bogus import BogusAddresses
from sinkhole.policy.local import HOSTS_FILE, LOCAL_RECORDS
from sinkhole.policy.rebinding import Rebinding
from sinkhole.policy.reserved import Reserved
from sinkhole.screen import REBINDING
from sinkhole.settings.safe_search import known_engines
from sinkhole.settings.services import GROUP, known_services
from sinkhole.story.by_rules import passes
from sinkhole.story.change import Change, change
from sinkhole.story.scene import Scene
from sinkhole.verdict import Verdict
from sinkhole.wire.name import ancestors, from_text, to_text
from sinkhole.wire.numbers import Type

# ---- built-ins -------------------------------------------------------------------------------


def without_builtin(scene: Scene, verdict: Verdict) -> list[Change]:
    """The setting that switches off the built-in rules that decide, if such do."""
    source = verdict.cause.list_name
    try:
        name = from_text(verdict.hop) if verdict.hop else scene.question.name
    except ValueError:  # an address
        return []
    asked = about_name(name, scene.question.qtype, scene.client.traits)
    found = [each for tier in scene.matcher.candidates(asked)[1:] for each in tier]
    without = {(each.source.name, each.held.line) for each in found if each.source.name == source}
    if not without or not passes(scene.changed(without=without).verdict()):
        return []
    if source == SERVICES:
        services = _services(scene, name)
        return [change("allow", "remove", "filtering.services", services)] if services else []
    key = _key(source, name)
    return [change("allow", "set", key, ["false"])] if key else []


def _services(scene: Scene, name: bytes) -> list[str]:
    """The items of the settings that stand for services with this name."""
    above = set(ancestors(name))
    owners = [
        service
        for service in known_services().values()
        if any(from_text(domain) in above for domain in service.domains)
    ]
    meant = {service.id for service in owners} | {GROUP + service.group for service in owners}
    return [item for item in scene.settings.filtering.services if item in meant]


def _key(source: str, name: bytes) -> str:
    """The key of the setting behind a rule of safe search, or of the other built-ins."""
    text = to_text(name)
    if source == SAFE_SEARCH:
        engines = (key for key, known in known_engines().items() if text in known["hosts"])
        return next((f"filtering.safe_search.{key}" for key in engines), "")
    if source == BUILT_IN and text in DOH_CANARY:
        return "filtering.builtin.doh_canary"
    return "filtering.builtin.private_relay" if text in PRIVATE_RELAY else ""


# ---- protections -----------------------------------------------------------------------------


def other_protection(scene: Scene, verdict: Verdict) -> list[Change]:
    """What makes rebinding protection or the bogus addresses let an answer pass."""
    wanted = scene.settings.filtering.builtin
    name = to_text(scene.question.name)
    if verdict.cause == REBINDING:
        other = Rebinding([*wanted.rebinding_allow, name])
        if not passes_fully(scene.with_policy(rebinding=other)):
            return []
        return [change("allow", "add", "filtering.builtin.rebinding_allow", [name])]
    address = ip_address(verdict.hop)
    wrong = [
        net for net in wanted.bogus_nxdomain if net.version == address.version and address in net
    ]
    left = BogusAddresses(net for net in wanted.bogus_nxdomain if net not in wrong)
    if scene.with_policy(bogus=left or None).verdict().cause == verdict.cause:
        return []
    items = [str(net.network_address if net.num_addresses == 1 else net) for net in wrong]
    return [change("allow", "remove", "filtering.builtin.bogus_nxdomain", items)]


def passes_fully(scene: Scene) -> bool:
    """Whether nothing refuses it, protections included."""
    verdict = scene.verdict()
    return passes(verdict) and not verdict.hop


# ---- names of the house ----------------------------------------------------------------------


def without_house(scene: Scene, verdict: Verdict) -> list[Change]:
    """What makes a name that is answered here go to an upstream."""
    if verdict.cause == HOSTS_FILE:
        return [change("forward", "set", "local.hosts_file", ["false"])]
    if verdict.cause == LOCAL_RECORDS:
        items = list(_records(scene))[:1]
        return [change("forward", "remove", "local.records", items)]
    for key, reserved in (
        ("filtering.builtin.discovery", Reserved(discovery=False)),
        ("dns.reserved_names", Reserved(names=False)),
    ):
        if scene.with_policy(reserved=reserved).verdict().outcome != verdict.outcome:
            return [change("forward", "set", key, ["false"])]
    return []


def _records(scene: Scene) -> Iterator[str]:
    """The names in local.records that can be meant, the one that is meant first."""
    records = scene.settings.local.records
    name, *above = ancestors(scene.question.name)
    if to_text(name) in records:
        yield to_text(name)
    for each in above:
        if (wildcard := f"*.{to_text(each)}") in records:
            yield wildcard
    local = scene.policy.local.answer(scene.question.name, scene.question.qtype)
    for record in local.made.answer if local else ():
        if record.rtype == Type.PTR and (owner := to_text(record.rdata)) in records:
            yield owner
