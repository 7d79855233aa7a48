"""Local names of Pi-hole, its aliases, and which names its router is asked about."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.rules import RULES, usable
from sinkhole.control.imports.servers import pihole_server, put_route, reverse_zones
from sinkhole.control.settings.addresses import Endpoint, is_address
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.records import record_name

RECORDS: Final = "local.records"


def take_names(dns: Branch, plan: Plan) -> None:
    """Hosts, host records and aliases; an alias gives way to addresses, as a name has one kind."""
    domain = _domain(dns)
    is_expanded = dns.flag("expandHosts")
    for number, line in enumerate(dns.texts("hosts")):
        words = line.partition("#")[0].split()
        about = f"{dns.at('hosts')}[{number}]"
        if len(words) < 2 or not is_address(words[0]):
            plan.left(about, f"{shown(line)} is no address with names")
            continue
        names = words[1:]
        if is_expanded and domain:
            names += [f"{each}.{domain}" for each in names if "." not in each]
        for name in names:
            _add_address(name, words[0], about, plan)
    if record := dns.text("hostRecord"):
        parts = [each.strip() for each in record.split(",")]
        for name in (each for each in parts if not is_address(each) and not each.isdigit()):
            for address in filter(is_address, parts):
                _add_address(name, address, dns.at("hostRecord"), plan)
    for number, line in enumerate(dns.texts("cnameRecords")):
        _take_alias(line, f"{dns.at('cnameRecords')}[{number}]", plan)


def _domain(dns: Branch) -> str:
    """The domain of the house, which older files have as a text."""
    value = dns.raw("domain")
    if isinstance(value, str):
        return value
    domain = dns.below("domain")
    domain.ignore("local")
    return domain.text("name", "lan")


def _add_address(name: str, address: str, about: str, plan: Plan) -> None:
    try:
        found = record_name(name)
    except ValueError as error:
        plan.left(about, str(error))
        return
    known = plan.wants(RECORDS, found) or []
    plan.put(RECORDS, found, list(dict.fromkeys([*known, address])))


def _take_alias(line: str, about: str, plan: Plan) -> None:
    parts = [each.strip() for each in line.split(",")]
    if len(parts) > 2 and parts[-1].isdigit():
        parts.pop()
    *aliases, target = parts
    if not aliases or not target:
        plan.left(about, f"{shown(line)} is no alias with a target")
    for alias in aliases:
        try:
            name = record_name(alias)
        except ValueError as error:
            plan.left(about, str(error))
            continue
        if plan.wants(RECORDS, name):
            plan.left(about, f"{name} has records already, and an alias can have nothing else")
        else:
            plan.put(RECORDS, name, [f"CNAME {target}"])


# ---- conditional forwarding --------------------------------------------------------------------


def take_routes(dns: Branch, plan: Plan) -> None:
    """Networks and a domain whose names a router is asked about."""
    no_short_names = dns.flag("domainNeeded")
    for number, line in enumerate(dns.texts("revServers")):
        about = f"{dns.at('revServers')}[{number}]"
        active, network, server, domain, *_ = [
            *(e.strip() for e in line.split(",")),
            "",
            "",
            "",
            "",
        ]
        if active.lower() not in ("true", "1"):
            plan.left(about, "it is switched off there")
            continue
        try:
            zones = reverse_zones(ip_network(network, strict=False))
            target = pihole_server(server)
        except ValueError as error:
            plan.left(about, str(error))
            continue
        short = [] if no_short_names else [""]
        for name in (*zones, *filter(None, [domain]), *short):
            put_route(plan, about, name, [target], _as_it_is)
        if plan.wants("devices.router") is None and "://" not in target:
            plan.set("devices.router", str(Endpoint.parse(target, 53)))


def _as_it_is(text: str) -> str:
    """A server that is written as ours already."""
    return text


def take_dnsmasq(lines: Iterable[str], about: str, plan: Plan) -> None:
    """Lines of dnsmasq: names that others are asked about, and names with an address."""
    rules = []
    for line in lines:
        words = line.partition("#")[0].strip() if line.lstrip().startswith("#") else line.strip()
        key, _, value = words.partition("=")
        if not words:
            continue
        if key in ("server", "rev-server") and value.startswith("/") and value.rpartition("/")[2]:
            names, _, server = value.removeprefix("/").rpartition("/")
            for name in names.split("/"):
                put_route(plan, about, name, [server], pihole_server)
        elif key in ("address", "local") and value.startswith("/"):
            rules.append(words)
        else:
            plan.left(f"{about} {shown(words)}", "this line of dnsmasq is not known here")
    for rule in usable(plan, about, rules):
        plan.put(RULES, rule)
