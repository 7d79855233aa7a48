"""The socket by which commands reach the running server: where it lies, for both of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOCKET_NAME: Final = "sinkhole.sock"
"""In the data folder."""

LONGEST_PATH: Final = 107
"""Bytes that the kernel takes as a socket's path: `sun_path` without its end (unix(7))."""

_HANDLE: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY


@contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """A name of the socket that the kernel takes; Linux has one by way of the open folder."""
    path = folder.absolute() / SOCKET_NAME
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    handle = os.open(folder, _HANDLE)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET_NAME}"
    finally:
        os.close(handle)


def is_answered(folder: Path) -> bool:
    """Whether a server takes connections at the socket of a folder."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            with socket_path(folder) as path:
                probe.connect(path)
        except OSError:
            return False
    return True
