"""Settings, accounts and lists without a running server, for commands that need no more.

What writes holds the lock of the data folder, as a server does: so never is anything written there
beside a running one. What only reads needs neither the lock nor permission to write.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

from sinkhole.app.data_dir import LOCK_NAME
from sinkhole.app.list_hosts import list_hosts
from sinkhole.app.upstream_trial import try_upstream
from sinkhole.control.database import Reader
from sinkhole.control.explain.trial import known_clients
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.builtin import compiled_builtin
from sinkhole.control.lists.library import Library
from sinkhole.control.operations.house import House
from sinkhole.control.settings import Settings, load
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Counters, Statistics
from sinkhole.dns.filter.match import Matcher
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.explanation import KeptAnswer
from sinkhole.model.files import FileLock, make_folder
from sinkhole.model.status import Problem

LOCK_PATIENCE_S: Final = 3.0
"""How long to wait for another command that writes; a server would hold the folder for good."""


@asynccontextmanager
async def offline_house(
    config: Path | None, environ: Mapping[str, str], *, writes: bool
) -> AsyncIterator[House]:
    """What there is to work on while no server runs, closed at the end.

    Raises SettingsError for settings that are wrong, StorageError where the data folder can't be
    had or is held by a server; operations that need a running one raise RequestError
    ("unavailable").
    """
    settings = await asyncio.to_thread(load, config, environ)
    folder = settings.data_dir
    async with AsyncExitStack() as stack:
        if writes:
            lock = FileLock(folder / LOCK_NAME)
            await asyncio.to_thread(_hold, lock, folder)
            stack.callback(lock.release)
        state = await (State.open(folder, config=config) if writes else State.look(folder))
        stack.push_async_callback(state.close)
        in_force = SettingsInForce(config, environ, state)
        stack.push_async_callback(in_force.close)
        settings = await in_force.load()
        resolve = await stack.enter_async_context(list_hosts(settings))
        library = Library(settings.filtering, folder, resolve=resolve)
        await library.load()
        in_force.apply = _Applied(library)
        reader = Reader(folder / "querylog.db")
        stack.push_async_callback(reader.close)
        house = _house(in_force, state, library, reader, settings)
        await house.protection.start()
        stack.push_async_callback(house.protection.close)
        await house.temporary_rules.start()
        stack.push_async_callback(house.temporary_rules.close)
        yield house


async def settings_here(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings that a server with this file and data folder runs by: with what is stored.

    Whoever may not read what is stored does without. Raises SettingsError.
    """
    settings = await asyncio.to_thread(load, config, environ)
    try:
        state = await State.look(settings.data_dir)
    except (PermissionError, StorageError):
        return settings
    try:
        return await SettingsInForce(config, environ, state).load()
    finally:
        await state.close()


def _hold(lock: FileLock, folder: Path) -> None:
    try:
        make_folder(folder)
        make_folder(folder / "lists")
        if lock.take(LOCK_PATIENCE_S):
            return
    except PermissionError as error:
        advice = "use sudo, or be the user that runs sinkhole"
        raise StorageError(f"{folder} is not for you ({error.strerror}): {advice}") from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be used: {error.strerror}") from error
    raise StorageError(
        f"{folder} is in use by a sinkhole that offers no socket for commands: it is just starting "
        "or stopping, another command is at work, or it is older than this command and has to be "
        "restarted"
    )


def _house(
    in_force: SettingsInForce, state: State, library: Library, reader: Reader, settings: Settings
) -> House:
    def problems() -> list[Problem]:
        return [*state.problems, *in_force.problems]

    return House(
        settings=in_force,
        state=state,
        identity=Identity(state),
        protection=Protection(state, _tell_nobody),
        temporary_rules=TemporaryRules(state, _tell_nobody),
        library=library,
        query_log=_needs_server,
        log_reader=lambda: reader,
        client_name=known_clients(settings).called,
        statistics=partial(Statistics, reader),
        matcher=lambda: Matcher(library.lists, compiled_builtin(in_force.settings)),
        explainer=_needs_server,
        resolve=_cannot_resolve,
        cache=_NoCache(),
        counters=Counters(),
        status=_needs_server,
        problems=problems,
        health=_needs_server,
        ready=_needs_server,
        try_upstream=partial(try_upstream, settings),
        is_serving=False,
    )


class _Applied:
    """Other settings are in force at once where nothing runs; only lists are shown by them."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def __call__(self, settings: Settings, *, patient: bool = False) -> list[str]:
        await self._library.apply(settings.filtering)
        return []


async def _tell_nobody(_: object) -> None:
    """No Policy is published where nobody asks."""


def _needs_server() -> NoReturn:
    raise RequestError(
        "unavailable", "no_server", "this needs the running server, and none answers here"
    )


async def _cannot_resolve(name: str, qtype: str, client: str) -> NoReturn:
    _needs_server()


class _NoCache:
    """A CacheDesk without a server, which alone remembers answers."""

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """There is nothing to look into."""
        _needs_server()

    async def flush(self, name: str | None, *, below: bool) -> int:
        """There is nothing to forget."""
        _needs_server()
