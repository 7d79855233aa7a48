"""The section `dns` of AdGuard Home: who is asked, what is remembered, who may ask.

What is as AdGuard Home has it by default is not taken: then ours counts. Upstreams always are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Final

from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.rules import exact, usable
from sinkhole.control.imports.servers import (
    FOR_NAMES,
    adguardhome_server,
    network_text,
    put_route,
    put_timeout,
    reverse_zones,
    split_lines,
    take_servers,
)
from sinkhole.control.settings.addresses import (
    Endpoint,
    Network,
    is_address,
    parse_host_name,
    parse_network,
)
from sinkhole.control.settings.quoting import shown

BLOCKED_HOSTS: Final = ("version.bind", "id.server", "hostname.bind")
UPSTREAM_TIMEOUT_S: Final = 10.0
CACHE_SIZE: Final = 4 << 20
RATE_LIMIT: Final = 20
SUBNET_LENGTHS: Final = (24, 56)
TRUSTED: Final = ("127.0.0.0/8", "::1/128")

STRATEGIES: Final = {
    "load_balance": "load_balance",
    "": "load_balance",
    "parallel": "parallel",
    "fastest_addr": "fastest",
}
_PRIVATE: Final = tuple(ip_network(text) for text in (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("fc00::/7", "fe80::/10"),
))  # fmt: skip


def take_dns(dns: Branch, plan: Plan) -> None:
    """All of the section but where it listens."""
    _take_upstreams(dns, plan)
    _take_private(dns, plan)
    _take_cache(dns, plan)
    _take_access(dns, plan)
    _take_limits(dns, plan)
    _take_answers(dns, plan)
    if dns.flag("anonymize_client_ip"):
        plan.set("query_log.privacy", "anonymous_clients")
    dns.ignore(
        *("refuse_any", "enable_dnssec", "max_goroutines", "handle_ddr", "pending_requests"),
        *("bootstrap_prefer_ipv6", "fastest_timeout", "serve_http3", "use_http3_upstreams"),
        *("cache_optimistic_answer_ttl", "cache_optimistic_max_age", "hostsfile_enabled"),
        *("dnscrypt", "local_domain_name", "resolve_clients"),
    )


# ---- who is asked ------------------------------------------------------------------------------


def _take_upstreams(dns: Branch, plan: Plan) -> None:
    about = dns.at("upstream_dns")
    if file := dns.text("upstream_dns_file"):
        text = f"upstreams stand in {shown(file)}, which is not read: add them to upstream.servers"
        plan.left(dns.at("upstream_dns_file"), text)
    lines = split_lines(plan, about, dns.texts("upstream_dns"))
    if servers := take_servers(plan, about, lines, adguardhome_server):
        plan.set("upstream.servers", servers)
    if fallback := _fallback(dns, plan):
        plan.set("upstream.fallback", fallback)
    if bootstrap := _bootstrap(dns, plan):
        plan.set("upstream.bootstrap", bootstrap)
    mode = dns.text("upstream_mode", "load_balance")
    if mode not in STRATEGIES:
        plan.left(dns.at("upstream_mode"), f"{shown(mode)} is not known")
    elif len(servers) > 1:
        plan.set("upstream.strategy", STRATEGIES[mode])
    if mode == "fastest_addr":
        text = "the server that answers quickest is asked; no address of an answer is tried out"
        plan.differs(dns.at("upstream_mode"), text)
    timeout = dns.span_s("upstream_timeout", UPSTREAM_TIMEOUT_S)
    if timeout != UPSTREAM_TIMEOUT_S:
        put_timeout(plan, dns.at("upstream_timeout"), timeout)
    _take_subnet(dns.below("edns_client_subnet"), plan)
    _take_dns64(dns, plan)


def _fallback(dns: Branch, plan: Plan) -> list[str]:
    """Servers for when no upstream answers, whatever the name: as a route, one would come first."""
    about, usual = dns.at("fallback_dns"), []
    for text in dns.texts("fallback_dns"):
        if text.startswith(FOR_NAMES):
            plan.left(about, f"{shown(text)}: a fallback is for all names here, not for some")
        else:
            usual.append(text)
    return take_servers(plan, about, split_lines(plan, about, usual), adguardhome_server)


def _bootstrap(dns: Branch, plan: Plan) -> list[str]:
    """Plain servers with an address, which are all that ours takes."""
    about, found = dns.at("bootstrap_dns"), []
    for text in dns.texts("bootstrap_dns"):
        bare = text.strip().removeprefix("udp://").removeprefix("tcp://")
        if not bare or bare.startswith("#"):
            continue
        try:
            found.append(str(Endpoint.parse(bare, 53)))
        except ValueError:
            told = "only plain DNS servers are asked where servers are: AdGuard Home's may be more"
            plan.left(about, f"{shown(text)}: {told}")
    return list(dict.fromkeys(found))


def _take_subnet(subnet: Branch, plan: Plan) -> None:
    custom, address = subnet.flag("use_custom"), subnet.text("custom_ip")
    if not subnet.flag("enabled"):
        return
    if not custom or not address:
        plan.set("upstream.client_subnet", "client")
        return
    if not is_address(address):
        plan.left(subnet.at("custom_ip"), f"{shown(address)} is no address")
        return
    bits = SUBNET_LENGTHS[1] if ":" in address else SUBNET_LENGTHS[0]
    plan.set("upstream.client_subnet", str(ip_network(f"{address}/{bits}", strict=False)))


def _take_dns64(dns: Branch, plan: Plan) -> None:
    prefixes = dns.texts("dns64_prefixes")
    if not dns.flag("use_dns64"):
        return
    plan.set("upstream.dns64.enabled", True)
    if prefixes:
        plan.set("upstream.dns64.prefix", prefixes[0])
    for each in prefixes[1:]:
        plan.left(dns.at("dns64_prefixes"), f"{each}: one prefix is all that can be used here")


def _take_private(dns: Branch, plan: Plan) -> None:
    """Who is asked about private addresses backwards: routes of the zones of these."""
    about = dns.at("local_ptr_upstreams")
    lines = dns.texts("local_ptr_upstreams")
    networks = _networks(plan, dns.at("private_networks"), dns.texts("private_networks"))
    if not dns.flag("use_private_ptr_resolvers", True):
        if lines:
            plan.left(about, "it is switched off there")
        return
    servers = split_lines(plan, about, lines)
    for network in networks or _PRIVATE if servers else ():
        for zone in reverse_zones(network):
            put_route(plan, about, zone, servers, adguardhome_server)
    first = next((each for each in servers if is_address(each.partition("#")[0])), None)
    if first is not None:
        plan.set("devices.router", str(Endpoint.parse(first, 53)))


def _networks(plan: Plan, about: str, texts: Iterable[str]) -> list[Network]:
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            plan.left(about, f"{shown(text)} is no network")
    return found


# ---- what is remembered ------------------------------------------------------------------------


def _take_cache(dns: Branch, plan: Plan) -> None:
    size = dns.number("cache_size", CACHE_SIZE)
    least, most = dns.number("cache_ttl_min", 0), dns.number("cache_ttl_max", 0)
    optimistic = dns.flag("cache_optimistic")
    if not dns.flag("cache_enabled", True) or not size:
        plan.set("cache.max_ttl", "0s")
        return
    if size != CACHE_SIZE:
        plan.set("cache.size", f"{min(max(size, 1 << 20), 4 << 30)}B")
    if least:
        plan.set("cache.min_ttl", f"{least}s")
    if most:
        plan.set("cache.max_ttl", f"{most}s")
    if optimistic:
        text = "an expired answer is given when upstreams are slow or silent, not before they are"
        plan.differs(dns.at("cache_optimistic"), f"{text} asked (cache.serve_stale)")


# ---- who may ask -------------------------------------------------------------------------------


def _take_access(dns: Branch, plan: Plan) -> None:
    allowed = _addresses(dns, plan, "allowed_clients")
    refused = _addresses(dns, plan, "disallowed_clients")
    if dns.has("allowed_clients"):
        if allowed:
            plan.set("dns.allow", list(map(network_text, allowed)))
        if refused:
            about = dns.at("disallowed_clients")
            plan.left(about, "while some clients are allowed, AdGuard Home does not look at these")
    elif refused:
        _refuse(dns.at("disallowed_clients"), refused, plan)
    proxies = dns.texts("trusted_proxies")
    if extra := [each for each in proxies if each not in TRUSTED]:
        networks = list(map(network_text, _networks(plan, dns.at("trusted_proxies"), extra)))
        plan.set("dns.proxies", networks)
    _take_blocked_hosts(dns, plan)


def _addresses(dns: Branch, plan: Plan, key: str) -> list[Network]:
    """The addresses and networks among clients; ids can't be told from anybody before they ask."""
    found = []
    for text in dns.texts(key):
        try:
            found.append(parse_network(text))
        except ValueError:
            told = "who may ask goes by the address, not by the id that a client gives itself"
            plan.left(dns.at(key), f"{shown(text)}: {told}")
    return found


def _refuse(about: str, refused: Sequence[Network], plan: Plan) -> None:
    """Those that may not ask; all others may there, and here all of the house."""
    plan.set("dns.deny", list(map(network_text, refused)))
    plan.differs(about, "others may ask from private networks only (dns.allow)")


def _take_blocked_hosts(dns: Branch, plan: Plan) -> None:
    about = dns.at("blocked_hosts")
    rules = []
    for host in dns.texts("blocked_hosts"):
        if host.lower() in BLOCKED_HOSTS or not host:
            continue
        try:
            rules.append(f"{exact(parse_host_name(host), allow=False)}$important")
        except ValueError:
            rules.append(host)
    for rule in (found := usable(plan, about, rules)):
        plan.put("filtering.rules", rule)
    if found:
        plan.differs(about, "these names are blocked by own rules, where AdGuard Home is silent")


def _take_limits(dns: Branch, plan: Plan) -> None:
    if (rate := dns.number("ratelimit", RATE_LIMIT)) != RATE_LIMIT:
        plan.set("dns.rate_limit", rate)
    for version, usual in zip((4, 6), SUBNET_LENGTHS, strict=True):
        length = dns.number(f"ratelimit_subnet_len_ipv{version}", usual)
        if length != usual:
            plan.set(f"dns.rate_limit_ipv{version}_prefix", length)
    free = _networks(plan, dns.at("ratelimit_whitelist"), dns.texts("ratelimit_whitelist"))
    if free:
        name = plan.clients.free("Without rate limit")
        plan.put("clients", name, {"addresses": list(map(network_text, free)), "rate_limit": 0})


# ---- answers -----------------------------------------------------------------------------------


def _take_answers(dns: Branch, plan: Plan) -> None:
    if bogus := _networks(plan, dns.at("bogus_nxdomain"), dns.texts("bogus_nxdomain")):
        plan.set("filtering.builtin.bogus_nxdomain", list(map(network_text, bogus)))
    if dns.flag("aaaa_disabled"):
        plan.for_everybody(refuse_types=["AAAA"])
    if dns.has("ipset") or dns.has("ipset_file"):
        plan.left(dns.at("ipset"), "addresses of answers are not handed to the firewall here")
