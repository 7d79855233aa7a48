"""DNS stamps: all of an upstream in one text, as lists of public resolvers give it.

`sdns://` and base64url without padding; behind it are a byte for the protocol, eight for what its
operator says of it, and fields of one length byte and so many bytes (dnscrypt.info,
stamps-specifications). In a list of fields, 0x80 in the length says that another one follows.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Final

from sinkhole.control.settings.addresses import (
    host_and_port,
    is_address,
    parse_host,
    read_port,
)
from sinkhole.control.settings.quoting import shown
from sinkhole.model.upstream_url import DEFAULT_PATH, DEFAULT_PORTS, UpstreamKind, UpstreamUrl

SCHEME: Final = "sdns"

_PLAIN: Final = 0x00
_KINDS: Final[dict[int, UpstreamKind]] = {0x02: "https", 0x03: "tls", 0x04: "quic"}
_UNKNOWN_HERE: Final = {
    0x01: "DNSCrypt",
    0x05: "Oblivious DoH",
    0x81: "a DNSCrypt relay",
    0x85: "an Oblivious DoH relay",
}
_PROPERTIES_SIZE: Final = 8
_MORE: Final = 0x80
_DIGEST_SIZE: Final = 32


def decode_stamp(text: str) -> UpstreamUrl:
    """What a stamp says; plain DNS, DNS over HTTPS, over TLS and over QUIC.

    What its operator says of it (no logs, no filter) is not kept, nor are resolvers that it
    suggests for finding its addresses: those of the settings are asked. Raises ValueError, saying
    why, for other protocols and for what is no stamp.
    """
    try:
        return _decoded(_Fields(_bytes_of(text)))
    except ValueError as error:
        raise ValueError(f"{shown(text)} cannot be used: {error}") from None


def encode_stamp(url: UpstreamUrl) -> str:
    """The stamp of a server that is known by a name, and asked encrypted.

    Nothing is said of what its operator does, and nothing of its addresses: they are looked up.
    """
    kind = next(number for number, each in _KINDS.items() if each == url.kind)
    port = "" if url.port == DEFAULT_PORTS[url.kind] else f":{url.port}"
    fields = ["", "", f"{url.host}{port}", *([url.path] if url.kind == "https" else [])]
    said = b"".join(bytes([len(each)]) + each.encode("ascii") for each in fields)
    data = bytes([kind]) + bytes(_PROPERTIES_SIZE) + said
    return f"{SCHEME}://{urlsafe_b64encode(data).decode().rstrip('=')}"


def _bytes_of(text: str) -> bytes:
    payload = text[len(SCHEME) + len("://") :].rstrip("=")
    if not payload.isascii() or not payload.replace("-", "").replace("_", "").isalnum():
        raise ValueError("a stamp is letters, digits, - and _ behind sdns://")
    try:
        return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except Error:
        raise ValueError("it is not whole, copy all of it") from None


class _Fields:
    """The bytes of a stamp, taken one field after the other; ValueError where they end early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._data)

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("it is not whole, copy all of it")
        self._at += size
        return taken

    def text(self) -> str:
        """A field of text. Only what can stand in a host or a path."""
        field = self.take(self.take(1)[0])
        if any(not 0x20 < byte < 0x7F for byte in field):
            raise ValueError("it has characters in it that no host and no path has")
        return field.decode("ascii")

    def several(self) -> list[bytes]:
        """A list of fields; those that are empty stand for none."""
        found, more = [], True
        while more:
            size = self.take(1)[0]
            more = bool(size & _MORE)
            found.append(self.take(size & ~_MORE))
        return [each for each in found if each]


def _decoded(fields: _Fields) -> UpstreamUrl:
    protocol = fields.take(1)[0]
    if protocol in _UNKNOWN_HERE:
        known = "plain DNS, DNS over HTTPS, TLS and QUIC"
        raise ValueError(f"it is for {_UNKNOWN_HERE[protocol]}, and sinkhole speaks {known}")
    if protocol != _PLAIN and protocol not in _KINDS:
        raise ValueError(f"it is for a protocol that is not known here (0x{protocol:02x})")
    fields.take(_PROPERTIES_SIZE)
    url = _plain(fields) if protocol == _PLAIN else _encrypted(_KINDS[protocol], fields)
    if not fields.is_at_end:
        raise ValueError("it goes on behind its end, copy only the stamp")
    return url


def _plain(fields: _Fields) -> UpstreamUrl:
    written = fields.text()
    host, port = host_and_port(written)
    if not is_address(host):
        raise ValueError(f"{shown(written)} in it is not an IP address")
    number = read_port(written, port) if port else DEFAULT_PORTS["udp"]
    return UpstreamUrl("udp", parse_host(host, written), number)


def _encrypted(kind: UpstreamKind, fields: _Fields) -> UpstreamUrl:
    address, its_port = _address(fields.text())
    hashes = tuple(fields.several())
    if any(len(digest) != _DIGEST_SIZE for digest in hashes):
        raise ValueError("a hash in it is no SHA-256")
    written = fields.text()
    name, port = host_and_port(written)
    path = _path(fields.text()) if kind == "https" else ""
    if not fields.is_at_end:
        fields.several()
    if not name and not address:
        raise ValueError("it names no server")
    host = parse_host(name or address, written)
    number = read_port(written, port or its_port) if port or its_port else DEFAULT_PORTS[kind]
    addresses = (address,) if address and not is_address(host) else ()
    return UpstreamUrl(kind, host, number, path, hashes=hashes, addresses=addresses)


def _address(written: str) -> tuple[str, str]:
    """The address of the server and its port; either may be missing."""
    if written.startswith(":"):
        return "", written[1:]
    host, port = host_and_port(written)
    if written and not is_address(host):
        raise ValueError(f"{shown(written)} in it is not an IP address")
    return parse_host(host, written) if host else "", port


def _path(written: str) -> str:
    path = written.removesuffix("{?dns}") or DEFAULT_PATH
    if not path.startswith("/") or "?" in path or "#" in path:
        raise ValueError(f"{shown(written)} in it is no path")
    return path
