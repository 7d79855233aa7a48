"""Accounts: made, changed and removed; there is always an admin left."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from sinkhole.control.identity.imported_hashes import is_imported
from sinkhole.control.identity.passwords import Passwords, complaint
from sinkhole.control.state.people import Account, People
from sinkhole.model.actor import Role
from sinkhole.model.errors import RequestError

LONGEST_NAME: Final = 64
MOST_ACCOUNTS: Final = 100


class Accounts:
    """The accounts of one state; every method raises StorageError where nothing can be stored."""

    def __init__(self, people: People, passwords: Passwords, clock: Callable[[], float]) -> None:
        self._people = people
        self._passwords = passwords
        self._clock = clock

    def all(self) -> list[Account]:
        """Every account, the oldest first."""
        return list(self._people.accounts.values())

    def an_imported_hash(self) -> str:
        """The hash of some account that another program made, "" where all are ours."""
        hashes = (each.password for each in self._people.accounts.values())
        return next(filter(is_imported, hashes), "")

    def named(self, name: str) -> Account:
        """The account of a name, in any letter case; RequestError ("not_found") without."""
        found = self._people.named(_normal(name))
        if found is None:
            raise RequestError("not_found", "no_such_account", f"there is no account {name!r}")
        return found

    def of(self, number: int) -> Account:
        """The account of a number; RequestError ("not_found") without."""
        found = self._people.accounts.get(number)
        if found is None:
            raise RequestError("not_found", "no_such_account", "there is no such account any more")
        return found

    async def add(
        self, name: str, password: str, role: Role, *, only_first: bool = False
    ) -> Account:
        """Make an account; RequestError for a name or password that won't do.

        With `only_first`, "conflict" (code `not_the_first`) where there is any.
        """
        name = checked_name(name)
        check_password(password, name)
        hashed = await self._passwords.hash(password)
        return await self._put_new(name, hashed, role, only_first=only_first)

    async def add_imported(self, name: str, hashed: str, role: Role) -> Account:
        """Make an account with a hash that another program made of its password; RequestError."""
        self.check_imported(name, hashed)
        return await self._put_new(checked_name(name), hashed, role)

    def check_imported(self, name: str, hashed: str) -> None:
        """RequestError where no such account can be made."""
        if not is_imported(hashed):
            text = "the password is kept in a way that is not known here, or too dear to check"
            raise RequestError("invalid", "bad_password", text)
        self._check_free(checked_name(name))

    async def _put_new(
        self, name: str, hashed: str, role: Role, *, only_first: bool = False
    ) -> Account:
        def make(_: Account | None) -> Account:
            known = self._people.accounts
            if only_first and known:
                text = "there is an account already: sign in with it"
                raise RequestError("conflict", "not_the_first", text)
            self._check_free(name)
            return Account(0, name, role, hashed, self._clock())

        return await self._people.put_account(0, make)

    def _check_free(self, name: str) -> None:
        if self._people.named(name) is not None:
            text = f"there is an account {name!r} already: choose another name"
            raise RequestError("conflict", "name_is_taken", text)
        if len(self._people.accounts) >= MOST_ACCOUNTS:
            text = f"there are {MOST_ACCOUNTS} accounts already: remove one first"
            raise RequestError("conflict", "too_many_accounts", text)

    async def remove(self, name: str) -> None:
        """Remove an account, and with it its sessions and the tokens that it has made."""
        account = self.named(name)
        await self._people.remove_account(account.id, lambda: self._check_last(account.id))

    async def set_role(self, name: str, role: Role) -> Account:
        """Give an account another role; what its tokens may is never more than it may itself."""
        number = self.named(name).id

        def make(known: Account | None) -> Account:
            account = self._present(known)
            if role != "admin":
                self._check_last(number)
            return account._replace(role=role)

        return await self._people.put_account(number, make)

    async def set_password(self, account: Account, password: str, keep: str = "") -> Account:
        """Give an account another password. All its sessions end, but for that of the digest
        `keep`, and its devices are strangers again."""
        check_password(password, account.name)
        return await self._rehash(account.id, password, keep)

    async def renew_hash(self, account: Account, password: str) -> None:
        """Make the hash of a password that is right anew, at the cost of today."""
        hashed = await self._passwords.hash(password)

        def make(known: Account | None) -> Account:
            present = self._present(known)
            is_same = present.password == account.password
            return present._replace(password=hashed) if is_same else present

        await self._people.put_account(account.id, make)

    async def _rehash(self, number: int, password: str, keep: str) -> Account:
        hashed = await self._passwords.hash(password)

        def make(known: Account | None) -> Account:
            return self._present(known)._replace(password=hashed)

        return await self._people.put_account(number, make, keep=keep)

    def _present(self, account: Account | None) -> Account:
        return self.of(0 if account is None else account.id)

    def _check_last(self, number: int) -> None:
        account = self.of(number)
        others = [each for each in self.all() if each.id != number]
        if account.role == "admin" and not any(each.role == "admin" for each in others):
            text = f"{account.name} is the only admin: make another one first"
            raise RequestError("conflict", "last_admin", text)


def checked_name(name: str) -> str:
    """A name for an account as it is stored; RequestError ("invalid") for what won't do."""
    name = _normal(name)
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        text = f"a name has 1 to {LONGEST_NAME} characters that can be seen"
        raise RequestError("invalid", "bad_name", text)
    return name


def check_password(password: str, name: str) -> None:
    """RequestError ("invalid", `bad_password`) for a new password that won't do."""
    if wrong := complaint(password, name):
        raise RequestError("invalid", "bad_password", wrong)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
