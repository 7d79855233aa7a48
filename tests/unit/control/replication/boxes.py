"""Sinkholes with a state of their own that share it: for the tests of this room.

async with a_box(tmp_path / "attic", hub) as attic:
    await attic.settings.change([Change("cache.size", value="3MiB")], ANNA)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sinkhole.control.replication.entries import SETTINGS_KINDS
from sinkhole.control.replication.replica import OpenHub, Replica
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.people import Account, Token
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.model.actor import SERVER, Actor, Permission
from sinkhole.model.stamp import present
from sinkhole.model.tasks import Tasks

ANNA: Final = Actor("session", "anna", SERVER.permissions)
LIMIT_S: Final = 60.0
"""How long a test waits for what must happen."""


class Box:
    """One of them. `applied` are the settings that were put in force, in order."""

    def __init__(self, state: State, settings: SettingsInForce) -> None:
        self.state = state
        self.settings = settings
        self.applied: list[Settings] = []
        self.paused: list[int] = []
        self.protection = Protection(state, self._on_pauses)
        self.rules = TemporaryRules(state, self._on_rules)
        self.replica: Replica | None = None
        self._following = Tasks("following", limit=1)

    def follow(self, hub: OpenHub) -> None:
        self.replica = Replica(self.state, hub, self._merged)
        self._following.keep("following", self.replica.run)

    async def unfollow(self) -> None:
        await self._following.close()

    async def joined(self, revision: int = 0) -> None:
        """Wait until it has a revision."""
        await until(lambda: self._has(revision))

    async def add_account(self, name: str, number: int = 0) -> Account:
        def make(_: Account | None) -> Account:
            return Account(number, name, "admin", "hash of " + name, 1.5)

        return await self.state.people.put_account(number, make)

    async def add_token(self, digest: str) -> None:
        token = Token(digest, 0, "backup", frozenset({Permission.LOG_READ}), present())
        await self.state.people.add_token(token, lambda: None)

    def _has(self, revision: int) -> bool:
        status = self.replica.status if self.replica is not None else None
        return status is not None and status.is_reached and status.revision >= revision

    async def _merged(self, kinds: frozenset[str]) -> None:
        if kinds & SETTINGS_KINDS:
            await self.settings.take_stored()
        if "pause" in kinds:
            await self.protection.start()
        if "rule" in kinds:
            await self.rules.start()

    async def _apply(self, settings: Settings, *, patient: bool = False) -> list[str]:
        self.applied.append(settings)
        return []

    async def _on_pauses(self, pauses: Any) -> None:
        self.paused.append(len(pauses))

    async def _on_rules(self, texts: Any) -> None: ...


@asynccontextmanager
async def a_box(folder: Path, hub: OpenHub | None = None, text: str = "") -> AsyncIterator[Box]:
    """A box with the settings file `text`; with `hub` it follows that, and has joined."""
    config = _written(folder, text)
    state = await State.open(folder)
    settings = SettingsInForce(config, {"SINKHOLE__DATA_DIR": str(folder)}, state)
    await settings.load()
    box = Box(state, settings)
    settings.apply = box._apply
    await box.protection.start()
    await box.rules.start()
    try:
        if hub is not None:
            box.follow(hub)
            await box.joined()
        yield box
    finally:
        await box.unfollow()
        await box.protection.close()
        await box.rules.close()
        await settings.close()
        await state.close()


def _written(folder: Path, text: str) -> Path:
    (folder / "lists").mkdir(parents=True, exist_ok=True)
    (folder / "lists" / "starter-txt-block-0.json").write_text("{}")  # no new server
    config = folder / "sinkhole.yaml"
    config.write_text(text)
    return config


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():
            await asyncio.sleep(0.005)
