"""Lists, own rules, rewrites of AdGuard Home, and how it answers what it refuses."""

from __future__ import annotations

from typing import Final

from sinkhole.control.imports.branch import Branch, span_text
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.rules import take_rules
from sinkhole.control.settings.addresses import is_address
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.records import record_name

RECORDS: Final = "local.records"
SWITCHED_OFF: Final = "local.switched_off"
BLOCKED_TTL: Final = 10
UPDATE_HOURS: Final = 24
EXCEPTIONS: Final = ("A", "AAAA")
"""Answers of a rewrite that mean "as upstreams say it"."""

MODES: Final = ("default", "nxdomain", "null_ip", "refused", "custom_ip")


def take_lists(root: Branch, plan: Plan) -> None:
    """Block lists and allow lists, with what they are called."""
    for key, kind in (("filters", "block"), ("whitelist_filters", "allow")):
        for entry in root.each(key):
            number = entry.number("id", 0)
            url, name = entry.text("url"), entry.text("name")
            if not url:
                plan.left(entry.path, "the list has no address")
                continue
            if "://" not in url:
                url = f"file:{url}"
                text = "the file is read where it lies, so sinkhole's user must be able to"
                plan.differs(f"{entry.path} {shown(name or url)}", text)
            called = plan.add_list(name, url, kind, enabled=entry.flag("enabled"))
            plan.numbers[number] = called


def take_own_rules(root: Branch, plan: Plan) -> None:
    """The rules that a person wrote."""
    take_rules(plan, root.at("user_rules"), root.texts("user_rules"))


def take_filtering(filtering: Branch, plan: Plan) -> None:
    """The section, but for services and safe search."""
    _take_blocking(filtering, plan)
    hours = filtering.number("filters_update_interval", UPDATE_HOURS)
    if hours != UPDATE_HOURS:
        plan.set("filtering.update_interval", span_text(hours * 3600))
    if rewrites := filtering.each("rewrites"):
        _take_rewrites(rewrites, plan)
        if not filtering.flag("rewrites_enabled", True):
            plan.set("local.enabled", False)
    for key, word in (("parental_enabled", "adult"), ("safebrowsing_enabled", "malware")):
        if filtering.flag(key):
            _want_category(filtering.at(key), word, plan)
    if not filtering.flag("filtering_enabled", True):
        plan.for_everybody(filtering=False)
    if not filtering.flag("protection_enabled", True):
        text = "the filter is off there: here that is a pause, which is made by `sinkhole pause`"
        plan.left(filtering.at("protection_enabled"), text)
    filtering.ignore(
        *("protection_disabled_until", "parental_block_host", "safebrowsing_block_host"),
        *("safebrowsing_cache_size", "safesearch_cache_size", "parental_cache_size"),
        *("cache_time", "safe_fs_patterns", "max_http_size"),
    )


def _want_category(about: str, word: str, plan: Plan) -> None:
    known = plan.wants("groups", "default") or {}
    plan.for_everybody(categories=[*known.get("categories", ()), word])
    plan.differs(about, f"names of the kind {word} are blocked by lists: no server is asked")


def _take_blocking(filtering: Branch, plan: Plan) -> None:
    mode = filtering.text("blocking_mode", "default")
    addresses = {version: filtering.text(f"blocking_ipv{version}") for version in (4, 6)}
    if mode not in MODES:
        plan.left(filtering.at("blocking_mode"), f"{shown(mode)} is not known")
    elif mode != "custom_ip":
        plan.set("filtering.blocking.mode", mode)
    elif not any(addresses.values()):
        plan.left(filtering.at("blocking_mode"), "custom_ip has no address there")
    else:
        for version, address in addresses.items():
            if address:
                plan.set(f"filtering.blocking.custom_ipv{version}", address)
        plan.set("filtering.blocking.mode", mode)
    if (ttl := filtering.number("blocked_response_ttl", BLOCKED_TTL)) != BLOCKED_TTL:
        plan.set("filtering.blocking.ttl", f"{ttl}s")


# ---- rewrites ----------------------------------------------------------------------------------


def _take_rewrites(entries: list[Branch], plan: Plan) -> None:
    """Names with addresses, or with another name: as it is there, that one wins."""
    for key, is_on in ((RECORDS, True), (SWITCHED_OFF, False)):
        some = [each for each in entries if each.flag("enabled", True) is is_on]
        _take_some(key, some, plan)


def _take_some(key: str, entries: list[Branch], plan: Plan) -> None:
    addresses: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for entry in entries:
        domain, answer = entry.text("domain"), entry.text("answer")
        about = f"{entry.path} {shown(domain)}"
        try:
            name = record_name(domain)
        except ValueError as error:
            plan.left(about, str(error))
            continue
        if answer in EXCEPTIONS or answer.lower().rstrip(".") == name:
            plan.left(about, "an exception from a rewrite: give this name its records, or a route")
        elif is_address(answer):
            addresses.setdefault(name, []).append(answer)
        elif name in names:
            plan.left(about, f"the name leads to {names[name]} already, and to one place only")
        else:
            names[name] = answer
    for name, found in addresses.items():
        if name in names:
            text = f"the name leads to {names[name]}, so its addresses would not count"
            plan.left(f"filtering.rewrites {shown(name)}", text)
        else:
            plan.put(key, name, list(dict.fromkeys(found)))
    for name, target in names.items():
        plan.put(key, name, [f"CNAME {target}"])
