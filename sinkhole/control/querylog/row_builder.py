"""From records to rows and counts, at a quarter of a microsecond each.

A kept reply shares one Report among all its records, so the usual record costs two dict look-ups
by identity: its `_KnownReport` and its `_KnownClient` know the numbers of name, account and
client, and count. A record with anything unknown waits in `_late` until `settle` has asked the
database about the new values of a whole bite at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import (
    ACCOUNTS,
    CLIENTS,
    MOST_REMEMBERED,
    NAMES,
    AccountKey,
    Dictionary,
    account_key,
    lists_by,
)
from sinkhole.control.querylog.taken_ids import taken_ids
from sinkhole.control.stats.minute_counts import AnswerKey, MinuteCounts, add_both, answer_key
from sinkhole.model.errors import SinkholeError
from sinkhole.model.record import TRANSPORTS, Batch, Report
from sinkhole.model.verdict import Cause, Outcome, Verdict

ROW_WIDTH: Final = 7
INSERT_ROWS: Final = "INSERT INTO query (id, client, name, account, duration_us, transport, answer)"
"""What puts rows into the table, and the values of each."""

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US

CLOCK_STEP_US: Final = MINUTE_US
"""A clock set back by more than this is followed; by less, ids go on from the newest one, so that
all rows of that time have nearly the same."""


_FORWARDED = int(Outcome.FORWARDED)
_NUMBERS: Final = {name: number for number, name in enumerate(TRANSPORTS)}
_CommonKey = tuple[Verdict, int, int]
_Late = tuple[int, Report, str, int, int]
"""What `settle` makes a row of: id, report, client, duration_us, transport."""


class _Common(NamedTuple):
    """What reports of the same verdict, rcode and type have in common."""

    account: int
    answer: AnswerKey
    blocked: int


class _KnownReport:
    """What is known of one report, and how often and how long it took since the last count."""

    __slots__ = ("account", "answer", "blocked", "count", "name", "sum_us")

    def __init__(self, name: int, common: _Common) -> None:
        self.name = name
        self.account, self.answer, self.blocked = common
        self.count = self.sum_us = 0


class _KnownClient:
    """One client's number, and how often it asked since the last count."""

    __slots__ = ("blocked", "count", "id")

    def __init__(self, ident: int) -> None:
        self.id = ident
        self.count = 0
        self.blocked = 0


class RowBuilder:
    """Turns batches into `rows` (ROW_WIDTH values each, end to end) and into counts.

    Call `take` and `settle` for each bite, then `take_rows`; `collect` at the end of the
    transaction, `forget` when it was undone. With `detail` off there are no accounts and nobody
    wants the rows: only the counts are right.
    """

    def __init__(
        self,
        names: Dictionary[bytes],
        clients: Dictionary[str],
        accounts: Dictionary[AccountKey],
        lists: Dictionary[str],
        rule_text: Callable[[Cause], str],
        *,
        detail: bool,
        last_id: int,
    ) -> None:
        self.rows: list[int] = []
        self._names = names
        self._clients = clients
        self._accounts = accounts
        self._lists = lists
        self._rule_text = rule_text
        self._detail = detail
        self._last_id = last_id
        self._greatest_id = last_id
        self._may_clash = False
        self._rules: dict[Cause, str] = {}
        self._common: dict[_CommonKey, _Common] = {}
        self._ruled: dict[_CommonKey, _Common] = {}
        self._known_reports: dict[Report, _KnownReport] = {}
        self._known_clients: dict[str, _KnownClient] = {}
        self._touched: list[_KnownReport] = []
        self._late: list[_Late] = []
        self._minutes: dict[int, MinuteCounts] = {}
        self._minute = 0
        self._counts = MinuteCounts(0)

    @classmethod
    async def load(
        cls,
        database: Database,
        rule_text: Callable[[Cause], str],
        *,
        detail: bool,
        source_of: Callable[[str], str] = lambda name: f"={name}",
    ) -> RowBuilder:
        """A builder that goes on where the database ends; `source_of` tells lists apart."""
        return cls(
            await Dictionary.load(database, NAMES),
            await Dictionary.load(database, CLIENTS),
            await Dictionary.load(database, ACCOUNTS),
            await Dictionary.load(database, lists_by(source_of)),
            rule_text,
            detail=detail,
            last_id=await database.value("SELECT max(id) FROM query") or 0,
        )

    def take(self, batches: Iterable[Batch]) -> None:
        """Add the rows of all records that need no look-up; about 0.25 µs a record."""
        rows, late, touched = self.rows, self._late, self._touched
        reports, clients = self._known_reports.get, self._known_clients.get
        for time_s, duration_us, records, channel in batches:
            transport = _NUMBERS[channel]
            ident = self._place(time_s, len(records))
            self._counts.durations[duration_us] += len(records)
            self._counts.transports[transport] += len(records)
            for report, address in records:
                known = reports(report)
                client = clients(address)
                if known is None or client is None:
                    late.append((ident, report, address, duration_us, transport))
                else:
                    if known.count:
                        known.count += 1
                    else:
                        known.count = 1
                        touched.append(known)
                    known.sum_us += duration_us
                    client.count += 1
                    if known.blocked:
                        client.blocked += 1
                    rows += (ident, client.id, known.name, known.account, duration_us, transport, 0)
                ident += 1

    async def settle(self, database: Database) -> None:
        """Add the rows of the records that `take` knew too little about."""
        late, self._late = self._late, []
        if not late:
            return
        await self._learn(database, late)
        shared, ruled, names = self._common, self._ruled, self._names.ids
        minute, counts = -1, self._counts
        for ident, report, address, duration_us, transport in late:
            key = (report.verdict, report.rcode, report.qtype)
            common = shared.get(key) or ruled[key]
            # Queries of no type were refused before their names were looked at.
            name = names[report.name] if report.qtype else 0
            client = self._known_clients.get(address) or self._learn_client(address)
            self.rows += (ident, client.id, name, common.account, duration_us, transport, 0)
            if ident // MINUTE_US != minute:
                minute = ident // MINUTE_US
                counts = self._counts_of(minute)
            counts.answers[common.answer] += 1
            counts.sums_us[common.answer.outcome] += duration_us
            add_both(counts.clients, client.id, 1, common.blocked)
            if name:
                add_both(counts.names, name, 1, common.blocked)
            if common.answer.outcome == _FORWARDED:
                add_both(counts.upstreams, report.verdict.upstream, 1, duration_us)
            else:
                self._remember(report, _KnownReport(name, common))
        ruled.clear()

    async def take_rows(self, database: Database, at_least: int = 1) -> list[int]:
        """Take whole multiples of `at_least` rows out of `rows`, each with an id that is free.

        Only after the clock was set back may an id be taken; such a row gets the next free one.
        """
        end = len(self.rows) // ROW_WIDTH // at_least * at_least * ROW_WIDTH
        values = self.rows[:end]
        del self.rows[:end]
        if self._may_clash:
            ids = values[::ROW_WIDTH]
            taken = await taken_ids(database, ids, MINUTE_US)
            for at, ident in enumerate(ids):
                while ident in taken:
                    ident += 1
                taken.add(ident)
                values[at * ROW_WIDTH] = ident
                self._greatest_id = max(self._greatest_id, ident)
        self._may_clash &= bool(self.rows or self._late)
        return values

    def collect(self) -> list[MinuteCounts]:
        """What was counted since the last call, oldest minute first."""
        self._gather()
        minutes = [counts for _, counts in sorted(self._minutes.items())]
        self._minutes = {}
        self._minute = 0
        return minutes

    def forget(self) -> None:
        """Forget every number, for those new since the last commit are no longer stored."""
        self.rows.clear()
        self._late.clear()
        self._gather()
        self._known_reports.clear()
        self._common.clear()
        self._known_clients.clear()
        self._forget_values()

    async def list_ids(
        self, database: Database, minutes: Iterable[MinuteCounts]
    ) -> Mapping[str, int]:
        """The numbers of all lists that something was counted for, within the open transaction."""
        for counts in minutes:
            names = {key.blocked_by for key in counts.answers if key.blocked_by}
            await self._lists.learn(database, names, counts.start_s // 3600 * 3600)
        return self._lists.ids

    def forget_rules(self) -> None:
        """Read rules anew: line 7 of a list may be another one since the list was updated."""
        self._rules.clear()

    def _forget_values(self) -> None:
        dictionaries = (self._names, self._clients, self._accounts, self._lists)
        for dictionary in dictionaries:
            dictionary.forget()

    # ---- time --------------------------------------------------------------------------------

    def _place(self, time_s: float, size: int) -> int:
        """The id of a batch's first record: its time, unless that is taken.

        A batch lies within one minute, so that row and counts always agree on the hour.
        """
        ident = int(time_s * 1e6)
        if self._last_id - CLOCK_STEP_US < ident <= self._last_id:
            ident = self._last_id + 1
        minute = ident // MINUTE_US
        if (ident + size) // MINUTE_US != minute:
            minute += 1
            ident = minute * MINUTE_US
        self._last_id = ident + size - 1
        self._may_clash |= ident <= self._greatest_id
        self._greatest_id = max(self._greatest_id, self._last_id)
        if minute != self._minute:
            self._turn_to(minute)
        return ident

    def _turn_to(self, minute: int) -> None:
        """Begin another minute; with another hour, values have to be marked as seen again."""
        self._gather()
        if minute // 60 != self._counts.start_s // 3600:
            self._known_reports.clear()
            self._common.clear()
            self._known_clients.clear()
            self._forget_values()
        self._minute = minute
        self._counts = self._counts_of(minute)

    def _counts_of(self, minute: int) -> MinuteCounts:
        counts = self._minutes.get(minute)
        if counts is None:
            counts = self._minutes[minute] = MinuteCounts(minute * 60)
        return counts

    def _gather(self) -> None:
        """Move what known reports and clients counted to the counts of the present minute."""
        counts = self._counts
        for known in self._touched:
            counts.answers[known.answer] += known.count
            counts.sums_us[known.answer.outcome] += known.sum_us
            if known.name:
                add_both(counts.names, known.name, known.count, known.count * known.blocked)
            known.count = known.sum_us = 0
        self._touched.clear()
        for client in self._known_clients.values():
            if client.count:
                add_both(counts.clients, client.id, client.count, client.blocked)
                client.count = client.blocked = 0

    # ---- values not known by identity --------------------------------------------------------

    async def _learn(self, database: Database, late: list[_Late]) -> None:
        # The latest of all: a value that is seen in an hour is kept as long as rows up to it.
        hour = max(ident for ident, *_ in late) // HOUR_US * 3600
        reports = {report for _, report, *_ in late}
        await self._names.learn(database, {r.name for r in reports if r.qtype}, hour)
        await self._clients.learn(database, {client for _, _, client, *_ in late}, hour)
        unknown = [r for r in reports if (r.verdict, r.rcode, r.qtype) not in self._common]
        if len(self._common) + len(unknown) > MOST_REMEMBERED:
            self._common.clear()
            unknown = list(reports)
        if unknown:
            await self._learn_common(database, unknown, hour)

    async def _learn_common(self, database: Database, unknown: list[Report], hour: int) -> None:
        """Work out what is common to reports; kept unless a rule decided.

        Verdicts without a rule are shared by all reports of a kind, the others are not.
        """
        keys: dict[Report, AccountKey] = {}
        if self._detail:
            await self._read_rules(unknown)
            lists = {name for report in unknown if (name := report.verdict.cause.list_name)}
            await self._lists.learn(database, lists, hour)
            keys = {report: self._account_key(report) for report in unknown}
            await self._accounts.learn(database, set(keys.values()), hour)
        for report in unknown:
            verdict = report.verdict
            account = self._accounts.ids[keys[report]] if keys else 0
            common = _Common(account, answer_key(report), int(verdict.outcome.is_block))
            kept = self._ruled if verdict.cause.line else self._common
            kept[verdict, report.rcode, report.qtype] = common

    async def _read_rules(self, reports: Iterable[Report]) -> None:
        """Get the rules' texts in a thread, for they are read from the lists' files."""
        causes = {c for r in reports if (c := r.verdict.cause).line and not c.rule}
        if len(self._rules) + len(causes) > MOST_REMEMBERED:
            self._rules = {}
        unread = [cause for cause in causes if cause not in self._rules]
        if not unread:
            return
        self._rules.update(await asyncio.to_thread(self._read, unread))

    def _read(self, causes: list[Cause]) -> dict[Cause, str]:
        texts = {}
        for cause in causes:
            try:
                text = self._rule_text(cause)
            except (OSError, SinkholeError):
                text = ""  # list and line still say which rule it was
            texts[cause] = text.encode("utf-8", "replace").decode()
        return texts

    def _account_key(self, report: Report) -> AccountKey:
        name = report.verdict.cause.list_name
        return account_key(report, self._lists.ids[name] if name else 0, self._rule_of(report))

    def _rule_of(self, report: Report) -> str:
        cause = report.verdict.cause
        return self._rules.get(cause, "") if cause.line and not cause.rule else cause.rule

    def _remember(self, report: Report, known: _KnownReport) -> None:
        """Know a report by identity from now on; not that of a first answer, which ends here."""
        if len(self._known_reports) >= MOST_REMEMBERED:
            self._gather()
            self._known_reports.clear()
        self._known_reports[report] = known

    def _learn_client(self, address: str) -> _KnownClient:
        if len(self._known_clients) >= MOST_REMEMBERED:
            self._gather()
            self._known_clients.clear()
        client = self._known_clients[address] = _KnownClient(self._clients.ids[address])
        return client
