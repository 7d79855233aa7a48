"""Upstreams of blocky, names of the house, cache, limits, and the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sinkhole.control.imports.branch import Branch, span_text
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.servers import (
    blocky_server,
    network_text,
    put_route,
    put_timeout,
    take_servers,
)
from sinkhole.control.settings.addresses import (
    Endpoint,
    is_address,
    parse_host_name,
    parse_network,
)
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.records import record_name

STRATEGIES: Final = {"parallel_best": "parallel", "strict": "strict", "random": "load_balance"}
RECORDS: Final = "local.records"
MOST_TTL_S: Final = 7 * 86_400
UNQUALIFIED: Final = "."


def take_upstreams(root: Branch, plan: Plan) -> None:
    """Servers for everybody, and those of some clients as sets."""
    upstreams = root.below("upstreams")
    upstreams.ignore("init", "userAgent", "quic")
    for name, value in upstreams.pairs("groups"):
        about = f"{upstreams.at('groups')}.{name}"
        texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        servers = take_servers(plan, about, texts, blocky_server)
        if name == "default" and servers:
            plan.set("upstream.servers", servers)
        elif servers:
            called = plan.sets.free(name)
            plan.put("upstream.sets", called, {"servers": servers})
            _lead(name, called, about, plan)
    strategy = upstreams.text("strategy", "parallel_best")
    usual = plan.wants("upstream.servers") or ()
    if strategy not in STRATEGIES:
        plan.left(upstreams.at("strategy"), f"{shown(strategy)} is not known")
    elif len(usual) > 1:
        plan.set("upstream.strategy", STRATEGIES[strategy])
        if strategy == "parallel_best" and len(usual) > 2:
            text = "all servers are asked at once, not two of them: set load_balance to ask one"
            plan.differs(upstreams.at("strategy"), text)
    if upstreams.has("timeout"):
        put_timeout(plan, upstreams.at("timeout"), upstreams.span_s("timeout", 2))
    _take_bootstrap(root, plan)


def _lead(name: str, called: str, about: str, plan: Plan) -> None:
    """Have a client ask a set of its own."""
    try:
        known = {"addresses": [network_text(parse_network(name))]}
    except ValueError:
        try:
            known = {"hosts": [parse_host_name(name)]}
        except ValueError:
            text = f"{shown(name)} is not known as a client here: the set {called} is made, and"
            plan.left(about, f"{text} `sinkhole clients set` can have it for devices")
            return
    same = [each for each in plan.items("clients") if _is_same(each, name, known, plan)]
    client = same[0] if same else plan.clients.free(name)
    plan.say("clients", client, {"upstream": called} if same else {**known, "upstream": called})


def _is_same(client: str, name: str, known: dict[str, list[str]], plan: Plan) -> bool:
    """Whether a client that is wanted already is the one of a name, or is known by the same."""
    value = plan.wants("clients", client)
    return client == name or any(value.get(key) == each for key, each in known.items())


def _take_bootstrap(root: Branch, plan: Plan) -> None:
    about, found = "bootstrapDns", []
    value = root.raw("bootstrapDns")
    for item in value if isinstance(value, list) else [value]:
        text = item.get("upstream") if isinstance(item, dict) else item
        bare = str(text or "").removeprefix("tcp+udp:").removeprefix("udp:").removeprefix("tcp:")
        if not bare:
            continue
        try:
            found.append(str(Endpoint.parse(bare, 53)))
        except ValueError:
            plan.left(about, f"{shown(text)}: only plain DNS servers are asked where servers are")
    if found:
        plan.set("upstream.bootstrap", list(dict.fromkeys(found)))


# ---- names of the house ------------------------------------------------------------------------


def take_names(root: Branch, plan: Plan) -> dict[str, list[str]]:
    """Names with addresses, names that others are asked about, hosts files; the clients that have
    a name, with their addresses."""
    custom, conditional = root.below("customDNS"), root.below("conditional")
    custom.ignore("filterUnmappedTypes")
    for name, value in custom.pairs("mapping"):
        _take_record(name, str(value), f"{custom.at('mapping')}.{name}", plan)
    if custom.has("customTTL"):
        plan.set("local.ttl", span_text(min(custom.span_s("customTTL", 0, 60), MOST_TTL_S)))
    if custom.text("zone"):
        plan.left(custom.at("zone"), "records of a zone are written in local.records, one by one")
    for name, value in conditional.pairs("mapping"):
        servers = [each.strip() for each in str(value).split(",") if each.strip()]
        zone = "" if name == UNQUALIFIED else name
        put_route(plan, f"{conditional.at('mapping')}.{name}", zone, servers, blocky_server)
    conditional.ignore("fallbackUpstream")
    for section in (custom, conditional):
        for name, value in section.pairs("rewrite"):
            text = f"names below it are not asked for as those below {value}"
            plan.left(f"{section.at('rewrite')}.{name}", text)
    _take_hosts(root.below("hostsFile"), plan)
    return _take_clients(root.below("clientLookup"), plan)


def _take_record(name: str, value: str, about: str, plan: Plan) -> None:
    """A name and all below it, as it is there."""
    addresses = [each.strip() for each in value.split(",") if each.strip()]
    if odd := [each for each in addresses if not is_address(each)]:
        plan.left(about, f"{', '.join(map(shown, odd))}: no addresses")
    found = [each for each in addresses if is_address(each)]
    try:
        known = record_name(name)
    except ValueError as error:
        plan.left(about, str(error))
        return
    if found:
        plan.put(RECORDS, known, found)
        if not known.startswith("*."):
            plan.put(RECORDS, f"*.{known}", found)


def _take_hosts(hosts: Branch, plan: Plan) -> None:
    sources = hosts.texts("sources") + hosts.texts("filePath")
    hosts.ignore("hostsTTL", "filterLoopback", "loading", "refreshPeriod")
    files = [each for each in sources if "://" not in each and "\n" not in each]
    if files:
        plan.set("local.hosts_file", files[0])
    for each in sources:
        if each not in files[:1]:
            about = hosts.at("sources")
            plan.left(
                about, f"{shown(each)}: one hosts file is read, one that lies on this machine"
            )


def _take_clients(lookup: Branch, plan: Plan) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    if upstream := lookup.text("upstream"):
        bare = upstream.removeprefix("tcp+udp:").removeprefix("udp:")
        try:
            plan.set("devices.router", str(Endpoint.parse(bare, 53)))
        except ValueError as error:
            plan.left(lookup.at("upstream"), str(error))
    lookup.ignore("singleNameOrder")
    for name, value in lookup.pairs("clients"):
        texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        addresses = [each for each in texts if is_address(each)]
        if not addresses:
            plan.left(f"{lookup.at('clients')}.{name}", "there is no address")
            continue
        called = plan.clients.free(name)
        named[name] = addresses
        plan.put("clients", called, {"addresses": addresses})
    return named


# ---- the rest ----------------------------------------------------------------------------------


def take_cache(caching: Branch, plan: Plan) -> None:
    """How long answers are kept."""
    caching.ignore(
        *("maxItemsCount", "prefetchExpires", "prefetchThreshold", "prefetchMaxItemsCount"),
        *("exclude", "enabled"),
    )
    least, most = caching.span_s("minTime", 0, 60), caching.span_s("maxTime", 0, 60)
    if least > 0:
        plan.set("cache.min_ttl", span_text(min(least, 86_400)))
    if most:
        plan.set("cache.max_ttl", span_text(min(max(most, 0), MOST_TTL_S)))
    if caching.has("cacheTimeNegative"):
        negative = caching.span_s("cacheTimeNegative", 0, 60)
        plan.set("cache.max_negative_ttl", span_text(min(max(negative, 0), 86_400)))
    if caching.raw("prefetching") is False:
        plan.set("cache.prefetch", False)


def take_rest(root: Branch, plan: Plan) -> None:
    """Types, limits, rebinding, DNS64, subnets, and the log."""
    filtering = root.below("filtering")
    if types := filtering.texts("queryTypes"):
        plan.for_everybody(refuse_types=[each.upper() for each in types])
    rebinding = root.below("rebindingProtection")
    allowed = rebinding.texts("allowedDomains")
    if rebinding.raw("enable") is False:
        plan.set("filtering.builtin.rebinding", False)
    if allowed:
        plan.set("filtering.builtin.rebinding_allow", allowed)
    _take_rate(root.below("rateLimit"), plan)
    dns64 = root.below("dns64")
    prefixes = dns64.texts("prefixes")
    dns64.ignore("exclusionSet")
    if dns64.flag("enable"):
        plan.set("upstream.dns64.enabled", True)
        if prefixes:
            plan.set("upstream.dns64.prefix", prefixes[0])
        for each in prefixes[1:]:
            plan.left(dns64.at("prefixes"), f"{each}: one prefix is all that can be used here")
    _take_log(root.below("queryLog"), plan)
    if root.below("fqdnOnly").flag("enable"):
        plan.left("fqdnOnly", "names without a dot are asked of upstreams, or by a route")
    dnssec = root.below("dnssec")
    dnssec.ignore("maxChainDepth", "cacheExpirationHours", "maxUpstreamQueries", "trustAnchors")
    dnssec.ignore("maxNSEC3Iterations", "clockSkewToleranceSec")
    if dnssec.flag("validate"):
        plan.left("dnssec", "signatures are not checked here: have the upstream do it")
    if root.has("redis"):
        plan.left("redis", "instances do not share a cache here")
    _take_subnets(root.below("ecs"), plan)


def _take_rate(rate: Branch, plan: Plan) -> None:
    limit = rate.number("rate", 0)
    free = rate.texts("allowlist")
    prefixes = {version: rate.number(f"ipv{version}Prefix", 0) for version in (4, 6)}
    rate.ignore("burst")
    if not rate.flag("enable"):
        return
    plan.set("dns.rate_limit", limit)
    for version, prefix in prefixes.items():
        if prefix:
            plan.set(f"dns.rate_limit_ipv{version}_prefix", prefix)
    if known := list(_whole_networks(free)):
        name = plan.clients.free("Without rate limit")
        plan.put("clients", name, {"addresses": known, "rate_limit": 0})


def _whole_networks(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield network_text(parse_network(text))
        except ValueError:
            continue


def _take_log(log: Branch, plan: Plan) -> None:
    kind = log.text("type")
    days = log.number("logRetentionDays", 0)
    log.ignore("target", "creationAttempts", "creationCooldown", "flushInterval", "fields")
    log.ignore("ignore")
    if kind.lower() == "none":
        plan.set("query_log.enabled", False)
    if days > 0:
        plan.set("query_log.keep", f"{min(days, 3650)}d")


def _take_subnets(ecs: Branch, plan: Plan) -> None:
    masks: dict[int, Any] = {version: ecs.number(f"ipv{version}Mask", 0) for version in (4, 6)}
    use, forward = ecs.flag("useAsClient"), ecs.flag("forward")
    if masks[4] or masks[6]:
        plan.set("upstream.client_subnet", f"client/{masks[4] or 24}/{masks[6] or 56}")
    if use or forward:
        text = "what clients say of where they are is believed of devices.forwarders only"
        plan.left("ecs", text)
