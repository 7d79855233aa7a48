"""What the page, the API and the command line show about a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypedDict

from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.settings import FilteringSettings
from sinkhole.dns.filter.language.line import Kind
from sinkhole.model.masking import masked
from sinkhole.model.statistics import ListHits

MOST_SAMPLES: Final = 5
NO_HITS: Final[ListHits] = {"day": 0, "week": 0}

ListState = Literal["ready", "missing", "failed", "quarantined", "disabled"]


class RefusedLine(TypedDict):
    """A line that holds no rule sinkhole knows."""

    line: int
    text: str
    reason: str


class Quarantine(TypedDict):
    """A version that is held back: why, since when, and how large it is."""

    reason: str
    since: float
    names: int
    rules: int


class ListStatus(TypedDict):
    """One list, ready for JSON; times are seconds since 1970, durations seconds.

    `error` is why the last look at the source failed, or what is wrong with the list's files here;
    it may be ready all the same, with its last good copy. "missing" has not been fetched yet,
    "failed" could not be, "quarantined" has come but is held back. `url` is masked. `unique` is
    None until it has been counted. `taken_from` is the sinkhole that fetched the version in use,
    "" where this one did. `versions` are those that are kept, the one in use among them,
    and `disk_bytes` is the room of all of them.
    """

    name: str
    kind: Kind
    url: str
    enabled: bool
    added: bool
    names: int
    rules: int
    unique: int | None
    refused: int
    refused_reasons: dict[str, int]
    refused_samples: list[RefusedLine]
    checked: float | None
    changed: float | None
    taken_from: str
    fetch_s: float | None
    compile_s: float | None
    size_bytes: int
    disk_bytes: int
    versions: int
    error: str | None
    quarantine: Quarantine | None
    state: ListState


class ListWithHits(ListStatus):
    """One list and the queries it blocked, None where there are no statistics."""

    hits_day: int | None
    hits_week: int | None


def with_hits(
    lists: Sequence[ListStatus], hits: Mapping[str, ListHits] | None
) -> list[ListWithHits]:
    """Each list with its hits; `hits` has those lists that have any, by their names."""
    rows: list[ListWithHits] = []
    for row in lists:
        found = None if hits is None else hits.get(row["name"], NO_HITS)
        day, week = (None, None) if found is None else (found["day"], found["week"])
        rows.append({**row, "hits_day": day, "hits_week": week})
    return rows


def status_of(
    subscription: Subscription, settings: FilteringSettings, unique: int | None = None
) -> ListStatus:
    """The status of a list of these settings; the counts are of what is in use."""
    state, compiled = subscription.state, subscription.compiled
    report = compiled.report if compiled else None
    return {
        "name": subscription.name,
        "kind": subscription.kind,
        "url": settings.shown_url(subscription.settings),
        "enabled": subscription.settings.enabled,
        "added": settings.is_added(subscription.name),
        "names": subscription.names,
        "rules": compiled.rules if compiled else 0,
        "unique": unique if compiled else None,
        "refused": report.refused if report else 0,
        "refused_reasons": dict(report.reasons) if report else {},
        "refused_samples": [
            {"line": each.line, "text": each.text, "reason": each.reason}
            for each in (report.samples[:MOST_SAMPLES] if report else ())
        ],
        "checked": state.checked,
        "changed": state.changed,
        "taken_from": state.used.taken_from if state.used else "",
        "fetch_s": state.fetch_s,
        "compile_s": state.compile_s,
        "size_bytes": state.used.size_bytes if state.used else 0,
        "disk_bytes": subscription.disk_bytes,
        "versions": len(state.versions),
        "error": _error(subscription),
        "quarantine": _quarantine(subscription),
        "state": _state(subscription),
    }


def _quarantine(subscription: Subscription) -> Quarantine | None:
    held = subscription.state.held
    if held is None:
        return None
    reason = subscription.state.held_because
    return {"reason": reason, "since": held.since, "names": held.names, "rules": held.rules}


def _error(subscription: Subscription) -> str | None:
    if subscription.same_as is not None:
        return f"the same address and kind as list {subscription.same_as!r}: remove one of them"
    # An error may have been kept by a version that masked nothing.
    told = [each for each in (subscription.trouble, subscription.state.error) if each]
    return masked("; ".join(told)) if told else None


def _state(subscription: Subscription) -> ListState:
    if not subscription.settings.enabled:
        return "disabled"
    if subscription.compiled is not None:
        return "ready"
    if subscription.state.held is not None:
        return "quarantined"
    return "failed" if _error(subscription) else "missing"
