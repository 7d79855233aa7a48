"""Accounts of others, and what everybody did: for who looks after the house."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sinkhole.control.identity.accounts import LONGEST_NAME
from sinkhole.control.identity.passwords import LONGEST
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.state.audit import WantedEntries
from sinkhole.control.state.people import Account, Session
from sinkhole.model.actor import Actor, Permission, Role
from sinkhole.model.errors import RequestError

MOST_ENTRIES = 500
"""Entries of the audit a page."""

Name = Annotated[str, Field(max_length=4 * LONGEST_NAME, description="In any letter case.")]
NewPassword = Annotated[
    str, Field(max_length=4 * LONGEST, repr=False, description="8 to 1024 characters.")
]


class NamedAccount(Input):
    """Which account."""

    name: Name


class NewAccount(Input):
    """An account that is to be made."""

    name: Name
    password: NewPassword
    role: Role | None = Field(
        default=None, description="Without one, the first account is an admin, others are viewers."
    )


class RoleChange(Input):
    """Which role an account is to have."""

    name: Name
    role: Role


class PasswordChange(Input):
    """Which password an account is to have."""

    name: Name
    password: NewPassword


class AccountEntry(Output):
    """An account; times are in seconds since 1970."""

    name: str
    role: Role
    created: float
    signed_in: float | None = Field(
        description="When somebody signed in to it last; null for never, or not since it was "
        "signed out everywhere."
    )
    second_factor: bool
    recovery_codes: int = Field(description="How many are left.")
    sessions: int
    tokens: int

    @classmethod
    def of(cls, house: House, account: Account) -> AccountEntry:
        """As people are shown it."""
        tokens = [each for each in house.identity.tokens.all() if each.account == account.id]
        return cls(
            name=account.name,
            role=account.role,
            created=account.created,
            signed_in=house.identity.sessions.signed_in_last(account.id),
            second_factor=account.confirmed,
            recovery_codes=len(account.recovery),
            sessions=len(house.identity.sessions.of(account.id)),
            tokens=len(tokens),
        )


class AccountList(Output):
    """Every account, the oldest first."""

    accounts: list[AccountEntry]


class AccountSession(Output):
    """Somewhere an account is signed in; times are in seconds since 1970."""

    id: str
    address: str = Field(description="From where it was used last.")
    agent: str = Field(description="What the browser said that it is.")
    created: float
    seen: float

    @classmethod
    def of(cls, session: Session) -> AccountSession:
        """As people are shown it."""
        return cls(
            id=session.id,
            address=session.address,
            agent=session.agent,
            created=session.created.wall_s,
            seen=session.seen.wall_s,
        )


class AccountSessions(Output):
    """Where an account is signed in, the session used last first."""

    sessions: list[AccountSession]


class SessionOfAccount(NamedAccount):
    """Which session of which account."""

    id: str = Field(max_length=64)


class SignedOut(Output):
    """How many sessions ended."""

    sessions: int


@operation("accounts.list", Permission.ACCOUNTS_WRITE)
async def show(house: House, actor: Actor, given: Nothing) -> AccountList:
    """List the accounts of people who can sign in."""
    known = house.identity.accounts.all()
    return AccountList(accounts=[AccountEntry.of(house, each) for each in known])


@operation(
    "accounts.add",
    Permission.ACCOUNTS_WRITE,
    changes=True,
    audited=frozenset({"name", "role"}),
)
async def add(house: House, actor: Actor, given: NewAccount) -> AccountEntry:
    """Make an account for somebody.

    A viewer sees everything but what concerns accounts; an operator also switches the filter, and
    changes lists and rules; an admin may do anything. Once there is an account, this machine itself
    needs one as well, so the first can only be an admin.
    """
    is_first = not house.identity.has_accounts
    if is_first and given.role not in (None, "admin"):
        text = "the first account is an admin: else nobody could look after the others"
        raise RequestError("conflict", "first_is_admin", text)
    role = given.role or ("admin" if is_first else "viewer")
    account = await house.identity.accounts.add(given.name, given.password, role)
    return AccountEntry.of(house, account)


@operation("accounts.remove", Permission.ACCOUNTS_WRITE, changes=True)
async def remove(house: House, actor: Actor, given: NamedAccount) -> Done:
    """Remove an account, with its sessions and the tokens that it has made.

    The only admin can't be removed.
    """
    await house.identity.accounts.remove(given.name)
    return Done()


@operation("accounts.set_role", Permission.ACCOUNTS_WRITE, changes=True)
async def set_role(house: House, actor: Actor, given: RoleChange) -> AccountEntry:
    """Give an account another role, which its sessions feel at once.

    Its tokens may never do more than it may itself. The only admin stays one.
    """
    account = await house.identity.accounts.set_role(given.name, given.role)
    return AccountEntry.of(house, account)


@operation(
    "accounts.set_password",
    Permission.ACCOUNTS_WRITE,
    changes=True,
    audited=frozenset({"name"}),
)
async def set_password(house: House, actor: Actor, given: PasswordChange) -> Done:
    """Give somebody else another password, which signs that account out everywhere.

    For one's own there is `own.set_password`, which asks for the present one.
    """
    account = house.identity.accounts.named(given.name)
    if actor.account == account.id:
        text = "this is your own account: give the present password too, with own.set_password"
        raise RequestError("forbidden", "own_account", text)
    await house.identity.accounts.set_password(account, given.password)
    return Done()


@operation("accounts.sessions", Permission.ACCOUNTS_WRITE)
async def sessions(house: House, actor: Actor, given: NamedAccount) -> AccountSessions:
    """List where an account is signed in."""
    account = house.identity.accounts.named(given.name)
    found = house.identity.sessions.of(account.id)
    return AccountSessions(sessions=[AccountSession.of(each) for each in found])


@operation("accounts.end_session", Permission.ACCOUNTS_WRITE, changes=True)
async def end_session(house: House, actor: Actor, given: SessionOfAccount) -> Done:
    """End one session of an account."""
    account = house.identity.accounts.named(given.name)
    await house.identity.sessions.end(account.id, given.id)
    return Done()


@operation("accounts.sign_out", Permission.ACCOUNTS_WRITE, changes=True)
async def sign_out(house: House, actor: Actor, given: NamedAccount) -> SignedOut:
    """End all sessions of an account."""
    account = house.identity.accounts.named(given.name)
    return SignedOut(sessions=await house.identity.sessions.end_all(account.id))


@operation("accounts.second_factor_off", Permission.ACCOUNTS_WRITE, changes=True)
async def second_factor_off(house: House, actor: Actor, given: NamedAccount) -> Done:
    """Give up the second factor of somebody who has lost it.

    For one's own there is `own.second_factor_off`, which asks for the password.
    """
    account = house.identity.accounts.named(given.name)
    if actor.account == account.id:
        text = "this is your own account: give the password too, with own.second_factor_off"
        raise RequestError("forbidden", "own_account", text)
    await house.identity.second_factor.disable(account)
    return Done()


class AuditPage(Input):
    """Which entries of the audit."""

    cursor: int | None = Field(
        default=None, ge=1, lt=1 << 63, description="`next` of the page before."
    )
    limit: int = Field(default=100, ge=1, le=MOST_ENTRIES)
    actor: str = Field(default="", max_length=200, description="Only what this one did.")
    operation: str = Field(
        default="",
        max_length=100,
        description="Only this operation, or those that begin so, such as `settings.`.",
    )
    failed: bool = Field(default=False, description="Only what failed.")


class AuditLine(Output):
    """Something that was done, or tried: `error` is then why it failed.

    `given` is what was asked for, without secrets. `time` is in seconds since 1970.
    """

    id: int
    time: float
    actor: str
    kind: str = Field(description="How the actor proved who it is, such as `session` or `token`.")
    address: str
    operation: str
    given: dict[str, Any]
    error: str


class AuditEntries(Output):
    """Entries, the newest first; `next` is the cursor of the following page, null on the last."""

    entries: list[AuditLine]
    next: int | None


@operation("audit.list", Permission.ACCOUNTS_WRITE)
async def audit(house: House, actor: Actor, given: AuditPage) -> AuditEntries:
    """Show who changed what, and when: a year of it, 10,000 entries at most."""
    wanted = WantedEntries(given.actor.strip(), given.operation.strip(), failed=given.failed)
    found = await house.state.audit.entries(given.limit + 1, given.cursor, wanted)
    page = found[: given.limit]
    return AuditEntries(
        entries=[AuditLine(**each._asdict()) for each in page],
        next=page[-1].id if len(found) > given.limit else None,
    )
