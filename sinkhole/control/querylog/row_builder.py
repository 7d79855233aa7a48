"""From records to rows and counts, at a quarter of a microsecond each.

A kept reply shares one Report among all its records, so the usual record costs two dict look-ups
by identity: its `_KnownReport` and its `_KnownClient` know the numbers of name, account, answer and
client, and count. A record with anything unknown waits in `_late` until `settle` has asked the
database about the new values of a whole bite at once. So do records that are ignored, or of which
not everything may be told, each time: whoever wants that pays for it, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import (
    MOST_REMEMBERED,
    MOST_REPORTS,
    AccountKey,
    Dictionaries,
    account_key,
)
from sinkhole.control.querylog.list_names import ListNames
from sinkhole.control.querylog.placing import HOUR_US, MINUTE_US, Placing
from sinkhole.control.querylog.privacy import NOBODY
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.taken_ids import taken_ids
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.stats.minute_counts import AnswerKey, MinuteCounts, add_both, answer_key
from sinkhole.model.record import EVERYTHING, TRANSPORTS, Batch, Report, Who
from sinkhole.model.verdict import Verdict

ROW_WIDTH: Final = 7
INSERT_ROWS: Final = "INSERT INTO query (id, client, name, account, duration_us, transport, answer)"
"""What puts rows into the table, and the values of each."""

_NUMBERS: Final = {name: number for number, name in enumerate(TRANSPORTS)}
_CommonKey = tuple[Verdict, int, int]
_Late = tuple[int, Report, Who, int, int]
"""What `settle` makes a row of: id, report, who asked, duration_us, transport."""
_by_name = ListNames().source_of


class _Common(NamedTuple):
    """What reports of the same verdict, rcode and type have in common."""

    account: int
    answer: AnswerKey
    blocked: int


class _KnownReport:
    """What is known of one report, and how often and how long it took since the last count.

    `name`, `account` and `records` are the numbers of its name, account and answer.
    """

    __slots__ = ("account", "answer", "blocked", "count", "name", "records", "sum_us")

    def __init__(self, name: int, records: int, common: _Common) -> None:
        self.name = name
        self.records = records
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
    transaction, `forget` when it was undone. Where `terms` want no rows there are no accounts:
    only the counts are right.
    """

    def __init__(
        self, values: Dictionaries, rules: RuleTexts, terms: LogTerms, placing: Placing
    ) -> None:
        self.rows: list[int] = []
        self._values = values
        self._rules = rules
        self._terms = terms
        self._placing = placing
        self._may_clash = False
        self._common: dict[_CommonKey, _Common] = {}
        self._ruled: dict[_CommonKey, _Common] = {}
        self._known_reports: dict[Report, _KnownReport] = {}
        self._known_clients: dict[Who, _KnownClient] = {}
        self._touched: list[_KnownReport] = []
        self._late: list[_Late] = []
        self._minutes: dict[int, MinuteCounts] = {}
        self._minute = 0
        self._counts = MinuteCounts(0)

    @classmethod
    async def load(
        cls,
        database: Database,
        rules: RuleTexts,
        terms: LogTerms,
        source_of: Callable[[str], str] = _by_name,
    ) -> RowBuilder:
        """A builder that goes on where the database ends; `source_of` tells lists apart."""
        last_id = await database.value("SELECT max(id) FROM query") or 0
        values = await Dictionaries.load(database, source_of)
        return cls(values, rules, terms, Placing(last_id))

    @property
    def last_id(self) -> int:
        """The id of the last record."""
        return self._placing.last_id

    @property
    def known_lists(self) -> Mapping[str, int]:
        """The numbers of the lists that were met of late, by name."""
        return self._values.lists.ids

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms, from the next record on."""
        if terms != self._terms:
            self._terms = terms
            self._forget_known()

    def take(self, batches: Iterable[Batch]) -> None:
        """Add the rows of all records that need no look-up; about 0.25 µs a record."""
        rows, late, touched = self.rows, self._late, self._touched
        reports, clients = self._known_reports.get, self._known_clients.get
        for time_s, duration_us, records, channel in batches:
            transport = _NUMBERS[channel]
            ident = self._place(time_s, len(records))
            self._counts.durations[duration_us] += len(records)
            self._counts.transports[transport] += len(records)
            for report, who in records:
                known = reports(report)
                client = clients(who)
                if known is None or client is None:
                    late.append((ident, report, who, duration_us, transport))
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
                    rows += (ident, client.id, known.name, known.account, duration_us, transport)
                    rows.append(known.records)
                ident += 1

    async def settle(self, database: Database) -> None:
        """Add the rows of the records that `take` knew too little about."""
        late, self._late = self._late, []
        tells_less = any(who.telling is not EVERYTHING for _, _, who, *_ in late)
        if tells_less or self._terms.privacy.ignores_any:
            late = self._without_ignored(late)
        usual = self._terms.privacy.has_names
        for named in (True, False) if tells_less and usual else (usual,):
            some = [each for each in late if each[2].telling.names is named or not usual]
            if some:
                await self._settle_some(database, some, has_names=named)

    async def _settle_some(self, database: Database, late: list[_Late], *, has_names: bool) -> None:
        """The same for some records, all of them with names or without."""
        kept = await self._learn(database, late, has_names)
        is_usual = has_names == self._terms.privacy.has_names
        shared, ruled, values = self._common if is_usual else {}, self._ruled, self._values
        minute, counts = -1, self._counts
        for ident, report, who, duration_us, transport in late:
            key = (report.verdict, report.rcode, report.qtype)
            common = shared.get(key) or ruled[key]
            # Queries of no type were refused before their names were looked at.
            name = values.names.ids[report.name] if report.qtype and has_names else 0
            records = kept.get(report, 0)
            client = self._known_clients.get(who) or self._learn_client(who)
            if ident // MINUTE_US != minute:
                minute = ident // MINUTE_US
                counts = self._counts_of(minute)
            if who.telling.rows:
                self.rows += (ident, client.id, name, common.account, duration_us, transport)
                self.rows.append(records)
            if not who.telling.counts:
                counts.add_uncounted(name, client.id)
                continue
            counts.answers[common.answer] += 1
            counts.sums_us[common.answer.outcome] += duration_us
            if client.id:
                add_both(counts.clients, client.id, 1, common.blocked)
            if name:
                add_both(counts.names, name, 1, common.blocked)
            if report.verdict.upstream:
                add_both(counts.upstreams, report.verdict.upstream, 1, duration_us)
            elif is_usual and who.telling.rows:  # else its answer was not looked at
                self._remember(report, _KnownReport(name, records, common))
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
                self._placing.greatest_id = max(self._placing.greatest_id, ident)
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
        self._forget_known()
        self._values.forget()

    def forget_lists(self) -> None:
        """Ask anew which number a list has, as names may have gone over to others."""
        self._values.lists.forget()
        self._forget_known()

    async def list_ids(
        self, database: Database, minutes: Iterable[MinuteCounts]
    ) -> Mapping[str, int]:
        """The numbers of all lists that something was counted for, within the open transaction."""
        for counts in minutes:
            names = {key.blocked_by for key in counts.answers if key.blocked_by}
            await self._values.lists.learn(database, names, counts.start_s // 3600 * 3600)
        return self._values.lists.ids

    # ---- time --------------------------------------------------------------------------------

    def _place(self, time_s: float, size: int) -> int:
        """The id of a batch's first record, and the counts of its minute."""
        placing, greatest = self._placing, self._placing.greatest_id
        ident = placing.place(time_s, size)
        self._may_clash |= ident <= greatest
        placing.greatest_id = max(greatest, placing.last_id)
        minute = ident // MINUTE_US
        if minute != self._minute:
            self._turn_to(minute)
        return ident

    def _turn_to(self, minute: int) -> None:
        """Begin another minute; with another hour, values have to be marked as seen again."""
        self._gather()
        if minute // 60 != self._counts.start_s // 3600:
            self._forget_known()
            self._values.forget()
        self._minute = minute
        self._counts = self._counts_of(minute)

    def _forget_known(self) -> None:
        self._gather()
        self._known_reports.clear()
        self._common.clear()
        self._known_clients.clear()

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
            if client.count and client.id:
                add_both(counts.clients, client.id, client.count, client.blocked)
            client.count = client.blocked = 0

    # ---- values not known by identity --------------------------------------------------------

    def _without_ignored(self, late: list[_Late]) -> list[_Late]:
        """What is not ignored; the rest is counted as it may be."""
        privacy = self._terms.privacy
        clients = {who for _, _, who, *_ in late}
        clients = {each for each in clients if privacy.ignores_client(each.text, each.device)}
        reports = {report for _, report, *_ in late if privacy.ignores(report)}
        left: list[_Late] = []
        for each in late:
            ident, report, who, duration_us, transport = each
            is_ignored = who in clients or report in reports
            if not is_ignored and (who.telling.rows or who.telling.counts):
                left.append(each)
            if not who.telling.counts or (is_ignored and privacy.ignores_counts):
                counts = self._counts_of(ident // MINUTE_US)
                counts.durations[duration_us] -= 1
                counts.transports[transport] -= 1
            elif is_ignored:
                self._counts_of(ident // MINUTE_US).add_nameless(report, duration_us)
        return left

    async def _learn(
        self, database: Database, late: list[_Late], has_names: bool
    ) -> dict[Report, int]:
        """Get the numbers of all values; those of the answers of reports that have one to keep."""
        # The latest of all: a value that is seen in an hour is kept as long as rows up to it.
        hour = max(ident for ident, *_ in late) // HOUR_US * 3600
        reports = {report for _, report, *_ in late}
        values, privacy = self._values, self._terms.privacy
        if has_names:
            await values.names.learn(database, {r.name for r in reports if r.qtype}, hour)
        clients = {privacy.asker(who) for _, _, who, *_ in late} - {NOBODY}
        await values.clients.learn(database, clients, hour)
        is_usual = has_names == privacy.has_names
        known = self._common if is_usual else {}
        unknown = [r for r in reports if (r.verdict, r.rcode, r.qtype) not in known]
        if len(self._common) + len(unknown) > MOST_REMEMBERED:
            self._common.clear()
            unknown = list(reports)
        if unknown:
            kept = self._common if is_usual else self._ruled
            await self._learn_common(database, unknown, hour, kept, has_names)
        if not (self._terms.enabled and self._terms.answers and has_names):
            return {}
        shown = {report for _, report, who, *_ in late if who.telling.rows}
        return await values.answers.learn_of(database, shown, hour)

    async def _learn_common(
        self,
        database: Database,
        unknown: list[Report],
        hour: int,
        shared: dict[_CommonKey, _Common],
        has_names: bool,
    ) -> None:
        """Work out what is common to reports; `shared` has it unless a rule decided.

        Verdicts without a rule are shared by all reports of a kind, the others are not.
        """
        keys: dict[Report, AccountKey] = {}
        if self._terms.enabled:
            await self._rules.learn(unknown)
            lists = {name for report in unknown if (name := report.verdict.cause.list_name)}
            await self._values.lists.learn(database, lists, hour)
            keys = {report: self._account_key(report, has_names) for report in unknown}
            await self._values.accounts.learn(database, set(keys.values()), hour)
        for report in unknown:
            verdict = report.verdict
            account = self._values.accounts.ids[keys[report]] if keys else 0
            common = _Common(account, answer_key(report), int(verdict.outcome.is_block))
            kept = self._ruled if verdict.cause.line else shared
            kept[verdict, report.rcode, report.qtype] = common

    def _account_key(self, report: Report, has_names: bool) -> AccountKey:
        cause = report.verdict.cause
        list_id = self._values.lists.ids[cause.list_name] if cause.list_name else 0
        return account_key(report, list_id, self._rules.of(cause), named=has_names)

    def _remember(self, report: Report, known: _KnownReport) -> None:
        """Know a report by identity from now on; not that of a first answer, which ends here."""
        if len(self._known_reports) >= MOST_REPORTS:
            self._gather()
            self._known_reports.clear()
        self._known_reports[report] = known

    def _learn_client(self, who: Who) -> _KnownClient:
        if len(self._known_clients) >= MOST_REMEMBERED:
            self._gather()
            self._known_clients.clear()
        client = _KnownClient(self._values.clients.ids.get(self._terms.privacy.asker(who), 0))
        if who.telling is EVERYTHING:  # else `take` would leave nothing out
            self._known_clients[who] = client
        return client
