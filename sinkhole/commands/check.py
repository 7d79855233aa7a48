"""What is wrong with settings beyond their shape: own rules that are none."""

from __future__ import annotations

from sinkhole.errors import SettingsError
from sinkhole.filter.trie import CompiledList
from sinkhole.lists.library import OWN_RULES
from sinkhole.settings import Settings


def refuse_odd_rules(settings: Settings) -> None:
    """Raise SettingsError if the filter can't use some of `filtering.rules`; a line for each."""
    report = CompiledList.from_rules(OWN_RULES, "block", settings.filtering.rules).report
    where = settings.origin_of("filtering.rules").removeprefix("file ")
    problems = [
        f"{where}: filtering.rules[{sample.line - 1}]: {sample.text!r} is no rule: {sample.reason}"
        for sample in report.samples
    ]
    if problems:
        raise SettingsError(problems)
