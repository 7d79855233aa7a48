"""Files of older versions in the form of the newest, step by step as the program itself does it.

Each step is of one version of the schema, and is given files of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sinkhole.control.imports.plan import Plan

OLDEST: Final = 20
NEWEST: Final = 34

Tree = dict[str, Any]

_FILTERING: Final = (
    *("filtering_enabled", "filters_update_interval", "parental_enabled", "safebrowsing_enabled"),
    *("safebrowsing_cache_size", "safesearch_cache_size", "parental_cache_size", "safe_search"),
    *("rewrites", "blocked_services", "protection_enabled", "blocking_mode", "blocking_ipv4"),
    *("blocking_ipv6", "blocked_response_ttl", "protection_disabled_until", "cache_time"),
    *("parental_block_host", "safebrowsing_block_host"),
)
_LOG: Final = {
    "log_file": "file",
    "log_max_backups": "max_backups",
    "log_max_size": "max_size",
    "log_max_age": "max_age",
    "log_compress": "compress",
    "log_localtime": "local_time",
    "verbose": "verbose",
}


def version_of(tree: Tree) -> int:
    """The version of the schema; ValueError for one that is not read."""
    version = tree.get("schema_version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise ValueError("this is no AdGuardHome.yaml: it has no schema_version")
    if version < OLDEST:
        raise ValueError(
            f"schema {version} is of an AdGuard Home before 0.107.28, and {OLDEST} is the oldest "
            "that is read: start a newer AdGuard Home with this file once, which rewrites it"
        )
    return version


def as_newest(tree: Tree, plan: Plan) -> Tree:
    """A file in the form of the newest schema; ValueError for one that is not read."""
    version = version_of(tree)
    if version > NEWEST:
        text = f"it is of a newer AdGuard Home than is known here (schema {NEWEST})"
        plan.differs("schema_version", f"{text}: look through what is told as unknown")
    found = dict(tree)
    for step, change in _STEPS.items():
        if step > version:
            change(found)
    return found


def _section(tree: Tree, name: str) -> Tree:
    """A section that can be changed; an empty one in place of what is none."""
    value = tree.get(name)
    tree[name] = dict(value) if isinstance(value, Mapping) else {}
    found: Tree = tree[name]
    return found


def _move(source: Tree, target: Tree, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in source:
            target[new] = source.pop(old)


def _with_schedule(tree: Tree) -> None:
    """Services, which were a list, with hours."""
    if isinstance(ids := tree.get("blocked_services"), list):
        tree["blocked_services"] = {"ids": ids, "schedule": {"time_zone": "Local"}}


def _to_21(tree: Tree) -> None:
    _with_schedule(_section(tree, "dns"))


def _to_22(tree: Tree) -> None:
    clients = _section(tree, "clients")
    known = clients.get("persistent")
    if isinstance(known, list):
        clients["persistent"] = [dict(e) if isinstance(e, Mapping) else e for e in known]
        for client in clients["persistent"]:
            if isinstance(client, dict):
                _with_schedule(client)


def _to_23(tree: Tree) -> None:
    if "bind_host" in tree or "bind_port" in tree:
        host, port = str(tree.pop("bind_host", "0.0.0.0")), tree.pop("bind_port", 3000)
        shown = f"[{host}]" if ":" in host else host
        _section(tree, "http")["address"] = f"{shown}:{port}"
    tree.pop("web_session_ttl", None)


def _to_24(tree: Tree) -> None:
    _move(tree, _section(tree, "log"), _LOG)


def _to_25(tree: Tree) -> None:
    tree.pop("debug_pprof", None)


def _to_26(tree: Tree) -> None:
    _move(_section(tree, "dns"), _section(tree, "filtering"), {name: name for name in _FILTERING})


def _to_27(tree: Tree) -> None:
    for name in ("querylog", "statistics"):
        section = _section(tree, name)
        if isinstance(ignored := section.get("ignored"), list):
            section["ignored"] = ["|.^" if each == "." else each for each in ignored]


def _to_28(tree: Tree) -> None:
    dns = _section(tree, "dns")
    everyone, fastest = dns.pop("all_servers", False), dns.pop("fastest_addr", False)
    mode = "parallel" if everyone else "fastest_addr" if fastest else "load_balance"
    dns.setdefault("upstream_mode", mode)


def _to_30(tree: Tree) -> None:
    dns = _section(tree, "dns")
    dns["cache_enabled"] = dns.get("cache_size") != 0


def _to_31(tree: Tree) -> None:
    filtering = _section(tree, "filtering")
    if isinstance(rewrites := filtering.get("rewrites"), list):
        filtering["rewrites"] = [
            {"enabled": True, **each} if isinstance(each, Mapping) else each for each in rewrites
        ]


def _to_33(tree: Tree) -> None:
    for name in ("querylog", "statistics"):
        section = _section(tree, name)
        section["ignored_enabled"] = bool(section.get("ignored"))


def _to_34(tree: Tree) -> None:
    if "allow_unencrypted_doh" in (tls := _section(tree, "tls")):
        doh = _section(_section(tree, "http"), "doh")
        doh["insecure_enabled"] = tls.pop("allow_unencrypted_doh")


_STEPS: Final[Mapping[int, Callable[[Tree], None]]] = {
    21: _to_21,
    22: _to_22,
    23: _to_23,
    24: _to_24,
    25: _to_25,
    26: _to_26,
    27: _to_27,
    28: _to_28,
    30: _to_30,
    31: _to_31,
    33: _to_33,
    34: _to_34,
}
"""Those that change anything that is read here, by the version that they lead to."""
