"""Query log and statistics of AdGuard Home: what is written down, and for how long."""

from __future__ import annotations

import re
from typing import Final

from sinkhole.control.imports.branch import Branch, span_text
from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.addresses import parse_host_name
from sinkhole.control.settings.quoting import shown

LOG_S: Final = 90 * 86_400
STATISTICS_S: Final = 86_400
ROOT_RULE: Final = "|.^"
"""What AdGuard Home writes for questions about the root, which names nobody."""

_HOUR_S, _DAY_S, _MOST_S = 3600, 86_400, 3650 * 86_400
_RULE: Final = re.compile(r"(?:\|\|?|\*\.)?([^|^*/$]+)\^?")


def take_keeping(root: Branch, plan: Plan) -> None:
    """Both sections."""
    log, statistics = root.below("querylog"), root.below("statistics")
    log.ignore("dir_path", "size_memory", "file_enabled")
    statistics.ignore("dir_path")
    if not log.flag("enabled", True):
        plan.set("query_log.enabled", False)
    if (keep := log.span_s("interval", LOG_S, _HOUR_S)) != LOG_S:
        plan.set("query_log.keep", span_text(min(max(keep, _HOUR_S), _MOST_S)))
    ignored = _ignored(log, plan)
    if ignored:
        plan.set("query_log.ignore_names", ignored)
    if not statistics.flag("enabled", True):
        plan.for_everybody(statistics=False)
        plan.differs(
            statistics.at("enabled"), "sums without names and clients are kept all the same"
        )
    if (keep := statistics.span_s("interval", STATISTICS_S, _HOUR_S)) != STATISTICS_S:
        plan.set("stats.keep", span_text(min(max(keep, _DAY_S), _MOST_S)))
    not_counted = _ignored(statistics, plan)
    if not_counted and set(not_counted) == set(ignored):
        plan.set("query_log.ignore_in_statistics", True)
    elif not_counted:
        text = "names are left out of log and statistics together here (query_log.ignore_names)"
        plan.left(statistics.at("ignored"), text)


def _ignored(section: Branch, plan: Plan) -> list[str]:
    """The names that are left out; of rules those that mean a name with all below it."""
    found = []
    texts = section.texts("ignored")
    if not section.flag("ignored_enabled", bool(texts)):
        return []
    for text in texts:
        rule = _RULE.fullmatch(text.strip())
        if text.strip() in (ROOT_RULE, ".", ""):
            continue
        try:
            found.append(parse_host_name(rule[1] if rule else text))
        except ValueError:
            plan.left(section.at("ignored"), f"{shown(text)} is no name")
    return list(dict.fromkeys(found))
