"""All of blocky's config.yml, and where it listens if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sinkhole.control.imports.blocky.blocking import take_blocking
from sinkhole.control.imports.blocky.resolving import (
    take_cache,
    take_names,
    take_rest,
    take_upstreams,
)
from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Here, Plan
from sinkhole.control.imports.unpacked import yaml_tree
from sinkhole.control.settings.addresses import Endpoint, is_address
from sinkhole.control.settings.quoting import shown

FILE_NAME: Final = "config.yml"

Tree = dict[str, Any]

_KNOWN: Final = frozenset(
    {"upstreams", "upstream", "blocking", "customDNS", "conditional", "ports"}
)
_PORTS: Final = {"port": "dns", "tlsPort": "tls", "httpsPort": "https", "httpPort": "http"}
_LISTS: Final = {"blackLists": "denylists", "whiteLists": "allowlists"}
_LISTENERS: Final = {
    "dns": ("dns.listen", 53),
    "tls": ("dns.tls", 853),
    "https": ("dns.https", 443),
}


def read_blocky(text: str, here: Here | None = None, *, listeners: bool = False) -> Plan:
    """What a settings file of blocky comes to; ValueError for what is none."""
    tree = yaml_tree(text, FILE_NAME)
    if not _KNOWN & tree.keys():
        raise ValueError("this is no config.yml of blocky: it has neither upstreams nor lists")
    plan = Plan("blocky", here or Here())
    root = Branch(_as_newest(tree), plan)
    named = take_names(root, plan)
    take_blocking(root.below("blocking"), named, plan)
    take_upstreams(root, plan)
    take_cache(root.below("caching"), plan)
    take_rest(root, plan)
    _take_listening(root, plan, wanted=listeners)
    root.ignore(
        *("prometheus", "statistics", "log", "ede", "specialUseDomains", "minTlsServeVersion"),
        *("connectIPVersion", "http3", "startVerifyUpstream", "dohUserAgent", "logLevel"),
        *("logFormat", "logPrivacy", "logTimestamp"),
    )
    for path in root.unasked():
        plan.left(path, "this key is not known here, or means nothing")
    return plan


def _as_newest(tree: Tree) -> Tree:
    """Keys of older versions in their new places."""
    found = dict(tree)
    upstreams = _section(found, "upstreams")
    old = found.pop("upstream", None)
    if isinstance(old, Mapping):
        upstreams.setdefault("groups", dict(old))
    if "upstreamTimeout" in found:
        upstreams.setdefault("timeout", found.pop("upstreamTimeout"))
    if found.pop("disableIPv6", False) is True:
        _section(found, "filtering").setdefault("queryTypes", ["AAAA"])
    ports = _section(found, "ports")
    for theirs, ours in _PORTS.items():
        if theirs in found:
            ports.setdefault(ours, found.pop(theirs))
    blocking = _section(found, "blocking")
    for theirs, ours in _LISTS.items():
        if theirs in blocking:
            blocking.setdefault(ours, blocking.pop(theirs))
    if "refreshPeriod" in blocking:
        _section(blocking, "loading").setdefault("refreshPeriod", blocking.pop("refreshPeriod"))
    for gone in ("downloadTimeout", "downloadAttempts", "downloadCooldown", "startStrategy"):
        blocking.pop(gone, None)
    for gone in ("failStartOnListError", "processingConcurrency", "maxErrorsPerFile"):
        blocking.pop(gone, None)
    return found


def _section(tree: Tree, name: str) -> Tree:
    value = tree.get(name)
    tree[name] = dict(value) if isinstance(value, Mapping) else {}
    section: Tree = tree[name]
    return section


def _take_listening(root: Branch, plan: Plan, *, wanted: bool) -> None:
    ports = root.below("ports")
    ports.ignore("http", "dohPath", "freeBind", "proxyProtocol")
    certificate, key = root.text("certFile"), root.text("keyFile")
    places = {name: ports.texts(name) if ports.has(name) else [] for name in _LISTENERS}
    if not wanted:
        if any(places.values()) or certificate:
            plan.left("ports", "where it listens is not taken: ask for listeners too for that")
        return
    has_certificate = bool(certificate and key)
    if has_certificate:
        plan.set("dns.certificate", certificate)
        plan.set("dns.certificate_key", key)
    for name, (setting, usual) in _LISTENERS.items():
        found = [each for text in places[name] for each in _endpoints(text, usual, name, plan)]
        if found and (name == "dns" or has_certificate):
            plan.set(setting, list(dict.fromkeys(found)))
        elif found:
            text = "it needs a certificate, which blocky makes itself: see"
            plan.left(f"ports.{name}", f"{text} `sinkhole certificate self-signed`")


def _endpoints(text: str, usual: int, name: str, plan: Plan) -> list[str]:
    """A port of every address, or an address with one; several stand with commas between them."""
    found = []
    for part in (each.strip() for each in text.split(",")):
        host, _, port = part.rpartition(":")
        if not host:
            found += [f"0.0.0.0:{port or usual}", f"[::]:{port or usual}"]
        elif is_address(host.strip("[]")):
            found.append(str(Endpoint.parse(part, usual, lowest_port=0)))
        else:
            plan.left(f"ports.{name}", f"{shown(part)} is no address of this machine")
    return found
