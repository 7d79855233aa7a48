"""What of all that is known makes the server well, less than well, or of no use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sinkhole.control.lists.status import ListState, ListStatus
from sinkhole.model.status import Health

_NOT_IN_USE: Final[dict[ListState, str]] = {
    "missing": "has not been fetched yet",
    "failed": "could not be fetched",
    "quarantined": "is held back until somebody accepts it",
}
_SILENT: Final = "DNS is not being answered"
_HARDLY: Final = "DNS is not being answered where nearly all devices ask, by IPv4"
_CUT_OFF: Final = "no upstream answers, so only what is known here can be"
_NO_LOG: Final = "the query log is not being written"
_DRAINED: Final = "the server is drained"
_READ_ONLY: Final = "nothing can be changed but in the settings file"


def judge_health(
    *,
    is_listening: bool,
    is_of_use: bool,
    missing: Iterable[str],
    is_cut_off: bool,
    log_error: str | None,
    state_error: str,
    drained: str,
    lists: Iterable[ListStatus],
) -> Health:
    """Health by what DNS listens on (`is_of_use` is that of `Listeners`) and what is `missing`
    there, the upstreams, the query log, the state (why nothing of it can be written, "" where it
    can), who drained it ("" for nobody) and the enabled lists.

    A list that has failed but whose last copy is in use does its work, and is no reason.
    """
    if not is_of_use:
        silent = _HARDLY if is_listening else _SILENT
        return Health("failing", (silent, *missing), (silent,))
    reasons = [(each, "DNS is not being answered where it should be") for each in missing]
    if is_cut_off:
        reasons.append((_CUT_OFF, _CUT_OFF))
    if log_error:
        reasons.append((f"{_NO_LOG}: {log_error}", _NO_LOG))
    if state_error:
        reasons.append((f"{_READ_ONLY}: {state_error}", _READ_ONLY))
    if drained:
        reasons.append((drained, _DRAINED))
    reasons += [
        (f"nothing of list {each['name']} is in use: it {why}", f"a list {why}")
        for each in lists
        if each["enabled"] and (why := _NOT_IN_USE.get(each["state"]))
    ]
    if not reasons:
        return Health("ok")
    told, outline = zip(*reasons, strict=True)
    return Health("degraded", told, tuple(dict.fromkeys(outline)))
