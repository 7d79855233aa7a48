"""Rules of the others as rules of ours; what the filter can't use is told with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.rule_check import unusable

RULES: Final = "filtering.rules"

MOST_RULES: Final = 4000
"""Own rules that are taken of one source: more belong into a list."""

_COMMENT: Final = re.compile(r"[!#;]|\[[^\]]*\]$")
_COSMETIC: Final = re.compile(r"#[@?$%]?#")


def usable(plan: Plan, about: str, texts: Iterable[str]) -> list[str]:
    """The rules among lines, each once; comments go, and what is no rule here is told."""
    found: dict[str, None] = {}
    comments = 0
    for text in texts:
        line = text.strip()
        if not line or (_COMMENT.match(line) and not _COSMETIC.match(line)):
            comments += bool(line)
        else:
            found[line] = None
    refused = unusable(list(found))
    for rule, reason in refused.items():
        plan.left(f"{about} {shown(rule)}", f"can't be a rule here: {reason}")
    if comments:
        plan.left(about, f"{comments} lines are comments, which own rules do not have")
    return [rule for rule in found if rule not in refused]


def take_rules(plan: Plan, about: str, texts: Iterable[str]) -> None:
    """Want own rules of the household."""
    rules = usable(plan, about, texts)
    for rule in rules[:MOST_RULES]:
        plan.put(RULES, rule)
    if (rest := len(rules) - MOST_RULES) > 0:
        text = f"{rest} rules beyond {MOST_RULES} are not taken: put them into a file, as a list"
        plan.left(about, text)


def exact(name: str, *, allow: bool) -> str:
    """The rule about a name alone, without what is below it."""
    return f"{'@@' if allow else ''}|{name}^"
