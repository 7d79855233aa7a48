"""What of a change of settings counts at once, and what needs a restart.

All that makes up the Policy counts at once: the filter, local names, clients, who may ask. The
rest is held by things that are made once: sockets, the upstreams, the cache, the log, the page.
"""

from __future__ import annotations

from typing import Final

from sinkhole.control.settings import Settings

AT_ONCE: Final = frozenset(
    {"filtering", "local", "clients", "dns.allow", "dns.reserved_names"}
    | {f"dns.rate_limit{key}" for key in ("", "_ipv4_prefix", "_ipv6_prefix")}
)
"""Sections, and keys of sections, that count while sinkhole runs."""


def in_place(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """The settings that apply to a server running with `old`, and the keys that have to wait.

    Keys that wait keep their old values in the first.
    """
    changes: dict[str, object] = {}
    later: list[str] = []
    for name in type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in AT_ONCE or before == after:
            continue
        fields = getattr(type(after), "model_fields", None)
        if fields is None:
            later.append(name)
            changes[name] = before
            continue
        waiting = {
            key: getattr(before, key)
            for key in fields
            if f"{name}.{key}" not in AT_ONCE and getattr(before, key) != getattr(after, key)
        }
        later += [f"{name}.{key}" for key in waiting]
        changes[name] = after.model_copy(update=waiting)
    return new.model_copy(update=changes), later
