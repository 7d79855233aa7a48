"""What OpenSSL wants for being a server with a certificate."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_HAS_MEMORY_FILES: Final = hasattr(os, "memfd_create") and Path("/proc/self/fd").exists()


def server_context(chain_pem: bytes, key_pem: bytes) -> ssl.SSLContext:
    """A new context for a server, of TLS 1.2 at least; protocols (ALPN) are its user's to set.

    Takes about a millisecond; no disk is asked. Raises ssl.SSLError for what is no such pair.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _in_memory(key_pem + b"\n" + chain_pem) as path:
        # A password in hand: OpenSSL would ask the terminal for it.
        context.load_cert_chain(path, password=b"none")
    return context


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A file with this data, for what reads nothing but files; on Linux it is on no disk."""
    if _HAS_MEMORY_FILES:
        handle = os.memfd_create("sinkhole", os.MFD_CLOEXEC)
        try:
            os.write(handle, data)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name
