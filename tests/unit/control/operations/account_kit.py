"""A house of a state and an identity alone, and people in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bare_house import bare_house

from sinkhole.control.identity.identity import Identity
from sinkhole.control.identity.passwords import Cost, Passwords
from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.operations.house import House
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.state import State
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.errors import RequestError

PASSWORD = "correct horse"
ROOT = Actor("socket", "root", PERMISSIONS["admin"])
"""A user of the machine, who has no account."""


class People:
    """Whoever uses the operations of a house."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def do(self, name: str, actor: Actor, /, **given: Any) -> Any:
        operation = OPERATIONS[name]
        return await perform(operation, self.house, actor, operation.input(**given))

    def with_settings(self, settings: SettingsInForce) -> People:
        return People(replace(self.house, settings=settings))

    async def enter(self, name: str, password: str = PASSWORD, second: str = "") -> Actor:
        signed = await self.house.identity.sign_in(name, password, second, "192.0.2.7", "Browser")
        return signed.actor

    async def admin(self) -> Actor:
        await self.do("accounts.add", ROOT, name="Anna", password=PASSWORD, role="admin")
        return await self.enter("Anna")


@asynccontextmanager
async def some_people(folder: Path, config: Path | None = None) -> AsyncIterator[People]:
    state = await State.open(folder, config=config)
    identity = Identity(state, passwords=Passwords(Cost(2, 1, 1)))
    try:
        yield People(bare_house(state=state, identity=identity))
    finally:
        await identity.close()
        await state.close()


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RequestError) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
