"""What the page, the API and the command line show about a list."""

from __future__ import annotations

from typing import Literal, TypedDict

from sinkhole.lists.item import Item


class ListStatus(TypedDict):
    """One list, ready for JSON; times are seconds since 1970.

    `error` is why the last look at the source failed; a list may be ready all the same, with
    its last good copy. "missing" has not been fetched yet, "failed" could not be.
    """

    name: str
    kind: str
    url: str
    enabled: bool
    names: int
    rules: int
    refused: int
    checked: float | None
    changed: float | None
    error: str | None
    state: Literal["ready", "missing", "failed", "disabled"]


def status_of(item: Item) -> ListStatus:
    """The status of a list; the counts are of what is in use."""
    state, compiled = item.state, item.compiled
    return {
        "name": item.name,
        "kind": item.wanted.kind,
        "url": item.wanted.url,
        "enabled": item.wanted.enabled,
        "names": item.names,
        "rules": compiled.rules if compiled else 0,
        "refused": compiled.report.refused if compiled else 0,
        "checked": state.checked,
        "changed": state.changed,
        "error": _error(item),
        "state": _state(item),
    }


def _error(item: Item) -> str | None:
    if item.same_as is not None:
        return f"the same address and kind as list {item.same_as!r}: remove one of them"
    return item.state.error


def _state(item: Item) -> Literal["ready", "missing", "failed", "disabled"]:
    if not item.wanted.enabled:
        return "disabled"
    if item.compiled is not None:
        return "ready"
    return "failed" if _error(item) else "missing"
