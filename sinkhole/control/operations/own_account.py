"""One's own account: password, sessions, second factor."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sinkhole.control.identity.passwords import LONGEST
from sinkhole.control.operations.accounts import (
    AccountEntry,
    AccountSession,
    NewPassword,
    SignedOut,
)
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.state.people import Account
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError

Password = Annotated[
    str, Field(max_length=4 * LONGEST, repr=False, description="The present password.")
]


class OwnPasswordChange(Input):
    """The present password, and the one that is to take its place."""

    password: Password
    new_password: NewPassword


class OwnPassword(Input):
    """The present password, for what a session that somebody left open must not do."""

    password: Password


class SessionId(Input):
    """Which session."""

    id: str = Field(max_length=64)


class Code(Input):
    """A code that the app shows."""

    code: str = Field(max_length=64, repr=False)


class OwnSession(AccountSession):
    """Somewhere one is signed in; times are in seconds since 1970."""

    current: bool


class OwnSessions(Output):
    """Where one is signed in, the session used last first."""

    sessions: list[OwnSession]


class Enrolled(Output):
    """For an app that shows codes: `uri` is for a QR code, `secret` the same to be typed."""

    secret: str
    uri: str


class RecoveryCodes(Output):
    """Each does once in place of a code of the app. They are shown now and never again."""

    codes: list[str]


def _own(house: House, actor: Actor) -> Account:
    """The actor's account; RequestError ("conflict") where he has none."""
    if not actor.account:
        text = f"{actor.name} has no account here: name one, with the operations of accounts"
        raise RequestError("conflict", "no_own_account", text)
    return house.identity.accounts.of(actor.account)


async def _confirmed(house: House, actor: Actor, password: str) -> Account:
    account = _own(house, actor)
    await house.identity.confirm(account, password, actor.address)
    return house.identity.accounts.of(account.id)


@operation("own.show", Permission.OWN_ACCOUNT)
async def show(house: House, actor: Actor, given: Nothing) -> AccountEntry:
    """Show one's own account."""
    return AccountEntry.of(house, _own(house, actor))


@operation("own.set_password", Permission.OWN_ACCOUNT, changes=True, audited=frozenset())
async def set_password(house: House, actor: Actor, given: OwnPasswordChange) -> Done:
    """Change one's own password, which ends all other sessions of this account."""
    account = await _confirmed(house, actor, given.password)
    keep = house.identity.sessions.digest_of(actor)
    await house.identity.accounts.set_password(account, given.new_password, keep)
    return Done()


@operation("own.sessions", Permission.OWN_ACCOUNT)
async def sessions(house: House, actor: Actor, given: Nothing) -> OwnSessions:
    """List where one is signed in."""
    found = house.identity.sessions.of(_own(house, actor).id)
    return OwnSessions(
        sessions=[
            OwnSession(
                **AccountSession.of(each).model_dump(),
                current=actor.kind == "session" and each.id == actor.id,
            )
            for each in found
        ]
    )


@operation("own.end_session", Permission.OWN_ACCOUNT, changes=True)
async def end_session(house: House, actor: Actor, given: SessionId) -> Done:
    """End one of one's own sessions."""
    await house.identity.sessions.end(_own(house, actor).id, given.id)
    return Done()


@operation("own.sign_out_everywhere", Permission.OWN_ACCOUNT, changes=True)
async def sign_out_everywhere(house: House, actor: Actor, given: Nothing) -> SignedOut:
    """End all of one's own sessions, this one as well."""
    account = _own(house, actor)
    return SignedOut(sessions=await house.identity.sessions.end_all(account.id))


@operation("own.second_factor_begin", Permission.OWN_ACCOUNT, changes=True, audited=frozenset())
async def second_factor_begin(house: House, actor: Actor, given: OwnPassword) -> Enrolled:
    """Get a secret for an app that shows codes; it counts once a code of it is confirmed."""
    account = await _confirmed(house, actor, given.password)
    enrolment = await house.identity.second_factor.enrol(account)
    return Enrolled(secret=enrolment.secret, uri=enrolment.uri)


@operation("own.second_factor_confirm", Permission.OWN_ACCOUNT, changes=True, audited=frozenset())
async def second_factor_confirm(house: House, actor: Actor, given: Code) -> RecoveryCodes:
    """Switch the second factor on, by a code that the app shows now."""
    codes = await house.identity.second_factor.confirm(_own(house, actor), given.code)
    return RecoveryCodes(codes=codes)


@operation("own.second_factor_off", Permission.OWN_ACCOUNT, changes=True, audited=frozenset())
async def second_factor_off(house: House, actor: Actor, given: OwnPassword) -> Done:
    """Give up one's own second factor, with its recovery codes."""
    account = await _confirmed(house, actor, given.password)
    await house.identity.second_factor.disable(account)
    return Done()


@operation("own.recovery_codes", Permission.OWN_ACCOUNT, changes=True, audited=frozenset())
async def recovery_codes(house: House, actor: Actor, given: OwnPassword) -> RecoveryCodes:
    """Get new recovery codes, in place of those there are."""
    account = await _confirmed(house, actor, given.password)
    return RecoveryCodes(codes=await house.identity.second_factor.renew_recovery(account))
