"""Getting through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

The proxy gets the server's name and looks it up itself, so nothing has to be resolved here. What
is said is a sequence of steps without any I/O; `connect` sends and receives.
"""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_address
from typing import Final, Protocol

from sinkhole.model.errors import UpstreamError
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.socket_address import address_text

MOST_HEADER: Final = 8192
"""Bytes of an HTTP proxy's reply; beyond, it is given up."""

_SOCKS_ERRORS: Final = {
    1: "failed",
    2: "does not allow it",
    3: "finds no network there",
    4: "cannot reach the server",
    5: "says that the server refused the connection",
    6: "waited too long for the server",
    7: "knows no CONNECT",
    8: "knows no such kind of address",
}
"""RFC 1928 §6."""


class ProxyHandshake(Protocol):
    """What is said to a proxy until the way to the server is open.

    `done` says that it is: from then on every byte is the server's. Nothing may follow the proxy's
    last word before we have spoken, as is so for TLS and for DNS.
    """

    done: bool

    def begin(self) -> bytes:
        """What is sent first."""
        ...

    def feed(self, data: bytes) -> bytes:
        """What is sent next, given what arrived; raises UpstreamError when the proxy refuses."""
        ...


def proxy_handshake(proxy: ProxyUrl, host: str, port: int) -> ProxyHandshake:
    """The handshake for a way to `host`, which is a name or an IP address."""
    return (HttpConnect if proxy.kind == "http" else Socks5)(proxy, host, port)


class HttpConnect:
    """CONNECT to an HTTP proxy, with Basic credentials (RFC 7617) where it has a user."""

    def __init__(self, proxy: ProxyUrl, host: str, port: int) -> None:
        self.done = False
        self._proxy = proxy
        self._target = address_text(host, port)
        self._read = b""

    def begin(self) -> bytes:
        """The request."""
        lines = [f"CONNECT {self._target} HTTP/1.1", f"Host: {self._target}"]
        if self._proxy.user:
            pair = f"{self._proxy.user}:{self._proxy.password}".encode()
            lines.append(f"Proxy-Authorization: Basic {b64encode(pair).decode()}")
        return "\r\n".join([*lines, "", ""]).encode()

    def feed(self, data: bytes) -> bytes:
        """Read the reply's head; there is nothing more to say."""
        self._read += data
        head, end, behind = self._read.partition(b"\r\n\r\n")
        if len(head) > MOST_HEADER:
            raise self._error("sent more than a reply to CONNECT")
        if not end:
            return b""
        version, _, status = head.split(b"\r\n")[0].partition(b" ")
        if not version.startswith(b"HTTP/1.") or not status[:3].isdigit():
            raise self._error("is no HTTP proxy: it answered something else")
        if status[:1] != b"2":
            said = status.decode("latin-1")[:80]
            raise self._error("wants another user or password" if said[:3] == "407" else said)
        if behind:
            raise self._error("sent something behind its reply to CONNECT")
        self.done = True
        return b""

    def _error(self, cause: str) -> UpstreamError:
        return UpstreamError("", f"could not be reached, as the proxy {self._proxy} {cause}")


class Socks5:
    """SOCKS5: a method, where it is asked for user and password, then CONNECT."""

    def __init__(self, proxy: ProxyUrl, host: str, port: int) -> None:
        self.done = False
        self._proxy = proxy
        self._target = _socks_address(host) + port.to_bytes(2, "big")
        self._read = b""
        self._step = self._on_method

    def begin(self) -> bytes:
        """Which methods we know: none, and user and password where there are any."""
        return b"\x05\x02\x00\x02" if self._proxy.user else b"\x05\x01\x00"

    def feed(self, data: bytes) -> bytes:
        """Take one step, where what it needs is there."""
        self._read += data
        return self._step()

    def _on_method(self) -> bytes:
        if len(self._read) < 2:
            return b""
        version, method = self._take(2)
        if version != 5:
            raise self._error("is no SOCKS5 proxy: it answered something else")
        if method == 0:
            return self._connect()
        if method != 2 or not self._proxy.user:
            raise self._error("wants a user and a password" if method == 2 else "lets nobody in")
        self._step = self._on_authentication
        user, password = self._proxy.user.encode()[:255], self._proxy.password.encode()[:255]
        return b"\x01" + bytes((len(user),)) + user + bytes((len(password),)) + password

    def _on_authentication(self) -> bytes:
        if len(self._read) < 2:
            return b""
        if self._take(2)[1] != 0:
            raise self._error("wants another user or password")
        return self._connect()

    def _connect(self) -> bytes:
        self._step = self._on_reply
        return b"\x05\x01\x00" + self._target

    def _on_reply(self) -> bytes:
        if len(self._read) < 5:
            return b""
        version, code, _, kind, first = self._read[:5]
        if version != 5:
            raise self._error("is no SOCKS5 proxy: it answered something else")
        if code:
            raise self._error(_SOCKS_ERRORS.get(code, f"gave error {code}"))
        size = {1: 4, 3: 1 + first, 4: 16}.get(kind)
        if size is None or len(self._read) > 4 + size + 2:
            raise self._error("sent something else than a reply to CONNECT")
        self.done = len(self._read) == 4 + size + 2
        return b""

    def _take(self, size: int) -> bytes:
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _error(self, cause: str) -> UpstreamError:
        return UpstreamError("", f"could not be reached, as the proxy {self._proxy} {cause}")


def _socks_address(host: str) -> bytes:
    """Kind and address, RFC 1928 §5."""
    try:
        ip = ip_address(host.partition("%")[0])
    except ValueError:
        name = host.encode()[:255]
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if ip.version == 4 else b"\x04") + ip.packed
