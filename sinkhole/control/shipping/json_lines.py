"""A query as one line of JSON, with the keys that an export of the log has.

What is said of a report and of who asks is worked out once and remembered, as most queries get an
answer that was given before: 2 µs each, against 30 for one that is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sinkhole.control.querylog.logged_query import LoggedQuery, logged_queries
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.querylog.told_row import told_row
from sinkhole.model.record import Batch, Report, Telling, Who
from sinkhole.model.verdict import Outcome, Verdict

MOST_REPORTS: Final = 4_000
"""Reports that are remembered, some kilobytes each at most; when there would be more, remembering
starts anew."""

_OF_LOG_ALONE: Final = ("id", "list_id", "node")
_OF_BATCH: Final = ("time", "duration_ms", "transport")
_OF_ASKER: Final = ("client", "client_name", "device", "group")
_OF_ANSWER: Final = ("answer", "original_answer")
_NO_ANSWERS: Final = ',"answer":null,"original_answer":null'

_NOTHING: Final = Report(b"\0", 0, 0, Verdict(Outcome.MALFORMED))
_NAMED: Final = Who("")
_NAMELESS: Final = Who("", telling=Telling(names=False))


class Line(NamedTuple):
    """A query as JSON: the object without its answers, and whole."""

    short: str
    whole: str


class JsonLines:
    """Makes lines by some terms; `rules` must have learned what decided (see `RuleTexts`)."""

    def __init__(self, rules: RuleTexts, terms: LogTerms) -> None:
        self._rules = rules
        self._terms = terms
        self._reports: dict[tuple[Report, bool], tuple[str, str]] = {}
        self._askers: dict[Who, str] = {}
        self._head = self._end = ""

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms."""
        self._terms = terms
        self.forget()

    def forget(self) -> None:
        """Work everything out anew: rules may have other texts."""
        self._reports = {}
        self.forget_askers()

    def forget_askers(self) -> None:
        """The same for what clients are called, which changes as they are found out about."""
        self._askers = {}

    def begin(self, batch: Batch) -> None:
        """The next lines are of this batch."""
        at = datetime.fromtimestamp(batch.time_s, UTC).isoformat(timespec="microseconds")
        self._head = f'{{"time":{batch.time_s:.6f},"timestamp":"{at[:-6]}Z",'
        duration_ms = batch.duration_us / 1000
        self._end = f',"duration_ms":{duration_ms},"transport":"{batch.channel}"}}'

    def line(self, report: Report, who: Who) -> Line:
        """One query of the batch, in ASCII; whether it may be told is not asked here."""
        key = report, who.telling.names
        told = self._reports.get(key)
        if told is None:
            told = self._learn(key)
        asker = self._askers.get(who)
        if asker is None:
            asker = self._askers[who] = _inside(self._query(_NOTHING, who), _OF_ASKER)
        head = f"{self._head}{asker},{told[0]}"
        short = f"{head}{_NO_ANSWERS}{self._end}"
        return Line(short, f"{head},{told[1]}{self._end}" if told[1] else short)

    def _learn(self, key: tuple[Report, bool]) -> tuple[str, str]:
        if len(self._reports) >= MOST_REPORTS:
            self._reports = {}
        report, named = key
        query = self._query(report, _NAMED if named else _NAMELESS)
        answers = _inside(query, _OF_ANSWER) if any(map(query.get, _OF_ANSWER)) else ""
        left_out = (*_OF_LOG_ALONE, *_OF_BATCH, *_OF_ASKER, *_OF_ANSWER)
        rest = _inside(query, (each for each in query if each not in left_out))
        told = self._reports[key] = rest, answers
        return told

    def _query(self, report: Report, who: Who) -> LoggedQuery:
        row = told_row(report, who, self._rules, self._terms)
        (query,) = logged_queries([row], self._terms.privacy.client_name)
        return query


def _inside(query: LoggedQuery, keys: Iterable[str]) -> str:
    """These keys of a query as JSON, without the braces around them."""
    found: dict[str, Any] = {key: query[key] for key in keys if key in query}  # type: ignore[literal-required]  # keys of LoggedQuery
    return json.dumps(found, separators=(",", ":"))[1:-1]
