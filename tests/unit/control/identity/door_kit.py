"""A state and an identity with a clock that tests set, and hashes that cost nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from sinkhole.control.identity.identity import Identity
from sinkhole.control.identity.passwords import Cost, Passwords
from sinkhole.control.identity.sessions import SignedIn
from sinkhole.control.state.state import State
from sinkhole.model.errors import RequestError
from sinkhole.model.stamp import Stamp

CHEAP = Cost(2, 1, 1)
DAY_S = 86_400.0
HERE, HOME, ABROAD = "127.0.0.1", "192.0.2.7", "2001:db8:1::7"
PASSWORD = "correct horse"


class Time:
    """A clock of stamps; `boots` numbers the boots of the machine."""

    def __init__(self) -> None:
        self.boots, self.since_boot_s, self.wall_s = 1, 1000.0, 1_800_000_000.0

    def __call__(self) -> Stamp:
        return Stamp(f"boot {self.boots}", self.since_boot_s, self.wall_s)

    def pass_s(self, seconds: float) -> None:
        self.since_boot_s += seconds
        self.wall_s += seconds


class Door:
    """An identity, on a state in a folder."""

    def __init__(self, state: State, time: Time) -> None:
        self.state, self.time = state, time
        self.identity = Identity(state, now=time, passwords=Passwords(CHEAP))

    async def first(self, name: str = "Anna") -> SignedIn:
        return await self.identity.make_first(self.identity.first_code, name, PASSWORD, HERE)

    async def enter(
        self,
        name: str = "anna",
        password: str = PASSWORD,
        second: str = "",
        address: str = HOME,
        device: str = "",
    ) -> SignedIn:
        return await self.identity.sign_in(name, password, second, address, "Browser/1", device)


@asynccontextmanager
async def a_door(folder: Path, time: Time | None = None) -> AsyncIterator[Door]:
    state = await State.open(folder)
    door = Door(state, time or Time())
    try:
        yield door
    finally:
        await door.identity.close()
        await state.close()


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RequestError) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
