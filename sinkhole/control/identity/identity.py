"""From a password, a cookie or a token to an actor; `state` keeps it, this decides.

Whatever is asked for every request (`of_session`, `of_token`) is answered from memory.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sinkhole.control.identity import from_environment
from sinkhole.control.identity.accounts import Accounts
from sinkhole.control.identity.first_code import FirstCode
from sinkhole.control.identity.lock_out import LockOut
from sinkhole.control.identity.passwords import Passwords
from sinkhole.control.identity.random_secret import digest, new_secret
from sinkhole.control.identity.second_factor import SecondFactor
from sinkhole.control.identity.sessions import Sessions, SignedIn
from sinkhole.control.identity.tokens import Tokens
from sinkhole.control.state.people import Account, folded
from sinkhole.control.state.state import State
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present
from sinkhole.model.status import Problem
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

__all__ = ["Identity", "SignedIn"]

WRITE_USES_S: Final = 60.0
"""How often it is stored at most when sessions and tokens were used last."""

MOST_PAIRS: Final = 64
"""Names and passwords that are remembered as right, those of programs that send them each time."""

_LONGEST_TRIED: Final = 64


class Identity:
    """Accounts, sessions and tokens of one state.

    `accounts`, `second_factor`, `sessions` and `tokens` are what operations work on; they check no
    permission.
    """

    def __init__(
        self,
        state: State,
        *,
        now: Callable[[], Stamp] = present,
        passwords: Passwords | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._people = state.people
        self._audit = state.audit
        self._now = now
        self._passwords = passwords or Passwords()
        self._lock_out = LockOut(lambda: now().since_boot_s)
        self._first_code = FirstCode()
        self._tasks = Tasks("identity", limit=1, faults=faults)
        self._written_at: Stamp | None = None
        self._pair_key = new_secret().encode()
        self._one_pair = asyncio.Lock()
        self._pairs: OrderedDict[bytes, tuple[int, str]] = OrderedDict()
        """Names and passwords that were right: the account, and its hash when they were."""
        self.problems: list[Problem] = []
        """What went wrong at the start, for people."""
        self.accounts = Accounts(state.people, self._passwords, lambda: now().wall_s)
        self.second_factor = SecondFactor(state.people, lambda: now().wall_s)
        self.sessions = Sessions(state.people, now)
        self.tokens = Tokens(state.people, now)

    async def start(self, environ: Mapping[str, str]) -> None:
        """Make the first account from the environment, where there is none and it says so."""
        if self.has_accounts:
            return
        problem = await from_environment.make_admin(self.accounts, environ)
        self.problems = [problem] if problem else []

    async def close(self) -> None:
        """Store when sessions and tokens were used last."""
        await self._tasks.close()
        await self._write_uses()

    @property
    def has_accounts(self) -> bool:
        """Whether anybody can sign in; without, this machine itself needs no account."""
        return bool(self._people.accounts)

    @property
    def first_code(self) -> str:
        """The one-time code for the first account, "" once there is one."""
        return "" if self.has_accounts else str(self._first_code)

    async def make_first(
        self, code: str, name: str, password: str, address: str, agent: str = ""
    ) -> SignedIn:
        """Make the first account, an admin; RequestError for a wrong code, or where there is one
        already."""
        if self.has_accounts:
            text = "there is an account already: sign in with it"
            raise RequestError("conflict", "not_the_first", text)
        counted = self._lock_out.begin(address, "")
        if not self._first_code.is_right(code):
            text = "that is not the code: the log of this start of sinkhole has it"
            raise RequestError("unauthenticated", "wrong_code", text)
        self._lock_out.take_back(counted)
        account = await self.accounts.add(name, password, "admin", only_first=True)
        return await self._begin(account, address, agent)

    @contextmanager
    def guessing(self, address: str) -> Iterator[None]:
        """Around what takes a code of another kind: who gives wrong ones waits, as for `sign_in`.
        RequestError ("too_many")."""
        counted = self._lock_out.begin(address, "")
        try:
            yield
        except RequestError as error:
            if error.kind != "unauthenticated":
                self._lock_out.take_back(counted)
            raise
        self._lock_out.take_back(counted)

    async def sign_in(
        self, name: str, password: str, second: str, address: str, agent: str, device: str = ""
    ) -> SignedIn:
        """A session for a name and a password, and a second factor where the account has one.

        `device` is the secret that an earlier session from there was given (`SignedIn.device`).
        RequestError: "unauthenticated" (code `wrong_credentials`, the same for an unknown name and
        as slow; `second_factor_needed`, `wrong_second_factor`), "too_many" (code `locked_out` or
        `busy`, `retry_after_s` in more).
        """
        wanted = self._people.named(name.strip())
        known = self.sessions.known_device(wanted, device)
        tried = folded(name.strip()[:_LONGEST_TRIED])
        counted = self._lock_out.begin(address, tried, digest(device) if known else "")
        try:
            account = await self._checked(wanted, password, second)
        except RequestError as error:
            if error.code in ("second_factor_needed", "busy"):
                self._lock_out.take_back(counted)
            raise
        self._lock_out.take_back(counted)
        return await self._begin(account, address, agent, device if known else "")

    async def confirm(self, account: Account, password: str, address: str) -> None:
        """That somebody who is signed in knows his password: RequestError ("forbidden", code
        `wrong_password`) where he does not, and "too_many" as for `sign_in`."""
        counted = self._lock_out.begin(address, folded(account.name), f"account {account.id}")
        try:
            imported = self.accounts.an_imported_hash()
            is_right = await self._passwords.verify(password, account.password, imported)
        except RequestError:  # it was not tried
            self._lock_out.take_back(counted)
            raise
        if not is_right:
            raise RequestError("forbidden", "wrong_password", "that is not the present password")
        self._lock_out.take_back(counted)

    def of_session(self, secret: str, address: str) -> Actor | None:
        """Who a cookie stands for, None for nobody; notes that the session was used."""
        return self._used(self.sessions.actor(secret, address))

    def of_token(self, secret: str, address: str) -> Actor | None:
        """Who a bearer token stands for, None for nobody; notes that it was used."""
        return self._used(self.tokens.actor(secret, address))

    async def of_password(self, name: str, password: str, address: str) -> Actor:
        """Who a name and a password stand for that come with each request, without a session.

        They are looked at once; as long as the account has that password, and no second factor,
        they count. RequestError as from `sign_in`: who has a second factor needs a token instead.
        """
        written = f"{name}\0{password}".encode("utf-8", "surrogatepass")
        pair = hmac.digest(self._pair_key, written, "sha256")
        account = self._remembered(pair)
        if account is None:
            async with self._one_pair:  # a house that polls asks for several things at once
                account = self._remembered(pair) or await self._tried(name, password, address)
                self._pairs[pair] = account.id, account.password
                if len(self._pairs) > MOST_PAIRS:
                    self._pairs.popitem(last=False)
        permissions = PERMISSIONS[account.role]
        return Actor("password", account.name, permissions, account=account.id, address=address)

    async def sign_out(self, actor: Actor) -> None:
        """End the session of an actor."""
        if actor.kind == "session":
            await self.sessions.end(actor.account, actor.id)

    def _remembered(self, pair: bytes) -> Account | None:
        """The account that a name and a password were right for, as far as they still are."""
        ident, stored = self._pairs.get(pair, (0, ""))
        account = self._people.accounts.get(ident)
        if account is None or account.password != stored or account.confirmed:
            self._pairs.pop(pair, None)
            return None
        self._pairs.move_to_end(pair)
        return account

    async def _tried(self, name: str, password: str, address: str) -> Account:
        wanted = self._people.named(name.strip())
        counted = self._lock_out.begin(address, folded(name.strip()[:_LONGEST_TRIED]))
        try:
            account = await self._checked(wanted, password, "")
        except RequestError as error:
            if error.code in ("second_factor_needed", "busy"):
                self._lock_out.take_back(counted)
            raise
        self._lock_out.take_back(counted)
        return self._people.accounts.get(account.id, account)

    async def _begin(
        self, account: Account, address: str, agent: str, device: str = ""
    ) -> SignedIn:
        """A session, which the audit keeps; not so what failed, as that would fill it."""
        signed_in = await self.sessions.begin(account, address, agent, device)
        await self._audit.note(signed_in.actor, "session.begin", {"agent": agent[:200]})
        return signed_in

    async def _checked(self, account: Account | None, password: str, second: str) -> Account:
        """The account that may come in; RequestError."""
        stored = account.password if account else ""
        imported = self.accounts.an_imported_hash()
        is_right = await self._passwords.verify(password, stored, imported)
        present = self._people.accounts.get(account.id) if account else None
        if not is_right or present is None or present.password != stored:
            text = "the name or the password is wrong"
            raise RequestError("unauthenticated", "wrong_credentials", text)
        if present.confirmed:
            present = await self._second_checked(present, second)
        if self._passwords.is_old(stored):
            try:
                await self.accounts.renew_hash(present, password)
            except (StorageError, RequestError) as error:
                log.info("the hash of a password could not be made anew: %s", error)
        return present

    async def _second_checked(self, account: Account, second: str) -> Account:
        if not second.strip():
            text = "this account has a second factor: give a code of your app, or for recovery"
            raise RequestError("unauthenticated", "second_factor_needed", text)
        spent = self.second_factor.spent(account, second)
        if spent is None:
            raise self.second_factor.wrong_code()
        await self._people.use_up(spent)
        return spent

    def _used(self, actor: Actor | None) -> Actor | None:
        now = self._now()
        if actor and (self._written_at is None or self._written_at.elapsed_s(now) >= WRITE_USES_S):
            self._written_at = now
            self._tasks.start("uses", self._write_uses())
        return actor

    async def _write_uses(self) -> None:
        try:
            await self._people.write_uses()
        except StorageError as error:
            log.info("when sessions and tokens were used last could not be stored: %s", error)
