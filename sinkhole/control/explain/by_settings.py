"""Settings to change where no list decides: built-ins, protections, names of the house."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from sinkhole.control.explain.by_layers import builtin_key, said_by
from sinkhole.control.explain.by_rules import change, passes
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.lists.builtin import SERVICES
from sinkhole.control.settings.shipped import GROUP, known_services
from sinkhole.dns.filter.match import about_name
from sinkhole.dns.pipeline.decide_answer import REBINDING
from sinkhole.dns.policy.local import HOSTS_FILE, LOCAL_RECORDS
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.wire.name import ancestors, from_text, to_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.explanation import Change
from sinkhole.model.verdict import Verdict

# ---- built-ins -------------------------------------------------------------------------------


def without_builtin(inquiry: Inquiry, verdict: Verdict) -> list[Change]:
    """The setting that switches off the built-in rules that decide, if such do."""
    source = verdict.cause.list_name
    try:
        name = from_text(verdict.hop) if verdict.hop else inquiry.question.name
    except ValueError:  # an address
        return []
    asked = about_name(name, inquiry.question.qtype, inquiry.client.traits)
    found = [each for tier in inquiry.matcher.candidates(asked)[1:] for each in tier]
    without = {(each.source.name, each.rule.line) for each in found if each.source.name == source}
    if not without or not passes(inquiry.changed(without=without).verdict()):
        return []
    if source == SERVICES:
        return _without_services(inquiry, name)
    section, key = builtin_key(source, name)
    if not key:
        return []
    if said := said_by(inquiry, section, key):
        return [said.changed("allow", "set", ["false"])]
    return [change("allow", "set", f"filtering.{section}.{key}", ["false"])]


def _without_services(inquiry: Inquiry, name: bytes) -> list[Change]:
    said = said_by(inquiry, "services")
    chosen = said.layer.said["services"] if said else inquiry.settings.filtering.services
    items = _services(chosen, name)
    if said and items:
        return [said.changed("allow", "remove", items)]
    return [change("allow", "remove", "filtering.services", items)] if items else []


def _services(chosen: Iterable[str], name: bytes) -> list[str]:
    """Those of these words that stand for services with this name."""
    above = set(ancestors(name))
    owners = [
        service
        for service in known_services().values()
        if any(from_text(domain) in above for domain in service.domains)
    ]
    meant = {service.id for service in owners} | {GROUP + service.group for service in owners}
    return [item for item in chosen if item in meant]


# ---- protections -----------------------------------------------------------------------------


def other_protection(inquiry: Inquiry, verdict: Verdict) -> list[Change]:
    """What makes rebinding protection or the bogus addresses let an answer pass."""
    builtin = inquiry.settings.filtering.builtin
    name = to_text(inquiry.question.name)
    if verdict.cause == REBINDING:
        other = Rebinding([*builtin.rebinding_allow, name])
        if not passes_fully(inquiry.with_parts(rebinding=other)):
            return []
        return [change("allow", "add", "filtering.builtin.rebinding_allow", [name])]
    address = ip_address(verdict.hop)
    wrong = [
        net for net in builtin.bogus_nxdomain if net.version == address.version and address in net
    ]
    left = BogusAddresses(net for net in builtin.bogus_nxdomain if net not in wrong)
    if inquiry.with_parts(bogus=left or None).verdict().cause == verdict.cause:
        return []
    items = [str(net.network_address if net.num_addresses == 1 else net) for net in wrong]
    return [change("allow", "remove", "filtering.builtin.bogus_nxdomain", items)]


def passes_fully(inquiry: Inquiry) -> bool:
    """Whether nothing refuses it, protections included."""
    verdict = inquiry.verdict()
    return passes(verdict) and not verdict.hop


# ---- names of the house ----------------------------------------------------------------------


def without_house(inquiry: Inquiry, verdict: Verdict) -> list[Change]:
    """What makes a name that is answered here go to an upstream."""
    if verdict.cause == HOSTS_FILE:
        return [change("forward", "set", "local.hosts_file", ["false"])]
    if verdict.cause == LOCAL_RECORDS:
        items = list(_records(inquiry))[:1]
        return [change("forward", "remove", "local.records", items)]
    for key, reserved in (
        ("filtering.builtin.discovery", Reserved(discovery=False)),
        ("dns.reserved_names", Reserved(names=False)),
    ):
        if inquiry.with_parts(reserved=reserved).verdict().outcome != verdict.outcome:
            return [change("forward", "set", key, ["false"])]
    return []


def _records(inquiry: Inquiry) -> Iterator[str]:
    """The names in local.records that can be meant, the one that is meant first."""
    records = inquiry.settings.local.records
    name, *above = ancestors(inquiry.question.name)
    if to_text(name) in records:
        yield to_text(name)
    for each in above:
        if (wildcard := f"*.{to_text(each)}") in records:
            yield wildcard
    local = inquiry.policy.local.answer(inquiry.question.name, inquiry.question.qtype)
    for record in local.made.answer if local else ():
        if record.rtype == Type.PTR and (owner := to_text(record.rdata.lower())) in records:
            yield owner
