"""pihole.toml, but for names and conditional forwarding: upstreams, answers, log, privacy."""

from __future__ import annotations

from typing import Final

from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.pihole.names import take_dnsmasq, take_names, take_routes
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.servers import pihole_server, take_servers
from sinkhole.control.settings.quoting import shown

MODES: Final = {"NULL": "null_ip", "NX": "nxdomain", "NODATA": "nodata"}
BLOCK_TTL_S: Final = 2
RATE: Final = (1000, 60)
DNS_PORT: Final = 53
KEPT_DAYS: Final = (91, 365)
"""What it keeps by default, by version."""

_EVERYBODY: Final = "ALL"


def take_toml(root: Branch, plan: Plan, *, listeners: bool) -> None:
    """The whole file."""
    dns = root.below("dns")
    if servers := take_servers(plan, dns.at("upstreams"), dns.texts("upstreams"), pihole_server):
        plan.set("upstream.servers", servers)
    take_names(dns, plan)
    take_routes(dns, plan)
    _take_answers(dns, plan)
    _take_listening(dns, plan, listeners=listeners)
    _take_keeping(root, dns, plan)
    misc = root.below("misc")
    take_dnsmasq(misc.texts("dnsmasq_lines"), misc.at("dnsmasq_lines"), plan)
    if misc.flag("etc_dnsmasq_d"):
        plan.left(misc.at("etc_dnsmasq_d"), "files of /etc/dnsmasq.d are not read from here")
    _take_others(root, plan)


def _take_answers(dns: Branch, plan: Plan) -> None:
    blocking, reply = dns.below("blocking"), dns.below("reply").below("blocking")
    blocking.ignore("edns")
    mode = blocking.text("mode", "NULL").upper()
    addresses = {version: reply.text(f"IPv{version}") for version in (4, 6)}
    forced = {version for version in (4, 6) if reply.flag(f"force{version}")}
    if mode in MODES:
        if mode != "NULL":
            plan.set("filtering.blocking.mode", MODES[mode])
    elif usable := {v: each for v, each in addresses.items() if each and v in forced}:
        for version, address in usable.items():
            plan.set(f"filtering.blocking.custom_ipv{version}", address)
        plan.set("filtering.blocking.mode", "custom_ip")
    else:
        text = f"{shown(mode)} answers with Pi-hole's own address: name one in"
        plan.left(blocking.at("mode"), f"{text} filtering.blocking.custom_ipv4 if you need that")
    if not blocking.flag("active", True):
        text = "blocking is off there: here that is a pause, which is made by `sinkhole pause`"
        plan.left(blocking.at("active"), text)
    if (ttl := dns.number("blockTTL", BLOCK_TTL_S)) != BLOCK_TTL_S:
        plan.set("filtering.blocking.ttl", f"{ttl}s")
    _take_special(dns.below("specialDomains"), plan)
    _take_rate(dns.below("rateLimit"), plan)
    if not dns.flag("CNAMEdeepInspect", True):
        plan.differs(dns.at("CNAMEdeepInspect"), "where a name leads is always looked at here")
    if dns.flag("dnssec"):
        plan.left(dns.at("dnssec"), "signatures are not checked here: have the upstream do it")
    dns.below("reply").ignore("host")
    dns.below("cache").ignore("size", "optimizer", "upstreamBlockedTTL")
    dns.ignore(
        *("blockESNI", "EDNS0ECS", "showDNSSEC", "analyzeOnlyAandAAAA", "piholePTR", "localise"),
        *("replyWhenBusy", "bogusPriv", "queryLogging", "interface", "revServer"),
    )


def _take_special(special: Branch, plan: Plan) -> None:
    for theirs, ours in (
        ("mozillaCanary", "doh_canary"),
        ("iCloudPrivateRelay", "private_relay"),
        ("designatedResolver", "discovery"),
    ):
        if not special.flag(theirs, True):
            plan.set(f"filtering.builtin.{ours}", False)


def _take_rate(rate: Branch, plan: Plan) -> None:
    count, interval = rate.number("count", RATE[0]), rate.number("interval", RATE[1])
    if (count, interval) == RATE:
        return
    if not count or not interval:
        plan.set("dns.rate_limit", 0)
        return
    plan.set("dns.rate_limit", max(1, -(-count // interval)))
    plan.differs(rate.path, f"{count} queries in {interval} s are counted by the second here")


def _take_listening(dns: Branch, plan: Plan, *, listeners: bool) -> None:
    port, mode = dns.number("port", DNS_PORT), dns.text("listeningMode", "LOCAL").upper()
    if port != DNS_PORT and listeners:
        plan.set("dns.listen", [f"0.0.0.0:{port}", f"[::]:{port}"])
    elif port != DNS_PORT:
        plan.left(dns.at("port"), f"it listens on port {port}: ask for listeners too to take that")
    if mode == _EVERYBODY:
        text = "only private networks may ask here: add others to dns.allow"
        plan.differs(dns.at("listeningMode"), f"{shown(mode)} answers everybody; {text}")


def _take_keeping(root: Branch, dns: Branch, plan: Plan) -> None:
    database, misc = root.below("database"), root.below("misc")
    days = database.number("maxDBdays", KEPT_DAYS[0])
    if days <= 0:
        plan.set("query_log.enabled", False)
    elif days not in KEPT_DAYS:
        plan.set("query_log.keep", f"{min(days, 3650)}d")
    if not database.below("network").flag("parseARPcache", True):
        plan.set("devices.neighbours", False)
    database.below("network").ignore("expire")
    database.ignore("DBimport", "DBinterval", "useWAL")
    level = misc.number("privacylevel", 0)
    if level:
        plan.set("query_log.privacy", "no_names")
    if level == 1:
        text = "names are hidden together with clients, as there is no level with names alone"
        plan.differs(misc.at("privacylevel"), text)
    if dns.flag("ignoreLocalhost"):
        plan.set("query_log.ignore_clients", ["127.0.0.0/8", "::1"])


def _take_others(root: Branch, plan: Plan) -> None:
    """What there is no twin of, told where somebody set it."""
    api = root.below("webserver").below("api")
    for key in ("excludeClients", "excludeDomains"):
        if found := api.texts(key):
            text = f"{len(found)} are left out of lists of the page there: here"
            where = "clients" if key == "excludeClients" else "names"
            plan.left(api.at(key), f"{text} query_log.ignore_{where} leaves them out of the log")
    if api.text("pwhash"):
        text = "the password is kept as a hash that can't be made into one of ours: make an account"
        plan.left(api.at("pwhash"), f"{text} with `sinkhole account add`")
    api.ignore("totp_secret", "app_pwhash", "password")
    dhcp = root.below("dhcp")
    if dhcp.flag("active"):
        text = "addresses are not given out here: leave that to the router, or to dnsmasq beside"
        plan.left("dhcp", f"{text} this, whose leases are read")
    if hosts := dhcp.texts("hosts"):
        plan.left(dhcp.at("hosts"), f"{len(hosts)} fixed addresses, which the router has to give")
    root.ignore("dhcp", "ntp", "resolver", "webserver", "files", "debug")
