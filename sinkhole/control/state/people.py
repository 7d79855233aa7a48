"""Accounts, sessions, devices and tokens as rows: all of them in memory, with the file behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from sinkhole.control.database import Database, Row
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.actor import ROLES, Permission, Role
from sinkhole.model.stamp import Stamp


class Account(NamedTuple):
    """A person who can sign in; `password` is a hash with its parameters.

    `secret` is that of the second factor in base32, "" without one; it counts when `confirmed`.
    `counter` is that of the last code taken, `recovery` has hashes of the codes not used yet.
    """

    id: int
    name: str
    role: Role
    password: str
    created: float
    secret: str = ""
    confirmed: bool = False
    counter: int = 0
    recovery: tuple[str, ...] = ()


class Session(NamedTuple):
    """Somebody who signed in; `digest` is the SHA-256 of the cookie's secret, in hex."""

    digest: str
    account: int
    address: str
    agent: str
    created: Stamp
    seen: Stamp

    @property
    def id(self) -> str:
        """By what people name it; no secret."""
        return self.digest[:16]


class Device(NamedTuple):
    """Something on which somebody has signed in before: `digest` as for sessions."""

    digest: str
    account: int
    seen: float


class Token(NamedTuple):
    """What lets a program in, for `lasts_s` from `created` on, or for good.

    `account` is its maker's, 0 where that is a user of the machine. `used` is when it was used
    last, by the wall clock, and `address` from where.
    """

    digest: str
    account: int
    name: str
    permissions: frozenset[Permission]
    created: Stamp
    lasts_s: float | None = None
    used: float | None = None
    address: str = ""

    @property
    def id(self) -> str:
        """By what people name it; no secret."""
        return self.digest[:16]


class Held(NamedTuple):
    """Who is signed in, and where from, at one moment."""

    accounts: Mapping[int, Account]
    sessions: Mapping[str, Session]
    devices: Mapping[str, Device]


_Row = TypeVar("_Row", Session, Device, Token)


def folded(name: str) -> str:
    """The name of an account as it is compared."""
    return name.casefold()


class People:
    """The rows of everybody who can come in; whoever reads the dicts must not change them.

    A session, a device or a code that is used up counts in memory even where it can't be stored:
    else nobody could sign in to a server whose disk is full, to do something about it.
    """

    def __init__(self, file: StateFile) -> None:
        self.accounts: dict[int, Account] = {}
        self.sessions: dict[str, Session] = {}
        self.devices: dict[str, Device] = {}
        self.tokens: dict[str, Token] = {}
        self._file = file
        self._used: dict[str, None] = {}

    async def load(self, database: Database) -> None:
        """Read everything from the file."""
        accounts = [_account(row) for row in await _all(database, "account", _ACCOUNT)]
        self.accounts = {each.id: each for each in accounts}
        sessions = [_session(row) for row in await _all(database, "session", _SESSION)]
        self.sessions = {each.digest: each for each in sessions}
        devices = [Device(*row) for row in await _all(database, "device", _DEVICE)]
        self.devices = {each.digest: each for each in devices}
        tokens = [_token(row) for row in await _all(database, "token", _TOKEN)]
        self.tokens = {each.digest: each for each in tokens}

    async def load_shared(self, database: Database) -> None:
        """Read what another sinkhole may have changed. Who has another password there, or no
        account any more, is signed out here."""
        before = self.accounts
        self.accounts = {
            each.id: each for each in map(_account, await _all(database, "account", _ACCOUNT))
        }
        tokens = map(_token, await _all(database, "token", _TOKEN))
        self.tokens = {each.digest: self._with_use(each) for each in tokens}
        gone = {
            number
            for number, each in before.items()
            if number not in self.accounts or self.accounts[number].password != each.password
        }
        for number in gone:
            self.sessions = _not_of(number, self.sessions)
            self.devices = _not_of(number, self.devices)
            for table in ("session", "device"):
                await database.rows(f"DELETE FROM {table} WHERE account = ?", (number,))

    def _with_use(self, token: Token) -> Token:
        """With what only memory knows of its use, where it is one that was there."""
        known = self.tokens.get(token.digest)
        return token if known is None else token._replace(used=known.used, address=known.address)

    def named(self, name: str) -> Account | None:
        """The account of a name, in any letter case."""
        wanted = folded(name)
        return next((each for each in self.accounts.values() if folded(each.name) == wanted), None)

    async def put_account(
        self, number: int, make: Callable[[Account | None], Account], *, keep: str | None = None
    ) -> Account:
        """Store a new account (`number` 0), or one in its new form; it with its number.

        `make` gets the account as it is, None where there is none, and may raise a RequestError:
        nobody changes anything between it and the change. With `keep` all of the account's devices
        are forgotten and its sessions end, but for that of this digest.
        """

        async def work(database: Database) -> Account:
            account = make(self.accounts.get(number))
            await database.rows(_PUT_ACCOUNT, _account_row(account))
            if keep is not None:
                await database.rows("DELETE FROM device WHERE account = ?", (number,))
                await database.rows(
                    "DELETE FROM session WHERE account = ? AND digest != ?", (number, keep)
                )
            made = int(await database.value("SELECT last_insert_rowid()"))
            return account._replace(id=account.id or made)

        def kept(stored: Account) -> None:
            self.accounts = {**self.accounts, stored.id: stored}
            if keep is not None:
                self.devices = _not_of(number, self.devices)
                ended = _not_of(number, self.sessions)
                self.sessions = {d: e for d, e in self.sessions.items() if d in ended or d == keep}

        return await self._file.write(work, kept)

    async def use_up(self, account: Account) -> None:
        """Keep which codes of an account were used; in memory at once, as none counts twice."""
        self.accounts = {**self.accounts, account.id: account}

        async def work(database: Database) -> None:
            await database.rows(
                "UPDATE account SET counter = ?, recovery = ? WHERE id = ?",
                (account.counter, packed(account.recovery), account.id),
            )

        await self._file.write_if_possible(work, lambda: None)

    async def remove_account(self, number: int, check: Callable[[], None]) -> None:
        """Forget an account with its sessions, devices and tokens.

        `check` may raise a RequestError: nobody changes anything between it and the change.
        """

        async def work(database: Database) -> None:
            check()
            await database.rows("DELETE FROM account WHERE id = ?", (number,))
            for table in ("session", "device", "token"):
                await database.rows(f"DELETE FROM {table} WHERE account = ?", (number,))

        def kept(_: None) -> None:
            self.accounts = {key: each for key, each in self.accounts.items() if key != number}
            self.sessions = _not_of(number, self.sessions)
            self.devices = _not_of(number, self.devices)
            self.tokens = _not_of(number, self.tokens)

        await self._file.write(work, kept)

    async def sign_in(
        self, session: Session, device: Device, gone: Iterable[str], old: Iterable[str]
    ) -> None:
        """Keep a new session and its device; `gone` are digests of sessions that end for it, `old`
        those of devices that are forgotten."""
        gone, old = list(gone), list(old)

        async def work(database: Database) -> None:
            await _delete(database, "session", gone)
            await _delete(database, "device", old)
            await database.rows(_put("session", 6), _session_row(session))
            await database.rows(_put("device", 3), device)

        def change() -> None:
            self.sessions = _without(self.sessions, gone) | {session.digest: session}
            self.devices = _without(self.devices, old) | {device.digest: device}

        await self._file.write_if_possible(work, change)

    def held(self) -> Held:
        """Who is signed in now, for `take_in`."""
        return Held(self.accounts, self.sessions, self.devices)

    async def take_in(self, before: Held) -> None:
        """Let those stay signed in who were before all rows were replaced, and still have the same
        account."""
        same = {
            number
            for number, account in before.accounts.items()
            if (now := self.accounts.get(number)) and now.created == account.created
        }
        sessions = {d: e for d, e in before.sessions.items() if e.account in same}
        devices = {d: e for d, e in before.devices.items() if e.account in same}

        async def work(database: Database) -> None:
            for session in sessions.values():
                await database.rows(_put("session", 6), _session_row(session))
            for device in devices.values():
                await database.rows(_put("device", 3), device)

        def change() -> None:
            self.sessions, self.devices = sessions, devices

        await self._file.write_if_possible(work, change)

    async def end_sessions(self, digests: Iterable[str], devices: Iterable[str] = ()) -> None:
        """End sessions, and forget devices, where there are such."""
        digests, devices = list(digests), list(devices)

        async def work(database: Database) -> None:
            await _delete(database, "session", digests)
            await _delete(database, "device", devices)

        def change() -> None:
            self.sessions = _without(self.sessions, digests)
            self.devices = _without(self.devices, devices)

        await self._file.write_if_possible(work, change)

    async def add_token(self, token: Token, check: Callable[[], None]) -> None:
        """Keep a new token; `check` as for `remove_account`."""

        async def work(database: Database) -> None:
            check()
            await database.rows(_put("token", 8), _token_row(token))

        def kept(_: None) -> None:
            self.tokens = {**self.tokens, token.digest: token}

        await self._file.write(work, kept)

    async def remove_token(self, digest: str) -> None:
        """Forget a token."""

        async def work(database: Database) -> None:
            await _delete(database, "token", [digest])

        def kept(_: None) -> None:
            self.tokens = _without(self.tokens, [digest])

        await self._file.write(work, kept)

    def use_session(self, session: Session, address: str, seen: Stamp) -> None:
        """Note in memory that a session is used; `write_uses` brings it to the disk."""
        self.sessions[session.digest] = session._replace(address=address, seen=seen)
        self._used[session.digest] = None

    def use_token(self, token: Token, address: str, used: float) -> None:
        """The same of a token."""
        self.tokens[token.digest] = token._replace(address=address, used=used)
        self._used[token.digest] = None

    async def write_uses(self) -> None:
        """Store what was used since the last time; StorageError, and then it waits."""
        used, self._used = self._used, {}
        sessions = [self.sessions[digest] for digest in used if digest in self.sessions]
        tokens = [self.tokens[digest] for digest in used if digest in self.tokens]

        async def work(database: Database) -> None:
            for session in sessions:
                row = (session.address, packed(session.seen), session.digest)
                await database.rows(
                    "UPDATE session SET address = ?, seen = ? WHERE digest = ?", row
                )
            for token in tokens:
                await database.rows(
                    "UPDATE token SET address = ?, used = ? WHERE digest = ?",
                    (token.address, token.used, token.digest),
                )

        if not used:
            return
        try:
            await self._file.write(work, lambda _: None)
        except BaseException:
            self._used = used | self._used
            raise


_ACCOUNT = "id, name, role, password, created, secret, confirmed, counter, recovery"
_SESSION = "digest, account, address, agent, created, seen"
_DEVICE = "digest, account, seen"
_TOKEN = "digest, account, name, permissions, created, lasts_s, used, address"


_CHANGED = [each for each in _ACCOUNT.split(", ") if each != "id"] + ["folded"]
_PUT_ACCOUNT = (  # never OR REPLACE: that would remove another one of the same name
    "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{each} = excluded.{each}" for each in _CHANGED)
)


async def _all(database: Database, table: str, columns: str) -> list[Row]:
    return await database.rows(f"SELECT {columns} FROM {table} ORDER BY 1")


def _put(table: str, width: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * width)})"


async def _delete(database: Database, table: str, digests: Sequence[str]) -> None:
    for digest in digests:
        await database.rows(f"DELETE FROM {table} WHERE digest = ?", (digest,))


def _not_of(account: int, known: dict[str, _Row]) -> dict[str, _Row]:
    return {digest: each for digest, each in known.items() if each.account != account}


def _without(known: dict[str, _Row], digests: Sequence[str]) -> dict[str, _Row]:
    gone = set(digests)
    return {digest: each for digest, each in known.items() if digest not in gone}


def _account_row(account: Account) -> Row:
    head = (account.id or None, account.name, folded(account.name))
    return (*head, *account[2:8], packed(account.recovery))


def _account(row: Row) -> Account:
    number, name, role, *first, confirmed, counter, recovery = row
    known = role if role in ROLES else "viewer"  # a later sinkhole may have had others
    codes = tuple(map(str, json.loads(recovery)))
    return Account._make([number, str(name), known, *first, bool(confirmed), int(counter), codes])


def _session_row(session: Session) -> Row:
    return (*session[:4], packed(session.created), packed(session.seen))


def _session(row: Row) -> Session:
    *first, created, seen = row
    return Session._make([*first, stamp_of(created), stamp_of(seen)])


def _token_row(token: Token) -> Row:
    may, created = packed(sorted(token.permissions)), packed(token.created)
    return (*token[:3], may, created, *token[5:])


def _token(row: Row) -> Token:
    digest, account, name, permissions, created, *rest = row
    known = {str(each) for each in Permission}  # a later sinkhole may have had more
    may = frozenset(Permission(each) for each in json.loads(permissions) if each in known)
    return Token(digest, account, name, may, stamp_of(created), *rest)
