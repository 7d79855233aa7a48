"""The page and the socket for commands: made of the House, and made anew by other settings."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from sinkhole.app.certificates import OnChange
from sinkhole.app.change import Change
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.app.shown_certificate import Files, ShownCertificate
from sinkhole.control.settings import Settings
from sinkhole.control.settings.schema import WebSettings
from sinkhole.model.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from sinkhole.app.app import App
    from sinkhole.control.web import ControlSocket, WebServer

log = logging.getLogger(__name__)


class Page:
    """Makes what serves the operations of one App over HTTP; `listening` has the page itself, as it
    is tried again. `start` and `close` are of the certificate and the socket."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._context: ssl.SSLContext | None = None
        self._shown = ShownCertificate(
            _files(app.settings.web), "web.certificate", self._users, app.faults
        )
        self._socket: ControlSocket | None = None
        self._trouble = ""

    async def start(self) -> None:
        """Read the certificate, and open the socket in the data folder."""
        await self._shown.start()
        self._socket = await asyncio.to_thread(self._make_socket)
        try:
            await self._socket.start()
        except StorageError as error:
            self._trouble = str(error)
            log.warning("%s", error)

    async def close(self) -> None:
        """Close the socket, and watch no more."""
        await self._shown.close()
        if self._socket is not None:
            await self._socket.stop()

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        return [f"the page: {each}" for each in self._shown.problems]

    @property
    def certificate(self) -> bytes:
        """The one that is shown, in DER; b"" for none."""
        current = self._shown.current
        return current.leaf_der if current is not None else b""

    @property
    def socket_trouble(self) -> str:
        """Why commands can't reach the server, "" where they can."""
        return self._trouble

    async def make(self) -> WebServer:
        """The page by the settings in force."""
        return await self.make_by(self._app.settings)

    async def make_by(self, settings: Settings) -> WebServer:
        """The page by other settings."""
        await self._app.open_log()
        # In a thread, as DNS is up already: the library takes 0.2 s to import, and files are read.
        return await asyncio.to_thread(self._make, settings)

    async def stand_in(self) -> None:
        """Where DNS has to wait, have the page there to say for what. SettingsError where that
        can't listen either: then nobody would be served, and nobody told."""
        app = self._app
        if app.dns.obstacle is None:
            return
        try:
            await asyncio.to_thread(_try_listening, app.settings.web)
        except SettingsError as error:
            missing = [each.advice(app.dns.advise) for each in app.dns.missing]
            raise SettingsError([*missing, *error.problems]) from error

    async def prepare(self, new: Settings, change: Change) -> None:
        """Read another certificate, and have another page listen beside the one there is, where
        they want that; what is only looked up for each request counts by itself."""
        old, app = self._app.settings, self._app
        if _listened_to(old) == _listened_to(new):
            return
        self._refuse_without_account(old, new, change)
        files = _files(new.web)
        certificates = await self._shown.prepare(files, change)
        before = _files(old.web), self._shown.certificates
        change.exchange(lambda made: self._shown.use(*made), (files, certificates), before)
        await app.listening.prepare_page(self._by(new), change)

    def _refuse_without_account(self, old: Settings, new: Settings, change: Change) -> None:
        """Refuse to be shown to other machines while nobody has an account: they would be shown
        nothing. What a settings file says stands, and is told among the problems."""
        host, identity = new.web.listen.host, self._app.front.house.identity
        if change.patient or old.web.listen == new.web.listen or is_local(host):
            return
        if not identity.has_accounts:
            text = f"web.listen: other machines would reach {host}, and nobody has an account: type"
            raise SettingsError([f"{text} `sudo sinkhole account add NAME` first"])

    def _by(self, settings: Settings) -> Callable[[], Awaitable[WebServer]]:
        return partial(self.make_by, settings)

    def _users(self) -> Iterator[OnChange]:
        yield self._use

    def _use(self, certificate: ServerCertificate) -> None:
        self._context = certificate.context()

    def _make(self, settings: Settings) -> WebServer:
        from sinkhole.control.web import MOST_CONNECTIONS, WebServer, create_app, machine_names

        app, listen = self._app, settings.web.listen
        names = machine_names(socket.gethostname())
        names += settings.dns.names or app.encrypted.names if settings.dns.https_page else ()
        return WebServer(
            create_app(app.front.house, hosts=names),
            listen.host,
            listen.port,
            most_connections=min(MOST_CONNECTIONS, app.planes.quotas.connections),
            tls=(lambda: self._context) if settings.web.certificate is not None else None,
            faults=app.faults,
        )

    def _make_socket(self) -> ControlSocket:
        from sinkhole.control.web import ControlSocket, create_app

        app = self._app
        return ControlSocket(create_app(app.front.house), app.settings.data_dir, faults=app.faults)


def is_local(host: str) -> bool:
    """Whether only this machine itself reaches what listens there."""
    return host == "::1" or host.startswith("127.")


def _try_listening(settings: WebSettings) -> None:
    from sinkhole.control.web.server import try_listening

    try_listening(settings.listen.host, settings.listen.port)


def _files(settings: WebSettings) -> Files:
    return settings.certificate, settings.certificate_key


def _listened_to(settings: Settings) -> tuple[object, ...]:
    """What the page is made by."""
    return settings.web.listen, _files(settings.web), settings.dns.https_page, settings.dns.names
