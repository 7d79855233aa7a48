"""Sums and tops in the form of that server: series by the hour or the day, lists of one-key
objects, durations in seconds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, Final

from sinkhole.control.lists.builtin import SAFE_SEARCH
from sinkhole.control.operations.log_deletion import reset_statistics
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.operations.refusals import with_log
from sinkhole.control.querylog.sought import Sought
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, bad_request
from sinkhole.control.web.adguard.query_log import client_there
from sinkhole.control.web.adguard.reasons import ListKinds
from sinkhole.model.errors import RequestError

HOUR_S: Final = 3600
DAY_S: Final = 86_400

MOST_HOURS: Final = 7 * 24
"""Beyond, series are by the day."""

_COUNTED_APART: Final = {"malware": "replaced_safebrowsing", "adult": "replaced_parental"}


async def show(asked: Asked) -> dict[str, Any]:
    """GET stats: of the time that `stats.period` says, or of its last `recent` milliseconds."""
    hours = _hours(asked)
    unit_s = HOUR_S if hours <= MOST_HOURS else DAY_S
    units = -(-hours * HOUR_S // unit_s)
    begin_s = (int(time.time()) // unit_s - units + 1) * unit_s
    statistics = asked.house.statistics()
    with with_log():
        told = await statistics.summary(since_s=begin_s)
        series, by_list = await statistics.steps(begin_s, unit_s)
    kinds = await asyncio.to_thread(ListKinds.of, asked.settings)
    apart = {key: [0] * units for key in _COUNTED_APART.values()}
    for step, name, count in by_list:
        if (category := kinds.category(name)) and step < units:
            apart[_COUNTED_APART[category]][step] += count
    blocked = [
        max(0, point["blocked"] - sum(each[at] for each in apart.values()))
        for at, point in enumerate(series[:units])
    ]
    return {
        "time_units": "hours" if unit_s == HOUR_S else "days",
        "num_dns_queries": told["totals"]["queries"],
        "num_blocked_filtering": sum(blocked),
        **{f"num_{key}": sum(each) for key, each in apart.items()},
        "num_replaced_safesearch": await _safe_searches(asked, begin_s),
        "avg_processing_time": (told["latency_ms"]["mean"] or 0) / 1000,
        "dns_queries": [point["queries"] for point in series[:units]],
        "blocked_filtering": blocked,
        **apart,
        "top_queried_domains": _tops((each["name"], each["count"]) for each in told["top_names"]),
        "top_blocked_domains": _tops((each["name"], each["count"]) for each in told["top_blocked"]),
        "top_clients": _tops(
            (client_there(each["client"]), each["count"]) for each in told["top_clients"]
        ),
        "top_upstreams_responses": _tops(
            (each["name"], each["count"]) for each in told["upstreams"]
        ),
        "top_upstreams_avg_time": [
            {each["name"]: each["avg_ms"] / 1000} for each in told["upstreams"]
        ],
    }


async def reset(asked: Asked) -> Nothing:
    """POST stats_reset."""
    await asked.do(reset_statistics, NoInput())
    return NOTHING


def _hours(asked: Asked) -> int:
    """Of the time that is asked about; Refused (400) for one that is not within what is told."""
    longest = max(1, round(float(asked.settings.stats.period) / HOUR_S))
    text = asked.request.query.get("recent", "")
    if not text:
        return longest
    hour_ms, most_ms = HOUR_S * 1000, longest * HOUR_S * 1000
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise bad_request(f"recent: bad value {text[:40]!r}")
    if int(text) < hour_ms:
        raise bad_request(f"recent: out of range: must be no less than {hour_ms}, got {text}")
    if int(text) > most_ms:
        raise bad_request(f"recent: out of range: must be no greater than {most_ms}, got {text}")
    if int(text) % hour_ms:
        raise bad_request(f"recent: must be a multiple of {hour_ms}, got {text}")
    return int(text) // hour_ms


async def _safe_searches(asked: Asked, begin_s: int) -> int:
    """How often a search was led to what is fit for children: the log alone has that, so it is 0
    without one, and nobody waits for it long."""
    if not any(value not in (False, "off") for _, value in asked.settings.filtering.safe_search):
        return 0
    try:
        with with_log():
            sought = Sought(from_s=begin_s, lists=(SAFE_SEARCH,))
            sums = await asked.house.query_log().history.sums(sought, DAY_S)
    except RequestError:
        return 0
    return sums["totals"]["queries"]


def _tops(counted: Any) -> list[dict[str, int]]:
    """A list of objects of one key, in descending order; what has one name is one."""
    found: Counter[str] = Counter()
    for name, count in counted:
        found[name] += count
    return [{name: count} for name, count in found.most_common()]
