"""What the other one of a pair is told of this sinkhole."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sinkhole.control.pairing.parties import Door, Own

if TYPE_CHECKING:
    from sinkhole.app.app import App

_PORTS = {"http": 80, "https": 443}


def own_of(app: App) -> Own:
    """By an App, as it is when it is asked."""
    return Own(lambda: _name(app), lambda: _door(app), lambda: _obstacle(app))


def _name(app: App) -> str:
    return app.settings.storage.node or socket.gethostname()


def _door(app: App) -> Door:
    url = urlsplit(app.listening.url)
    certificate = app.page.certificate
    pin = hashlib.sha256(certificate).hexdigest() if certificate else ""
    return Door(url.scheme or "http", url.port or _PORTS.get(url.scheme, 0), pin)


def _obstacle(app: App) -> str:
    if not app.settings.storage.url:
        return ""
    return "a database is shared already (storage.url), by which others have the same state"
