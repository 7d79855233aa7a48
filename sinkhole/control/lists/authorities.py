"""The authorities that vouch for the servers of lists: the system's, read before they are needed.

Left to itself, OpenSSL looks for each in a folder of files, in the middle of a handshake and hence
on the event loop.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
"""What OpenSSL looks for in the folder: a hash of the name, and a number."""

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)


def client_context() -> ssl.SSLContext:
    """What a client needs to check servers, without the disk from here on; waits for it now.

    SSL_CERT_FILE and SSL_CERT_DIR count as they do for OpenSSL.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which checks host and certificate
    context.set_alpn_protocols(["http/1.1"])
    for certificate in dict.fromkeys(_certificates()):
        with contextlib.suppress(ssl.SSLError):  # one that can't be read vouches for nobody
            context.load_verify_locations(cadata=certificate)
    return context


def _certificates() -> Iterator[str]:
    paths = ssl.get_default_verify_paths()
    if paths.cafile is not None:
        yield from _in_file(Path(paths.cafile))
    if paths.capath is not None:
        with contextlib.suppress(OSError):
            for path in sorted(Path(paths.capath).iterdir()):
                if _HASHED.fullmatch(path.name):
                    yield from _in_file(path)


def _in_file(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("ascii", errors="replace")  # of comments between them
    except OSError:
        return
    yield from _CERTIFICATE.findall(text)
