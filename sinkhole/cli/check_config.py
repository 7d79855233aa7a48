"""What is wrong with settings beyond their shape: own rules that are none."""

from __future__ import annotations

from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.settings import Settings
from sinkhole.model.errors import SettingsError


def refuse_odd_rules(settings: Settings) -> None:
    """Raise SettingsError if the filter can't use some of `filtering.rules`; a line for each."""
    _, told = compile_own(settings.filtering.rules)
    where = settings.origin_of("filtering.rules").removeprefix("file ")
    problems = [f"{where}: {problem}" for problem in told]
    if problems:
        raise SettingsError(problems)
