"""Values stored once, under a small number: names, clients, accounts, answers, lists.

The numbers are given out here, not by SQLite, so that a batch of rows can be made before its new
values are written. What was used within the present hour is remembered; it is forgotten when the
hour ends, so that every value's `seen` is brought up to date once an hour and not more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from sinkhole.control.database import Database, padded
from sinkhole.control.querylog.answers import stored_answer, told_apart
from sinkhole.dns.wire.name import to_text
from sinkhole.model.record import Report

MOST_REMEMBERED: Final = 20_000
"""Values remembered at once; when there would be more, remembering starts anew."""

MOST_REPORTS: Final = 32_768
"""Reports known by identity, as many as there are replies on the express lane: each class of
clients has its own of what is blocked. 200 bytes each."""

MOST_ANSWERS: Final = 2_000
"""The same for answers, which are larger."""

_PER_STATEMENT: Final = 256

TABLES: Final = ("name", "client", "account", "answer", "list")

Key = TypeVar("Key")


ClientKey = tuple[str, str, str]
"""Who asked: address or id, device, group; all "" where nothing may be told."""

AccountKey = tuple[int, int, int, int, int, str, bool, str, str, str, str]
"""The columns of `account` from qtype on, see `account_key`."""


@dataclass(frozen=True, slots=True)
class ValueKind(Generic[Key]):
    """How the values of one dictionary are stored.

    `columns` are all columns but id and seen, first the one that tells values apart; `stored`
    gives their contents for a value. At most `most` are remembered at once.
    """

    table: str
    columns: tuple[str, ...]
    stored: Callable[[Key], tuple[Any, ...]]
    most: int = MOST_REMEMBERED


def short_hash(text: str) -> int:
    """A number of 64 bits, as SQLite keeps them, that stands for a text in a small index. 0.7 µs.

    Two texts of one hash would be taken for one. By chance that needs billions of them, and
    nobody can choose a name that hides behind a given other one: hence no quicker checksum.
    """
    return _hash(text.encode("utf-8", "backslashreplace"))


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def _stored_name(wire_name: bytes) -> tuple[Any, ...]:
    text = to_text(wire_name)
    return (short_hash(text), text)


def _stored_client(key: ClientKey) -> tuple[Any, ...]:
    return (client_digest(key), *key)


def client_digest(key: ClientKey) -> int:
    """The number that stands for who asked in the index."""
    return short_hash("\n".join(key))


def _stored_account(key: AccountKey) -> tuple[Any, ...]:
    return (short_hash(repr(key)), *key)


NAMES: Final[ValueKind[bytes]] = ValueKind("name", ("digest", "text"), _stored_name)
CLIENTS: Final[ValueKind[ClientKey]] = ValueKind(
    "client", ("digest", "text", "device", "policy_group"), _stored_client
)
ACCOUNTS: Final[ValueKind[AccountKey]] = ValueKind(
    "account",
    (
        *("digest", "qtype", "rcode", "outcome", "list", "line", "rule", "allowed"),
        *("policy_group", "hop", "upstream", "detail"),
    ),
    _stored_account,
)


def answers_by(content: Mapping[bytes, tuple[bytes, bytes]]) -> ValueKind[bytes]:
    """How answers are stored, by what tells them apart: `content` has the records of those asked
    for."""

    def stored(apart: bytes) -> tuple[Any, ...]:
        answered, refused = content[apart]
        original = stored_answer(refused) if refused else None
        return (_hash(apart), stored_answer(answered), original)

    return ValueKind("answer", ("digest", "given", "original"), stored, most=MOST_ANSWERS)


def lists_by(source_of: Callable[[str], str]) -> ValueKind[str]:
    """How lists are stored, by what tells them apart whatever they are called."""
    return ValueKind("list", ("source", "name"), lambda name: (source_of(name), name))


def account_key(report: Report, list_id: int, rule: str, *, named: bool = True) -> AccountKey:
    """Everything of a report but name and answer; `rule` is the text of the rule that decided, in
    the list of that number. Without `named` nothing in it would tell the name.

    The group is that of who asks and stands with the client, which may be hidden: here it is "".
    """
    verdict = report.verdict
    if not named:
        return (
            *(report.qtype, report.rcode, int(verdict.outcome)),
            *(list_id, 0, "", verdict.allowed, "", "", verdict.upstream, ""),
        )
    return (
        *(report.qtype, report.rcode, int(verdict.outcome)),
        *(list_id, verdict.cause.line, rule, verdict.allowed, ""),
        *(verdict.hop, verdict.upstream, verdict.detail),
    )


class Dictionary(Generic[Key]):
    """The numbers of one kind of value; `ids` holds those that `learn` was asked for of late."""

    def __init__(self, kind: ValueKind[Key], last_id: int) -> None:
        self.ids: dict[Key, int] = {}
        self._kind = kind
        self._last_id = last_id

    @classmethod
    async def load(cls, database: Database, kind: ValueKind[Key]) -> Dictionary[Key]:
        """The dictionary of a database as it is now, with nothing remembered yet."""
        return cls(kind, await _last_number(database, kind.table))

    async def learn(self, database: Database, keys: Iterable[Key], hour: int) -> None:
        """Make `ids` know all of `keys`, within the open transaction.

        Values the database has are looked up, the others stored, all in few statements; each is
        marked as seen in `hour`, or later. To be forgotten if the transaction is undone.
        """
        missing = [key for key in keys if key not in self.ids]
        if not missing:
            return
        if len(self.ids) + len(missing) > self._kind.most:
            missing = list(keys)
            self.ids.clear()
        stored = {key: self._kind.stored(key) for key in missing}
        found = await self._find(database, [columns[0] for columns in stored.values()], hour)
        new: list[Any] = []
        for key, columns in stored.items():
            ident = found.get(columns[0])
            if ident is None:
                # Found from here on: of two values of one hash the table can take but one.
                ident = found[columns[0]] = self._last_id = self._last_id + 1
                new += (ident, hour, *columns)
            self.ids[key] = ident
        names = ("id", "seen", *self._kind.columns)
        head = f"INSERT INTO {self._kind.table} ({', '.join(names)})"
        await database.insert(head, len(names), new)

    def forget(self) -> None:
        """Forget what is remembered; nothing stored is lost."""
        self.ids.clear()

    async def _find(self, database: Database, values: list[Any], hour: int) -> dict[Any, int]:
        table, unique = self._kind.table, self._kind.columns[0]
        found: dict[Any, int] = {}
        outdated: list[int] = []
        for start in range(0, len(values), _PER_STATEMENT):
            part = padded(values[start : start + _PER_STATEMENT])
            for value, ident, seen in await database.rows(
                f"SELECT {unique}, id, seen FROM {table} WHERE {unique} IN ({_marks(part)})", part
            ):
                found[value] = ident
                if seen < hour:  # never back: what a clock that was ahead has stamped refers to it
                    outdated.append(ident)
        for start in range(0, len(outdated), _PER_STATEMENT):
            part = padded(outdated[start : start + _PER_STATEMENT])
            await database.rows(
                f"UPDATE {table} SET seen = ? WHERE id IN ({_marks(part)})", (hour, *part)
            )
        return found


class Answers(Dictionary[bytes]):
    """The numbers of answers, by what tells them apart."""

    def __init__(self, last_id: int) -> None:
        self._content: dict[bytes, tuple[bytes, bytes]] = {}
        super().__init__(answers_by(self._content), last_id)

    @classmethod
    async def load_all(cls, database: Database) -> Answers:
        """As `load`."""
        return cls(await _last_number(database, "answer"))

    async def learn_of(
        self, database: Database, reports: Iterable[Report], hour: int
    ) -> dict[Report, int]:
        """The numbers of the answers that these reports have, within the open transaction."""
        found = {}
        for report in reports:
            if apart := told_apart(report.answered, report.refused):
                found[report] = apart
                if apart not in self.ids:
                    self._content[apart] = (report.answered, report.refused)
        if len(self.ids) + len(self._content) > MOST_ANSWERS:  # then all are asked for anew
            self._content.update((found[each], (each.answered, each.refused)) for each in found)
        await self.learn(database, set(found.values()), hour)
        self._content.clear()
        return {report: self.ids[apart] for report, apart in found.items()}


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """All of a database."""

    names: Dictionary[bytes]
    clients: Dictionary[ClientKey]
    accounts: Dictionary[AccountKey]
    answers: Answers
    lists: Dictionary[str]

    @classmethod
    async def load(cls, database: Database, source_of: Callable[[str], str]) -> Dictionaries:
        """They as they are now; `source_of` says what tells lists apart."""
        return cls(
            await Dictionary.load(database, NAMES),
            await Dictionary.load(database, CLIENTS),
            await Dictionary.load(database, ACCOUNTS),
            await Answers.load_all(database),
            await Dictionary.load(database, lists_by(source_of)),
        )

    def forget(self) -> None:
        """Forget what is remembered of each."""
        for each in (self.names, self.clients, self.accounts, self.answers, self.lists):
            each.forget()


async def keep_numbers(database: Database) -> None:
    """Before values are deleted, note which numbers were given out, within the open transaction: a
    number that waits to be sent elsewhere must never be another value's."""
    for table in TABLES:
        await database.rows(
            f"INSERT INTO meta SELECT 'last {table}', coalesce(max(id), 0) FROM {table} WHERE true"
            " ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)"
        )


async def _last_number(database: Database, table: str) -> int:
    """The last number that was given out."""
    return int(
        await database.value(
            f"SELECT max(coalesce((SELECT max(id) FROM {table}), 0),"
            f" coalesce((SELECT value FROM meta WHERE key = 'last {table}'), 0))"
        )
    )


def _marks(values: list[Any]) -> str:
    return ",".join("?" * len(values))
