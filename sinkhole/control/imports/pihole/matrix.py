"""Groups of Pi-hole, of which a client may have several, as groups of ours, of which it has one.

There a client gets the lists and domains of all its groups together. So each set of groups that
some client has becomes a group here, as does each group alone. What is in every one of them is for
the household; whoever is no client has the set with the default group alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

from sinkhole.control.imports.pihole.domains import rule_of
from sinkhole.control.imports.pihole.gravity import (
    Gravity,
    Groups,
    PiholeClient,
    PiholeDomain,
)
from sinkhole.control.imports.plan import DEFAULT_GROUP, Plan
from sinkhole.control.imports.rules import MOST_RULES, RULES, usable
from sinkhole.control.imports.servers import network_text
from sinkhole.control.settings.addresses import parse_host_name, parse_network
from sinkhole.control.settings.clients_schema import read_mac
from sinkhole.control.settings.quoting import shown

DEFAULT_ID: Final = 0

_NOBODY: Final = "no group that is in use"


class Combination(NamedTuple):
    """A set of groups that are in use, and what it is called here; DEFAULT_GROUP is everybody's."""

    groups: Groups
    name: str


def take_gravity(gravity: Gravity, plan: Plan) -> None:
    """Lists, domains, groups and clients."""
    in_use = frozenset(each.id for each in gravity.groups if each.enabled)
    for group in gravity.groups:
        if not group.enabled:
            text = "it is switched off there, so what it has counts for nobody"
            plan.left(f"group {shown(group.name)}", text)
    combinations = _combinations(gravity, in_use, plan)
    value: dict[str, dict[str, Any]] = {each.name: {} for each in combinations}
    _take_lists(gravity, combinations, value, plan)
    _take_domains(gravity.domains, combinations, value, plan)
    for each in combinations:
        if each.name != DEFAULT_GROUP or value[each.name]:
            plan.say("groups", each.name, value[each.name])
    by_groups = {each.groups: each.name for each in combinations}
    _take_clients(gravity.clients, lambda groups: by_groups[groups & in_use], plan)


def _combinations(gravity: Gravity, in_use: Groups, plan: Plan) -> list[Combination]:
    """The default one first, then each group alone, then those of clients with several."""
    usual = frozenset({DEFAULT_ID}) & in_use
    names = {each.id: each.name for each in gravity.groups}
    found = {usual: DEFAULT_GROUP}
    plan.groups.free(DEFAULT_GROUP)
    for group in gravity.groups:
        if group.id in in_use and group.id != DEFAULT_ID:
            found[frozenset({group.id})] = plan.groups.free(group.name)
    for client in gravity.clients:
        groups = client.groups & in_use
        if groups not in found:
            joined = " + ".join(names[each] for each in sorted(groups)) or "Without lists"
            found[groups] = plan.groups.free(joined)
            if len(groups) > 1:
                text = (
                    "a client has one group here, so those that are in all of these have this one"
                )
                plan.differs(f"groups {shown(joined)}", text)
    return [Combination(groups, name) for groups, name in found.items()]


def _take_lists(
    gravity: Gravity,
    combinations: Iterable[Combination],
    value: Mapping[str, dict[str, Any]],
    plan: Plan,
) -> None:
    every: list[str] = []
    of: dict[str, list[str]] = {each.name: [] for each in combinations}
    for entry in gravity.lists:
        who = [each.name for each in combinations if each.groups & entry.groups]
        is_used = entry.enabled and bool(who)
        if entry.enabled and not who:
            plan.left(
                f"list {shown(entry.address)}", f"it is in {_NOBODY}: it is switched off here"
            )
        kind = "allow" if entry.is_allow else "block"
        name = plan.add_list(entry.comment, entry.address, kind, enabled=is_used)
        plan.numbers[entry.id] = name
        if is_used and name not in every:
            every.append(name)
            for group in who:
                of[group].append(name)
    for name, lists in of.items():
        if lists != every:
            value[name]["lists"] = lists
    has_blocked_names = any(e.enabled and not (e.is_allow or e.is_regex) for e in gravity.domains)
    if has_blocked_names and any(e.enabled and e.is_allow for e in gravity.lists):
        text = "a list that allows a name wins over a name that you blocked; there it was the other"
        plan.differs("adlist", f"{text} way round. Write $important behind such a rule")


def _take_domains(
    domains: Iterable[PiholeDomain],
    combinations: list[Combination],
    value: Mapping[str, dict[str, Any]],
    plan: Plan,
) -> None:
    """Domains as rules: of the household what all have, else of those that have them."""
    wanted: dict[str, set[str]] = {}
    for domain in domains:
        about = f"{'regex' if domain.is_regex else 'domain'} {shown(domain.text)}"
        who = {each.name for each in combinations if each.groups & domain.groups}
        if not domain.enabled:
            plan.left(about, "it is switched off there")
        elif not who:
            plan.left(about, f"it is in {_NOBODY}")
        elif rule := rule_of(domain, about, plan):
            wanted.setdefault(rule, set()).update(who)
    everyone = {each.name for each in combinations}
    household = 0
    for rule in usable(plan, "domainlist", wanted):
        if wanted[rule] != everyone:
            for name in sorted(wanted[rule]):
                value[name].setdefault("rules", []).append(rule)
        elif household < MOST_RULES:
            plan.put(RULES, rule)
            household += 1
        else:
            plan.left(f"domainlist {shown(rule)}", f"more than {MOST_RULES}: put them into a list")


# ---- clients -----------------------------------------------------------------------------------


def _take_clients(
    clients: Iterable[PiholeClient], group_of: Callable[[Groups], str], plan: Plan
) -> None:
    """Clients; several with the same comment and groups are one that is known by all of these."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    taken: set[tuple[str, str]] = set()
    for client in clients:
        about = f"client {shown(client.identifier)}"
        try:
            kind, known = _identified(client.identifier)
        except ValueError as error:
            plan.left(about, str(error))
            continue
        if (kind, known) in taken:
            plan.left(about, "another client is known by it already")
            continue
        taken.add((kind, known))
        called = client.comment.strip() or client.identifier
        group = group_of(client.groups)
        found.setdefault((called, group), {}).setdefault(kind, []).append(known)
    for (called, group), ids in found.items():
        where = {} if group == DEFAULT_GROUP else {"group": group}
        plan.put("clients", plan.clients.free(called), {**ids, **where})


def _identified(text: str) -> tuple[str, str]:
    """The key that takes it, and how; ValueError."""
    if text.startswith(":"):
        raise ValueError("clients are not told apart by the interface they ask at: name networks")
    try:
        return "macs", read_mac(text)
    except ValueError:
        if "/" not in text:
            try:
                return "addresses", network_text(parse_network(text))
            except ValueError:
                return "hosts", parse_host_name(text)
    return "addresses", network_text(ip_network(text, strict=False))
