"""A pair of sinkholes: made by a one-time code, looked at, taken over, ended."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.model.actor import Actor, Permission


class PairStatus(Output):
    """The pair of this sinkhole, if it has one."""

    is_paired: bool
    is_first: bool = Field(
        description="Whether this is the one that is written to; the other one follows it."
    )
    name: str = Field(description='What the other one is called; "" without a pair.')
    url: str = Field(description='Where its page is; "" while that is not known.')
    term: int = Field(description="Rises whenever the other one becomes the first.")
    is_reached: bool = Field(description="Whether the two have a word with each other.")
    is_behind: bool = Field(description="Whether the second may not have all there is.")
    heard_s: float | None = Field(
        description="Seconds since the other one was heard of; null for not since the start."
    )
    revision: int = Field(description="The last revision of what both share that is here.")
    code_left_s: float = Field(description="Seconds for which a one-time code counts; 0 for none.")


class PairingOffer(Output):
    """A one-time code, shown now and never again: it goes to `sinkhole pair` on the other one."""

    code: str
    left_s: float = Field(description="Seconds until it counts no more.")


class PairRequest(Input):
    """Which sinkhole is to be followed."""

    url: str = Field(max_length=300, examples=["http://nas.home:8080"])
    code: str = Field(max_length=100, description="The code that was made there.")
    fingerprint: Annotated[
        str, Field(pattern=r"^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})?$")
    ] = Field(
        default="",
        description="The SHA-256 of its certificate in hex, where no authority vouches for it.",
    )


@operation("pairing.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> PairStatus:
    """Show with whom this sinkhole is paired, and how that goes."""
    return _status(house)


@operation("pairing.offer", Permission.ACCOUNTS_WRITE, changes=True)
async def offer(house: House, actor: Actor, given: Nothing) -> PairingOffer:
    """Make a one-time code for another sinkhole, which then follows this one.

    It counts for ten minutes, once, and for five tries.
    """
    pairing = house.pairing()
    code = pairing.offer()
    return PairingOffer(code=code, left_s=pairing.code.left_s)


@operation("pairing.join", Permission.ACCOUNTS_WRITE, changes=True, audited=frozenset({"url"}))
async def join(house: House, actor: Actor, given: PairRequest) -> PairStatus:
    """Follow another sinkhole, which has made a code.

    Its settings, accounts and tokens take the place of those here, of which a backup is made;
    settings of the machine itself stay.
    """
    pin = given.fingerprint.replace(":", "").lower()
    await house.pairing().join(given.url, given.code, pin)
    return _status(house)


@operation("pairing.take_over", Permission.ACCOUNTS_WRITE, changes=True)
async def take_over(house: House, actor: Actor, given: Nothing) -> PairStatus:
    """Make this the sinkhole that is written to: the other one follows once it hears of it."""
    await house.pairing().take_over()
    return _status(house)


@operation("pairing.end", Permission.ACCOUNTS_WRITE, changes=True)
async def end(house: House, actor: Actor, given: Nothing) -> PairStatus:
    """End the pair: both go on with what they have."""
    await house.pairing().end()
    return _status(house)


def _status(house: House) -> PairStatus:
    pairing = house.pairing()
    paired = pairing.paired
    return PairStatus(
        is_paired=paired is not None,
        is_first=paired is not None and paired.is_first,
        name=paired.name if paired else "",
        url=paired.url if paired else "",
        term=paired.term if paired else 0,
        is_reached=pairing.is_reached,
        is_behind=paired is not None and pairing.is_behind,
        heard_s=pairing.heard_s,
        revision=pairing.revision,
        code_left_s=pairing.code.left_s,
    )
