"""Tokens, by which programs come in: listed, made, removed.

People have their own ones; who may change accounts sees and removes those of everybody. No token
makes another.
"""

from __future__ import annotations

from pydantic import Field

from sinkhole.control.identity.tokens import LONGEST_NAME, LONGEST_S
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.state.people import Token
from sinkhole.model.actor import Actor, Permission


class TokenRequest(Input):
    """A token that is to be made."""

    name: str = Field(max_length=LONGEST_NAME, examples=["Home Assistant"])
    permissions: list[Permission] = Field(min_length=1, max_length=100)
    lasts_s: float | None = Field(
        default=None, gt=0, le=LONGEST_S, description="Seconds until it ends; null for good."
    )


class WantedToken(Input):
    """Which token."""

    token: str = Field(max_length=4 * LONGEST_NAME, description="Its id, or a name that is unique.")


class TokenEntry(Output):
    """A token without its secret; times are in seconds since 1970."""

    id: str
    name: str
    made_by: str = Field(description='The account that made it; "" for a user of the machine.')
    permissions: list[Permission]
    may: list[Permission] = Field(description="Less where who made it may do less now.")
    created: float
    left_s: float | None = Field(description="Seconds until it ends, 0 if it has; null for good.")
    used: float | None = Field(description="When it was used last; null for never.")
    address: str = Field(description='From where; "" for nowhere yet.')

    @classmethod
    def of(cls, house: House, token: Token) -> TokenEntry:
        """As people are shown it."""
        tokens = house.identity.tokens
        makers = {each.id: each.name for each in house.identity.accounts.all()}
        return cls(
            id=token.id,
            name=token.name,
            made_by=makers.get(token.account, ""),
            permissions=sorted(token.permissions),
            may=sorted(tokens.may(token)),
            created=token.created.wall_s,
            left_s=tokens.left_s(token),
            used=token.used,
            address=token.address,
        )


class TokenList(Output):
    """Tokens, in the order of their names."""

    tokens: list[TokenEntry]


class MadeToken(Output):
    """A new token. `secret` is shown now and never again: it goes into `Authorization: Bearer`."""

    secret: str
    token: TokenEntry


def _seen(house: House, actor: Actor) -> list[Token]:
    """The tokens that concern an actor."""
    known = house.identity.tokens.all()
    if actor.may(Permission.ACCOUNTS_WRITE):
        return known
    return [each for each in known if each.account == actor.account]


@operation("tokens.list", Permission.OWN_ACCOUNT)
async def show(house: House, actor: Actor, given: Nothing) -> TokenList:
    """List tokens: one's own, and for who may change accounts those of everybody."""
    return TokenList(tokens=[TokenEntry.of(house, each) for each in _seen(house, actor)])


@operation("tokens.add", Permission.OWN_ACCOUNT, changes=True)
async def add(house: House, actor: Actor, given: TokenRequest) -> MadeToken:
    """Make a token for a program.

    It can't do what its maker can't, now or later, and is gone with the account that made it.
    """
    made = await house.identity.tokens.add(given.name, given.permissions, given.lasts_s, actor)
    return MadeToken(secret=made.secret, token=TokenEntry.of(house, made.token))


@operation("tokens.remove", Permission.OWN_ACCOUNT, changes=True)
async def remove(house: House, actor: Actor, given: WantedToken) -> TokenEntry:
    """Remove a token: what uses it is let in no more, at once."""
    token = house.identity.tokens.found(given.token, _seen(house, actor))
    entry = TokenEntry.of(house, token)
    await house.identity.tokens.remove(token)
    return entry
