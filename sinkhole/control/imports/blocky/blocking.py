"""Lists of blocky: groups of lists, clients that have some of these groups, and their hours.

There a client has all lists of its groups. Each set of groups that somebody has becomes a group
here, which names the lists; names that stand in the file itself become rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Final

from sinkhole.control.imports.branch import Branch, span_text
from sinkhole.control.imports.plan import DEFAULT_GROUP, Plan
from sinkhole.control.imports.rules import RULES, exact, usable
from sinkhole.control.imports.servers import network_text
from sinkhole.control.settings.addresses import (
    is_address,
    parse_host_name,
    parse_network,
)
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.windows import parse_window

LONGEST_TTL_S: Final = 86_400
SHORTEST_REFRESH_S: Final = 600

_KINDS: Final = (("denylists", "block"), ("allowlists", "allow"))
_WILDCARD: Final = re.compile(r"[*\[\]?]")


@dataclass(slots=True)
class Source:
    """A group of lists of blocky: names of lists, rules, and the schedules that they go by."""

    lists: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    is_denied: bool = False
    when: tuple[str, ...] = ()


def take_blocking(blocking: Branch, named: Mapping[str, list[str]], plan: Plan) -> None:
    """The section; `named` has the addresses of clients that have a name."""
    _take_answers(blocking, plan)
    sources = _sources(blocking, plan)
    clients = {name: _texts(value) for name, value in blocking.pairs("clientGroupsBlock")}
    _check(clients, sources, blocking, plan)
    _take_schedules(blocking, sources, plan)
    usual = clients.pop("default", [])
    _take_groups(usual, clients, sources, plan)
    for key, groups in clients.items():
        _take_client(key, _group_name(groups, usual), named, plan)
    if any("/" in key for key in clients):
        text = "of several networks a client is in, the smallest counts here, not all of them"
        plan.differs(blocking.at("clientGroupsBlock"), text)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _take_answers(blocking: Branch, plan: Plan) -> None:
    kind = blocking.text("blockType", "zeroIp")
    if kind.lower() == "nxdomain":
        plan.set("filtering.blocking.mode", "nxdomain")
    elif kind.lower() != "zeroip":
        for address in map(str.strip, kind.split(",")):
            if not is_address(address):
                plan.left(blocking.at("blockType"), f"{shown(address)} is no address")
                continue
            plan.set(f"filtering.blocking.custom_ipv{6 if ':' in address else 4}", address)
            plan.set("filtering.blocking.mode", "custom_ip")
    if blocking.has("blockTTL"):
        ttl = blocking.span_s("blockTTL", 0, 60)
        plan.set("filtering.blocking.ttl", span_text(min(max(ttl, 0), LONGEST_TTL_S)))
    loading = blocking.below("loading")
    if loading.has("refreshPeriod"):
        period = loading.span_s("refreshPeriod", 0, 60)
        wanted = span_text(max(period, SHORTEST_REFRESH_S)) if period > 0 else "0s"
        plan.set("filtering.update_interval", wanted)
    loading.ignore("downloads", "concurrency", "strategy", "maxErrorsPerSource", "refreshPeriod")


# ---- lists -------------------------------------------------------------------------------------


def _sources(blocking: Branch, plan: Plan) -> dict[str, Source]:
    """What each group of lists holds."""
    found: dict[str, Source] = {}
    for key, kind in _KINDS:
        for name, value in blocking.pairs(key):
            source = found.setdefault(name, Source())
            source.is_denied |= kind == "block"
            for text in _texts(value) if value is not None else ():
                _add_source(name, kind, text, source, f"{blocking.at(key)}.{name}", plan)
    return found


def _add_source(name: str, kind: str, text: str, source: Source, about: str, plan: Plan) -> None:
    """A list that is fetched, a file, or the names themselves."""
    if "\n" in text:
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        rules = (_inline(each, allow=kind == "allow") for each in lines if each)
        source.rules += usable(plan, about, rules)
        return
    url = text.strip()
    if not url.startswith(("http://", "https://")):
        url = f"file:{url.removeprefix('file://')}"
        text = "the file is read where it lies, so sinkhole's user must be able to"
        plan.differs(f"{about} {shown(url)}", text)
    listed = plan.add_list(name, url, kind)
    if listed not in source.lists:
        source.lists.append(listed)


def _inline(line: str, *, allow: bool) -> str:
    """A name, a name with all below it, an expression, or a line of a hosts file as a rule."""
    words = line.split()
    text = words[-1] if is_address(words[0]) else line
    mark = "@@" if allow else ""
    if text.startswith("/"):
        return f"{mark}{text}"
    if text.startswith("*."):
        return f"{mark}||{text.removeprefix('*.')}^"
    return exact(text, allow=allow)


def _check(
    clients: Mapping[str, list[str]], sources: Mapping[str, Source], blocking: Branch, plan: Plan
) -> None:
    """Leave out groups that nobody wrote down."""
    for key, groups in clients.items():
        for name in [each for each in groups if each not in sources]:
            about = f"{blocking.at('clientGroupsBlock')}.{key}"
            plan.left(about, f"there is no group of lists {shown(name)}")
            groups.remove(name)


# ---- when --------------------------------------------------------------------------------------


def _take_schedules(blocking: Branch, sources: Mapping[str, Source], plan: Plan) -> None:
    schedules = blocking.below("schedules")
    names: dict[str, str] = {}
    for name, _ in blocking.pairs("schedules"):
        entry = schedules.below(name)
        days = ",".join(entry.texts("weekdays")).lower()
        start, end = entry.text("start", "00:00"), entry.text("end", "24:00")
        try:
            window = str(parse_window(f"{days} {start}-{end}"))
        except ValueError as error:
            plan.left(entry.path, str(error))
            continue
        names[name] = plan.schedules.free(name)
        plan.put("schedules", names[name], {"windows": [window]})
    for group, value in blocking.pairs("listSchedules"):
        known = tuple(names[each] for each in _texts(value) if each in names)
        if group in sources:
            sources[group].when = known or ("",)


# ---- whom for ----------------------------------------------------------------------------------


def _group_name(groups: list[str], usual: list[str]) -> str:
    """What a set of groups is called here."""
    if sorted(groups) == sorted(usual):
        return DEFAULT_GROUP
    return " + ".join(sorted(groups)) or "Without lists"


def _take_groups(
    usual: list[str],
    clients: Mapping[str, list[str]],
    sources: Mapping[str, Source],
    plan: Plan,
) -> None:
    every = [name for source in sources.values() for name in source.lists]
    sets = {_group_name(groups, usual): groups for groups in (usual, *clients.values())}
    everywhere = [
        rule
        for source in sources.values()
        for rule in source.rules
        if not source.when and all(source in _of(groups, sources) for groups in sets.values())
    ]
    for rule in dict.fromkeys(everywhere):
        plan.put(RULES, rule)
    for name, groups in sets.items():
        value = _value(_of(groups, sources), every, everywhere, name, plan)
        if value or name != DEFAULT_GROUP:
            plan.say("groups", name, value)


def _of(groups: list[str], sources: Mapping[str, Source]) -> list[Source]:
    return [sources[each] for each in groups]


def _value(
    chosen: list[Source], every: list[str], everywhere: list[str], name: str, plan: Plan
) -> dict[str, Any]:
    """What a group says: lists and rules, and what is different while schedules are open."""
    always = [each for each in chosen if not each.when]
    lists = [listed for each in always for listed in each.lists]
    rules = [r for each in always for r in each.rules if r not in everywhere]
    value: dict[str, Any] = {}
    if set(lists) != set(every):
        value["lists"] = list(dict.fromkeys(lists))
    if rules:
        value["rules"] = list(dict.fromkeys(rules))
    if any(not each.is_denied for each in always):
        value["allow_only"] = True
    at_times = [each for each in chosen if each.when and each.when != ("",)]
    entries: dict[str, dict[str, Any]] = {}
    for source in at_times:
        for when in source.when:
            entry = entries.setdefault(when, {"when": when, "lists": list(dict.fromkeys(lists))})
            entry["lists"] += [each for each in source.lists if each not in entry["lists"]]
            if source.rules:
                entry.setdefault("rules", []).extend(source.rules)
            if not source.is_denied:
                entry["allow_only"] = True
    if len(entries) > 1:
        text = "where schedules are open at once, the lists of the later one count alone"
        plan.differs(f"group {shown(name)}", text)
    if entries:
        value["schedules"] = list(entries.values())
    return value


def _take_client(key: str, group: str, named: Mapping[str, list[str]], plan: Plan) -> None:
    """Whom a set of groups is for: an address, a network, or a name."""
    where = {} if group == DEFAULT_GROUP else {"group": group}
    if key in named:
        plan.say("clients", key, where)
        return
    try:
        known = {"addresses": [network_text(parse_network(key))]}
    except ValueError:
        if _WILDCARD.search(key) and "/" not in key:
            text = "a name with wildcards is nobody's here: name the devices, or their network"
            plan.left(f"client {shown(key)}", text)
            return
        try:
            known = _loosely(key)
        except ValueError as error:
            plan.left(f"client {shown(key)}", str(error))
            return
    plan.put("clients", plan.clients.free(key), {**known, **where})


def _loosely(key: str) -> dict[str, list[str]]:
    """A network with something behind its prefix, or the name of a host."""
    if "/" in key:
        return {"addresses": [network_text(ip_network(key, strict=False))]}
    return {"hosts": [parse_host_name(key)]}
