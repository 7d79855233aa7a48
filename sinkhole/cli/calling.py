"""The one way from a command to an operation: the running server does it, or this process.

    with calling(config) as caller:
        status = caller.call("protection.pause", {"seconds": 600})

What is taken and given are the operations' inputs and outputs as JSON has them, whoever does it.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from sinkhole.cli.control_socket import PATIENCE_S, NoSocket, SocketClient, SocketForbidden
from sinkhole.cli.routes import Route, route_of
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, SinkholeError, StorageError

if TYPE_CHECKING:
    from sinkhole.control.operations.house import House
    from sinkhole.control.operations.operation import Operation
    from sinkhole.control.settings import Settings

LONG_PATIENCE_S: Final = 900.0
"""How long the server may take for what fetches or tries something out, as lists are."""

WATCH_S: Final = 0.2
"""How often it is asked how far something is."""

DEFAULT_DATA_DIR: Final = "data"
"""`data_dir` of the settings where nobody says another."""

_DATA_DIR: Final = "SINKHOLE__DATA_DIR"
_PLAIN_DATA_DIR: Final = re.compile(
    rb"""^data_dir:[ ]+(["']?)(/[\w./-]*)\1[ ]*\r?$(?=\s*(?:^\S|\Z))""", re.MULTILINE
)
"""A path that can be nothing else, and ends with its line: what follows begins a line."""

Tell = Callable[[Any], None]


class Caller(Protocol):
    """Has operations done, by the running server or without one."""

    def call(
        self, name: str, given: Mapping[str, Any] | None = None, *, patience_s: float = PATIENCE_S
    ) -> Any:
        """What an operation gives; SinkholeError, most often RequestError, where it gives none."""

    def call_watched(
        self,
        name: str,
        given: Mapping[str, Any],
        watched: str,
        tell: Tell,
        *,
        patience_s: float = ...,
    ) -> Any:
        """The same for what takes long: meanwhile `tell` is given what another operation, that
        shows how far it is, gives again and again, and once more at the end."""

    def download(self, name: str, given: Mapping[str, Any], sink: BinaryIO) -> None:
        """Write the file that an operation gives to `sink`, bit by bit."""

    def upload(
        self, name: str, given: Mapping[str, Any], file: Path, *, patience_s: float = ...
    ) -> Any:
        """Give an operation a file; what it gives."""


class ServerCaller:
    """The running server does it."""

    def __init__(self, client: SocketClient) -> None:
        self.client = client

    def call(
        self, name: str, given: Mapping[str, Any] | None = None, *, patience_s: float = PATIENCE_S
    ) -> Any:
        """Ask the route of the operation."""
        asked = route_of(name).request(given or {})
        return self.client.json(*asked, patience_s=patience_s)

    def call_watched(
        self,
        name: str,
        given: Mapping[str, Any],
        watched: str,
        tell: Tell,
        *,
        patience_s: float = LONG_PATIENCE_S,
    ) -> Any:
        """Ask in a thread, and meanwhile how far it is."""
        outcome: Future[Any] = Future()

        def ask() -> None:
            try:
                outcome.set_result(self.call(name, given, patience_s=patience_s))
            except Exception as error:
                outcome.set_exception(error)

        # A daemon: who presses Ctrl-C waits for nothing. The server goes on, as it has begun.
        Thread(target=ask, daemon=True).start()
        while not wait([outcome], WATCH_S).done:
            tell(self.call(watched))
        told = outcome.result()
        tell(self.call(watched))
        return told

    def download(self, name: str, given: Mapping[str, Any], sink: BinaryIO) -> None:
        """Ask the route, and copy what comes."""
        method, path, query, body = route_of(name).request(given)
        with self.client.stream(method, path, query, body, patience_s=LONG_PATIENCE_S) as response:
            while piece := response.read1(64 << 10):
                sink.write(piece)

    def upload(
        self,
        name: str,
        given: Mapping[str, Any],
        file: Path,
        *,
        patience_s: float = LONG_PATIENCE_S,
    ) -> Any:
        """Send the file as the body, and the rest of the input in the query."""
        route: Route = route_of(name)
        with file.open("rb") as body:
            length = {"Content-Length": str(os.fstat(body.fileno()).st_size)}
            method, path, query, _ = route.request(given, has_file=True)
            return self.client.json(method, path, query, body, length, patience_s)


class OfflineCaller:
    """This process does it, on settings, accounts and lists as they lie in the data folder.

    `forbidden` is why the server is not asked, where one may run: then nothing is changed.
    """

    def __init__(self, config: Path | None, forbidden: SocketForbidden | None = None) -> None:
        self._config = config
        self._forbidden = forbidden

    def call(
        self, name: str, given: Mapping[str, Any] | None = None, *, patience_s: float = PATIENCE_S
    ) -> Any:
        """Perform the operation; it takes as long as it takes."""
        return self._run(
            name, given or {}, late=lambda server: server.call(name, given, patience_s=patience_s)
        )

    def call_watched(
        self,
        name: str,
        given: Mapping[str, Any],
        watched: str,
        tell: Tell,
        *,
        patience_s: float = LONG_PATIENCE_S,
    ) -> Any:
        """Perform it, and between its steps the other one."""
        return self._run(
            name,
            given,
            watched=(watched, tell),
            late=lambda server: server.call_watched(
                name, given, watched, tell, patience_s=patience_s
            ),
        )

    def download(self, name: str, given: Mapping[str, Any], sink: BinaryIO) -> None:
        """Perform the operation, and write what it gives."""
        self._run(name, given, sink=sink, late=lambda server: server.download(name, given, sink))

    def upload(
        self,
        name: str,
        given: Mapping[str, Any],
        file: Path,
        *,
        patience_s: float = LONG_PATIENCE_S,
    ) -> Any:
        """Perform the operation on the file where it lies; it takes as long as it takes."""
        return self._run(
            name,
            {**given, "file": str(file.absolute())},
            late=lambda server: server.upload(name, given, file, patience_s=patience_s),
        )

    def _run(
        self,
        name: str,
        given: Mapping[str, Any],
        *,
        late: Callable[[ServerCaller], Any],
        sink: BinaryIO | None = None,
        watched: tuple[str, Tell] | None = None,
    ) -> Any:
        """Perform it here; `late` has a server do it that was only starting when we looked."""
        import asyncio
        import logging

        from sinkhole.app.offline import ServerCame
        from sinkhole.control.operations.catalogue import OPERATIONS

        logging.getLogger("sinkhole").addHandler(
            logging.NullHandler()
        )  # what is printed says it all
        if self._forbidden is not None and OPERATIONS[name].is_kept:
            raise self._forbidden
        try:
            if watched is not None:
                return asyncio.run(self._watch(name, given, *watched))
            return asyncio.run(self._perform(name, given, sink))
        except ServerCame:
            return late(ServerCaller(SocketClient(data_folder(self._config))))
        except PermissionError as error:
            raise self._forbidden or SinkholeError(f"{error.filename}: {error.strerror}") from None
        except StorageError as error:
            if self._forbidden is not None and isinstance(error.__cause__, PermissionError):
                raise self._forbidden from None  # which says what to do
            raise

    async def _perform(self, name: str, given: Mapping[str, Any], sink: BinaryIO | None) -> Any:
        async with self._house(name) as house:
            done = await _done(house, name, given)
            if sink is None:
                return done.model_dump(mode="json")
            async for piece in done.chunks:
                sink.write(piece)
        return None

    async def _watch(self, name: str, given: Mapping[str, Any], watched: str, tell: Tell) -> Any:
        import asyncio

        async with self._house(name) as house:
            ended = asyncio.Event()

            async def do() -> Any:
                try:
                    return (await _done(house, name, given)).model_dump(mode="json")
                finally:
                    ended.set()

            async def look() -> None:
                while not ended.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(ended.wait(), WATCH_S)
                    tell((await _done(house, watched, {})).model_dump(mode="json"))

            told, _ = await asyncio.gather(do(), look())
            return told

    def _house(self, name: str) -> AbstractAsyncContextManager[House]:
        from sinkhole.app.offline import offline_house
        from sinkhole.control.operations.catalogue import OPERATIONS

        return offline_house(self._config, os.environ, writes=OPERATIONS[name].is_kept)


async def _done(house: House, name: str, given: Mapping[str, Any]) -> Any:
    from sinkhole.control.operations.catalogue import OPERATIONS
    from sinkhole.control.operations.perform import perform

    operation = OPERATIONS[name]
    return await perform(operation, house, _myself(), _read(operation, given))


def settings_in_force(config: Path | None) -> Settings:
    """The settings by which a server runs here, or would: file, environment, what is stored.

    Raises SettingsError.
    """
    import asyncio

    from sinkhole.app.offline import settings_here

    return asyncio.run(settings_here(config, os.environ))


def _read(operation: Operation[Any, Any], given: Mapping[str, Any]) -> Any:
    """The input of an operation; RequestError with a line for each thing that does not fit."""
    try:
        return operation.input.model_validate(given)
    except ValueError as error:
        from sinkhole.control.operations.misfits import lines_of

        raise RequestError("invalid", "invalid_input", "\n".join(lines_of(error))) from None


def _myself() -> Actor:
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name, as in containers
        name = str(os.geteuid())
    return Actor("socket", name, frozenset(Permission))


@contextmanager
def calling(config: Path | None, *, offline: bool = True) -> Iterator[Caller]:
    """Whoever has operations done: the running server, else, if `offline`, this process.

    Raises SinkholeError where neither can be had, with what to do about it.
    """
    client = SocketClient(data_folder(config))
    try:
        client.probe()
    except SocketForbidden as error:
        if not offline:
            raise
        yield OfflineCaller(config, error)
    except NoSocket as error:
        if not offline:
            raise NoSocket(f"{error}; this needs the running server, with these settings") from None
        yield OfflineCaller(config)
    else:
        yield ServerCaller(client)


def data_folder(config: Path | None) -> Path:
    """Where the data is by these settings; SettingsError where they are wrong.

    The service and the container say it by a variable, so that no file has to be read for it.
    """
    told = os.environ.get(_DATA_DIR, "")
    if told.startswith("/"):
        return Path(told)
    if (plain := _plain_data_folder(config)) is not None:
        return plain
    from sinkhole.control.settings import load_written

    return load_written(config, os.environ).data_dir


def _plain_data_folder(config: Path | None) -> Path | None:
    """The same where there can be no doubt: a file says it on a line of its own, or not at all.

    None where it takes reading all of the settings, which takes longer than all else. A mistake
    elsewhere in the file is no matter of who asks a running server.
    """
    if any(name.startswith(_DATA_DIR) for name in os.environ):
        return None
    try:
        text = b"" if config is None else config.read_bytes()
    except OSError:  # no file: a folder, or none that can be read, which is told where it is read
        return None
    if b"data_dir" not in text:
        return Path(DEFAULT_DATA_DIR)
    found = _PLAIN_DATA_DIR.search(text)
    if found is None or text.count(b"data_dir") > 1:
        return None
    return Path(found[2].decode())
