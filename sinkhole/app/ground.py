"""What stands before anything else of a server: its data folder, the state in it, the settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from sinkhole.app.data_dir import DataDir
from sinkhole.control.settings import Settings, load_written
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.state import State
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults

log = logging.getLogger(__name__)


class Ground:
    """The folder held, the state open, and the settings in force loaded, until `close`."""

    def __init__(
        self, folder: DataDir, state: State, settings: SettingsInForce, environ: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.state = state
        self.settings = settings
        self.environ = environ

    @classmethod
    async def take(
        cls, config: Path | None, environ: Mapping[str, str], faults: Faults | None = None
    ) -> Ground:
        """Of a settings file and the environment, which say where the folder is.

        Raises SettingsError for mistakes in the two, and where the folder can't be had; whatever is
        wrong with the state is among its problems.
        """
        written = await asyncio.to_thread(load_written, config, environ)
        ground = await cls._hold(written, config, environ, faults or Faults())
        try:
            await ground.settings.load()
        except BaseException:
            await ground.close()
            raise
        return ground

    @classmethod
    async def of(cls, settings: Settings, faults: Faults | None = None) -> Ground:
        """Of settings that come from no file and are in force as they are."""
        ground = await cls._hold(settings, None, {}, faults or Faults())
        ground.settings.settings = settings
        return ground

    @classmethod
    async def _hold(
        cls, settings: Settings, config: Path | None, environ: Mapping[str, str], faults: Faults
    ) -> Ground:
        folder = DataDir(settings.data_dir)
        await asyncio.to_thread(folder.take)
        async with AsyncExitStack() as stack:
            stack.callback(folder.release)
            state = await _state_in(settings.data_dir, config, faults)
            stack.push_async_callback(state.close)
            in_force = SettingsInForce(config, environ, state, faults=faults)
            stack.pop_all()
        return cls(folder, state, in_force, environ)

    async def close(self) -> None:
        """Let a change that is underway come to its end, close the state, let the folder go."""
        try:
            await self.settings.close()
            await self.state.close()
        finally:
            self.folder.release()


async def _state_in(folder: Path, config: Path | None, faults: Faults) -> State:
    """The state, though the disk take nothing: a home must not lose DNS over it."""
    try:
        return await State.open(folder, config=config, faults=faults)
    except StorageError as error:
        log.error("the state cannot be opened, and is only read: %s", error)
        return await State.look(folder)
