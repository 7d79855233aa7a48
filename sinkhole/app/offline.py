"""Settings, accounts and lists without a running server, for commands that need no more.

What writes holds the lock of the data folder, as a server does: so never is anything written there
beside a running one. What only reads needs neither the lock nor permission to write.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from sinkhole.app.classes import Plan
from sinkhole.app.data_dir import LOCK_NAME
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.kept_certificate import KeptCertificate
from sinkhole.app.list_hosts import list_hosts
from sinkhole.app.upstream_trial import try_upstream
from sinkhole.control.database import Reader
from sinkhole.control.explain.audience import known_clients
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.library import Library
from sinkhole.control.operations.house import House
from sinkhole.control.operations.renaming import follow
from sinkhole.control.querylog import QueryLog, SqliteStore, is_outdated, terms_of
from sinkhole.control.querylog.group_names import rename_in_file
from sinkhole.control.settings import Settings, load_written
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.settings.renaming import Renamed
from sinkhole.control.state.pauses import Pause
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Carried, Counters, Rollups, Statistics
from sinkhole.model.errors import RequestError, SinkholeError, StorageError
from sinkhole.model.explanation import KeptAnswer
from sinkhole.model.files import FileLock, make_folder
from sinkhole.model.nodes import Nodes, Wish
from sinkhole.model.record import RecordBuffer
from sinkhole.model.socket_place import is_answered
from sinkhole.model.stamp import present
from sinkhole.model.status import Problem

LOCK_PATIENCE_S: Final = 15.0
"""How long to wait for another command that writes, or for the socket of a server that starts; a
server without one would hold the folder for good."""
_LOOK_S: Final = 0.1


class ServerCame(SinkholeError):
    """A server takes commands by its socket meanwhile: it is the one to ask."""


@asynccontextmanager
async def offline_house(
    config: Path | None, environ: Mapping[str, str], *, writes: bool
) -> AsyncIterator[House]:
    """What there is to work on while no server runs, closed at the end.

    Raises SettingsError for settings that are wrong, StorageError where the data folder can't be
    had or is held by a server, ServerCame where that answers by its socket by now; operations that
    need a running one raise RequestError ("unavailable").
    """
    settings = await asyncio.to_thread(load_written, config, environ)
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
        in_force.on_renamed = partial(_follow, house, folder)
        yield house


async def settings_here(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings that a server with this file and data folder runs by: with what is stored.

    Whoever may not read what is stored does without. Raises SettingsError.
    """
    settings = await asyncio.to_thread(load_written, config, environ)
    try:
        state = await State.look(settings.data_dir)
    except (PermissionError, StorageError):
        return settings
    try:
        return await SettingsInForce(config, environ, state).load()
    finally:
        await state.close()


class GoingOn(NamedTuple):
    """What is stored as in force for a time: pauses with what is left of each, None: until they are
    resumed; and rules with what is left of them."""

    pauses: tuple[tuple[Pause, float | None], ...] = ()
    rules: tuple[tuple[str, float], ...] = ()

    def after(self, seconds: float) -> GoingOn:
        """The same so much later, without what is over by then."""
        return GoingOn(
            tuple(
                (each, None if left_s is None else left_s - seconds)
                for each, left_s in self.pauses
                if left_s is None or left_s > seconds
            ),
            tuple((text, left_s - seconds) for text, left_s in self.rules if left_s > seconds),
        )


async def going_on_here(folder: Path) -> GoingOn:
    """What a server with this data folder would take up; nothing for whoever may not read that."""
    try:
        state = await State.look(folder)
    except (PermissionError, StorageError):
        return GoingOn()
    try:
        now = present()
        pauses = tuple((each, each.left_s(now)) for each in await state.pauses.load())
        rules = tuple((each.text, each.left_s(now)) for each in await state.rule_rows.load())
        return GoingOn(pauses, rules).after(0.0)
    except StorageError:
        return GoingOn()
    finally:
        await state.close()


def _hold(lock: FileLock, folder: Path) -> None:
    try:
        make_folder(folder)
        make_folder(folder / "lists")
        until = time.monotonic() + LOCK_PATIENCE_S
        while time.monotonic() < until:
            if lock.take(_LOOK_S):
                return
            if is_answered(folder):
                raise ServerCame(f"a sinkhole answers in {folder} now")
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

    store = SqliteStore(reader)
    return House(
        settings=in_force,
        state=state,
        identity=Identity(state),
        protection=Protection(state, _tell_nobody),
        temporary_rules=TemporaryRules(state, _tell_nobody),
        library=library,
        query_log=_needs_server,
        log_store=lambda: store,
        log_reader=lambda: reader,
        client_name=known_clients(settings).called,
        devices=_needs_server,
        statistics=partial(Statistics, store.counts),
        audience=lambda: Plan.of(
            PolicyMaker(in_force.settings), library.lists, time.time()
        ).audience(),
        explainer=_needs_server,
        on_trial=_cannot_try,
        resolve=_cannot_resolve,
        nodes=_NoNodes(),
        cache=_NoCache(),
        counters=Counters(),
        carried=Carried(),
        status=_needs_server,
        problems=problems,
        health=_needs_server,
        ready=_needs_server,
        encrypted=_needs_server,
        certificates=KeptCertificate(settings.data_dir),
        try_upstream=partial(try_upstream, settings),
        own_log=partial(_own_log, in_force, library),
        is_serving=False,
    )


@asynccontextmanager
async def _own_log(in_force: SettingsInForce, library: Library) -> AsyncIterator[QueryLog]:
    """The log for a command that writes to it; StorageError."""
    settings = in_force.settings
    path = settings.data_dir / "querylog.db"
    if await is_outdated(path):
        raise StorageError(
            f"{path} is of an older version: start sinkhole once, which brings it up to date"
        )
    log = await QueryLog.open(
        path,
        RecordBuffer(),
        terms_of(settings.query_log, settings.stats, known_clients(settings).called),
        rollups=Rollups(settings.stats.keep),
        counters=Counters(),
        list_sources=lambda: library.sources,
    )
    try:
        yield log
    finally:
        await log.close()


class _Applied:
    """Other settings are in force at once where nothing runs; only lists are shown by them."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def __call__(self, settings: Settings, *, patient: bool = False) -> list[str]:
        await self._library.apply(settings.filtering)
        return []


async def _tell_nobody(_: object) -> None:
    """No Policy is published where nobody asks."""


async def _follow(house: House, folder: Path, found: Renamed) -> None:
    """Have all that is stored beside the settings go over to another name."""
    groups: list[tuple[str, str]] = []
    await follow(
        *(house.protection, house.temporary_rules), lambda *names: groups.append(names), found
    )
    for old, new in groups:
        await rename_in_file(folder / "querylog.db", old, new)


def _needs_server() -> NoReturn:
    raise RequestError(
        "unavailable", "no_server", "this needs the running server, and none answers here"
    )


async def _cannot_try(settings: Settings) -> NoReturn:
    _needs_server()


async def _cannot_resolve(name: str, qtype: str, client: str) -> NoReturn:
    _needs_server()


class _NoNodes:
    """A NodesDesk without a server, which alone knows of others."""

    name = ""

    def told(self) -> Nodes:
        """Nobody is known."""
        _needs_server()

    async def drain(self, name: str, wish: Wish) -> bool:
        """Nobody answers."""
        _needs_server()

    async def forget(self, name: str) -> bool:
        """Nobody is known."""
        _needs_server()


class _NoCache:
    """A CacheDesk without a server, which alone remembers answers."""

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """There is nothing to look into."""
        _needs_server()

    async def flush(self, name: str | None, *, below: bool) -> int:
        """There is nothing to forget."""
        _needs_server()
