"""What of all that is known makes the server well, less than well, or of no use."""

from __future__ import annotations

from collections.abc import Iterable

from sinkhole.control.lists.status import ListState, ListStatus
from sinkhole.model.status import Health

_NOT_IN_USE: dict[ListState, str] = {
    "missing": "has not been fetched yet",
    "failed": "could not be fetched",
    "quarantined": "is held back until somebody accepts it",
}


def judge_health(
    *,
    is_listening: bool,
    missing: Iterable[str],
    is_cut_off: bool,
    log_error: str | None,
    state_error: str,
    lists: Iterable[ListStatus],
) -> Health:
    """Health by what DNS listens on and what is `missing` there, the upstreams, the query log, the
    state (why nothing of it can be written, "" where it can) and the enabled lists.

    A list that has failed but whose last copy is in use does its work, and is no reason.
    """
    if not is_listening:
        return Health("failing", ("DNS is not being answered", *missing))
    reasons = list(missing)
    if is_cut_off:
        reasons.append("no upstream answers, so only what is known here can be")
    if log_error:
        reasons.append(f"the query log is not being written: {log_error}")
    if state_error:
        reasons.append(f"nothing can be changed but in the settings file: {state_error}")
    reasons += [
        f"nothing of list {each['name']} is in use: it {why}"
        for each in lists
        if each["enabled"] and (why := _NOT_IN_USE.get(each["state"]))
    ]
    return Health("degraded", tuple(reasons)) if reasons else Health("ok")
