"""An X.509 certificate (RFC 5280), read as far as people and pins need it.

Whether one is to be trusted is for OpenSSL to say. What it does not give away is the certificate
that it turned down, and the digests that pins and stamps are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Final, NamedTuple

MOST_NAMES: Final = 100
"""Names of one certificate that are read; the others are left out."""

_SEQUENCE: Final = 0x30
_OID: Final = 0x06
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87
_TIMES: Final = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime, whose years are 1950 to 2049, and GeneralizedTime (RFC 5280 §4.1.2.5)."""

_ALTERNATIVE_NAMES: Final = b"\x55\x1d\x11"
_COMMON_NAME: Final = b"\x55\x04\x03"
_ORGANIZATION: Final = b"\x55\x04\x0a"


class Certificate(NamedTuple):
    """What a certificate says of itself.

    `names` are the host names and IP addresses it is for, `subject` and `issuer` their common name,
    or else organization. `key_sha256` is of its public key with the algorithm (SPKI), as pins are
    (RFC 7858 §4.2); `tbs_sha256` of all that its issuer signed, as in stamps.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_sha256: bytes
    tbs_sha256: bytes

    def is_for(self, name: str) -> bool:
        """Whether it is for a lower-cased host name; a wildcard is one label (RFC 9525 §6.3)."""
        return name in self.names or f"*.{name.partition('.')[2]}" in self.names


class _Element(NamedTuple):
    """One element of DER: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER; raises ValueError for whatever is none."""
    tbs = _first(_first(_elements(der), _SEQUENCE), _SEQUENCE)
    parts = [part for part in _elements(tbs.content) if part.tag != _VERSION]
    if len(parts) < 6:
        raise ValueError("a certificate ends before its public key")
    _serial, _algorithm, issuer, validity, subject, key, *rest = parts
    not_before, not_after = _times(validity)
    return Certificate(
        names=_names(rest),
        subject=_called(subject),
        issuer=_called(issuer),
        not_before=not_before,
        not_after=not_after,
        key_sha256=sha256(key.whole).digest(),
        tbs_sha256=sha256(tbs.whole).digest(),
    )


def _elements(data: bytes) -> Iterator[_Element]:
    """The elements that `data` is made of, X.690 §8.1 with the lengths that DER allows."""
    position = 0
    while position < len(data):
        start = position
        if position + 2 > len(data):
            raise ValueError("an element of a certificate ends within its head")
        tag, size = data[position], data[position + 1]
        position += 2
        if size >= 0x80:
            digits = size & 0x7F
            if not 1 <= digits <= 4:
                raise ValueError("an element of a certificate has no proper length")
            size = int.from_bytes(data[position : position + digits], "big")
            position += digits
        end = position + size
        if end > len(data):
            raise ValueError("an element of a certificate is longer than what it is in")
        yield _Element(tag, data[position:end], data[start:end])
        position = end


def _first(elements: Iterator[_Element] | _Element, tag: int) -> _Element:
    """The first element, or the first one within an element, which must be of this tag."""
    if isinstance(elements, _Element):
        elements = _elements(elements.content)
    found = next(elements, None)
    if found is None or found.tag != tag:
        raise ValueError("what should be a certificate has another shape")
    return found


def _times(validity: _Element) -> tuple[datetime, datetime]:
    times = [
        datetime.strptime(_text(part.content), _TIMES[part.tag]).replace(tzinfo=UTC)
        for part in _elements(validity.content)
        if part.tag in _TIMES
    ]
    if len(times) != 2:
        raise ValueError("a certificate does not say from when to when it is valid")
    return times[0], times[1]


def _called(name: _Element) -> str:
    """What a distinguished name is called: its common name, else its organization, else ""."""
    said: dict[bytes, str] = {}
    for group in _elements(name.content):
        for pair in _elements(group.content):
            parts = list(_elements(pair.content))
            if len(parts) == 2 and parts[0].tag == _OID:
                said[parts[0].content] = _text(parts[1].content)
    return said.get(_COMMON_NAME) or said.get(_ORGANIZATION, "")


def _names(rest: list[_Element]) -> tuple[str, ...]:
    """The subject's alternative names, RFC 5280 §4.2.1.6: host names and addresses."""
    names: list[str] = []
    for block in rest:
        if block.tag != _EXTENSIONS:
            continue
        for extension in _elements(_first(block, _SEQUENCE).content):
            parts = list(_elements(extension.content))
            if len(parts) > 1 and parts[0].content == _ALTERNATIVE_NAMES:
                sequence = _first(_elements(parts[-1].content), _SEQUENCE)
                names += filter(None, map(_name, _elements(sequence.content)))
    return tuple(names[:MOST_NAMES])


def _name(name: _Element) -> str:
    if name.tag == _DNS_NAME:
        return _text(name.content).lower()
    if name.tag == _IP_ADDRESS and len(name.content) in (4, 16):
        return str(ip_address(name.content))
    return ""


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
