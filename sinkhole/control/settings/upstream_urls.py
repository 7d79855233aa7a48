"""From text to an `UpstreamUrl`: addresses, URLs of every transport, and stamps.

    192.0.2.1    [2001:db8::1]:5353    fe80::1%eth0          plain DNS
    udp://  tcp://  tls://  https://  h3://  quic://         to a name or an address
    tls://192.0.2.1#dns.example.org                          whose certificate is for that name
    tls://dns.example.org?pin=...&address=192.0.2.1          known key, known address
    sdns://...                                               a stamp, which has all of it

`UpstreamUrl.text` is the way back.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final, get_args
from urllib.parse import unquote

from sinkhole.control.settings.addresses import (
    Endpoint,
    host_and_port,
    is_address,
    parse_address,
    parse_host,
    parse_host_name,
    read_port,
    refuse_many,
)
from sinkhole.control.settings.quoting import listing, quoted, shown
from sinkhole.control.settings.stamps import SCHEME as STAMP
from sinkhole.control.settings.stamps import decode_stamp
from sinkhole.control.settings.values import read_text
from sinkhole.model.upstream_url import DEFAULT_PATH, DEFAULT_PORTS, UpstreamKind, UpstreamUrl

MOST_BYTES: Final = 4096
DIGEST_SIZE: Final = 32

_KINDS: Final[tuple[UpstreamKind, ...]] = get_args(UpstreamKind)
_WITH_PATH: Final = ("https", "h3")
_TEMPLATE: Final = "{?dns}"
"""How RFC 8484 §4.1 writes where the query goes in a GET."""
_URL_PATH: Final = re.compile(r"/[!-~]*", re.ASCII)
_INSTEAD: Final = {
    "http": "is not encrypted, and so not taken: write https://",
    "dns": "is plain DNS: write udp://",
    "dot": "is DNS over TLS: write tls://",
    "doh": "is DNS over HTTPS: write https://",
    "https3": "is DNS over HTTP/3: write h3://",
    "doq": "is DNS over QUIC: write quic://",
}
"""Schemes that people write, and what is wrong with each."""


def parse_upstream(value: object) -> UpstreamUrl:
    """Read one upstream; ValueError says what is wrong with it and what to write instead."""
    text = read_text(value, MOST_BYTES)
    scheme, mark, rest = text.partition("://")
    kind = scheme.lower()
    if not mark:
        return _plain(text)
    if kind == STAMP:
        return decode_stamp(text)
    for known in _KINDS:
        if kind == known:
            return _url(known, rest, text)
    if kind in _INSTEAD:
        raise ValueError(f"{shown(text)} {_INSTEAD[kind]}")
    known_schemes = listing(f"{each}://" for each in (*_KINDS, STAMP))
    raise ValueError(f"{shown(text)} is no upstream, write an address, or {known_schemes}")


def _plain(text: str) -> UpstreamUrl:
    """An address with or without a port: plain DNS."""
    if text.startswith("[/"):
        raise ValueError(f"{shown(text)} is for some names only, write it in upstream.routes")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in (*_KINDS, STAMP):
        raise ValueError(f"{shown(text)} lacks //, write {quoted(f'{scheme.lower()}://{rest}')}")
    host, _ = host_and_port(text)
    if not is_address(host) and _is_name(host):
        raise ValueError(
            f"{shown(text)} is a name, write how it is to be asked:"
            f" {quoted(f'tls://{text}')}, {quoted(f'https://{text}')} or {quoted(f'udp://{text}')}"
        )
    endpoint = Endpoint.parse(text, DEFAULT_PORTS["udp"])
    refuse_many(endpoint.host, text)
    return UpstreamUrl("udp", endpoint.host, endpoint.port)


def _is_name(host: str) -> bool:
    try:
        parse_host(host, host)
    except ValueError:
        return False
    return True


def _url(kind: UpstreamKind, rest: str, text: str) -> UpstreamUrl:
    """What is behind "scheme://", in the order of RFC 3986: authority, path, query, fragment."""
    rest, hash_mark, server_name = rest.replace(_TEMPLATE, "", 1).partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    host, port = _host(kind, authority, text)
    url = UpstreamUrl(
        kind,
        host,
        read_port(text, port) if port else DEFAULT_PORTS[kind],
        _path(kind, slash + path, text),
        _server_name(server_name, host, text) if hash_mark else "",
    )
    return _checked(_with_parameters(url, query, text), text)


def _host(kind: UpstreamKind, authority: str, text: str) -> tuple[str, str]:
    """The host, checked, and the text of its port."""
    if "@" in authority:
        raise ValueError(f"{shown(text)} has a user in it, which means nothing here: remove it")
    host, port = host_and_port(authority.replace("%25", "%"))
    if ":" in host and not authority.startswith("["):
        raise ValueError(f'{shown(text)}: write IPv6 in brackets, "{kind}://[2001:db8::1]"')
    if not host:
        raise ValueError(
            f'{shown(text)} names no server, write "{kind}://dns.example.org"'
            f' or "{kind}://192.0.2.1:{DEFAULT_PORTS[kind]}"'
        )
    return parse_host(host, text), port


def _path(kind: UpstreamKind, path: str, text: str) -> str:
    if kind not in _WITH_PATH:
        if path:
            raise ValueError(f"{shown(text)} has a path, which only https:// and h3:// have")
        return ""
    if path and not _URL_PATH.fullmatch(path):
        raise ValueError(f"{shown(text)}: its path has characters that need %-encoding")
    return path or DEFAULT_PATH


def _server_name(name: str, host: str, text: str) -> str:
    if not name:
        raise ValueError(f"{shown(text)} has no name behind #, write it or remove the #")
    if "?" in name:
        raise ValueError(f"{shown(text)}: what begins with ? stands in front of #, not behind it")
    found = parse_host_name(unquote(name))
    return "" if found == host else found


def _with_parameters(url: UpstreamUrl, query: str, text: str) -> UpstreamUrl:
    """The URL with what is behind the "?"."""
    pins: list[bytes] = []
    hashes: list[bytes] = []
    addresses: list[str] = []
    for parameter in query.split("&") if query else ():
        key, _, value = parameter.partition("=")
        if key == "pin":
            pins.append(_digest(value, text, "pin", "the public key"))
        elif key == "hash":
            hashes.append(_digest(value, text, "hash", "a certificate of the chain"))
        elif key == "address":
            addresses.append(_known_address(unquote(value)))
        else:
            raise ValueError(f"{shown(text)}: behind ? stand pin=, hash= or address= only")
    return url._replace(pins=tuple(pins), hashes=tuple(hashes), addresses=tuple(addresses))


def _digest(value: str, text: str, key: str, of_what: str) -> bytes:
    try:
        digest = b64decode(unquote(value).translate(_URL_SAFE), validate=True)
    except ValueError:
        digest = b""
    if len(digest) != DIGEST_SIZE:
        raise ValueError(f"{shown(text)}: {key}= takes the SHA-256 of {of_what} in base64")
    return digest


_URL_SAFE: Final = str.maketrans("-_", "+/")


def _known_address(value: str) -> str:
    address = str(parse_address(value))
    refuse_many(address, address)
    return address


def _checked(url: UpstreamUrl, text: str) -> UpstreamUrl:
    """Refuse what its transport or its host has no use for."""
    if not url.is_encrypted and (url.server_name or url.pins or url.hashes):
        raise ValueError(
            f"{shown(text)}: {url.kind}:// has no certificate, so no name behind # and no pin="
        )
    if url.addresses and not url.is_named:
        raise ValueError(f"{shown(text)} is an address already, remove address=")
    return url
