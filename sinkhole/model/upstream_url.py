"""Where an upstream is and how it is asked: `tls://dns.example.org`, taken apart.

The settings read such texts, links are made of them, and people are shown them.
"""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple

from sinkhole.model.masking import masked_address

UpstreamKind = Literal["udp", "tcp", "tls", "https", "h3", "quic"]

DEFAULT_PORTS: Final[dict[UpstreamKind, int]] = {
    "udp": 53,
    "tcp": 53,
    "tls": 853,
    "quic": 853,  # RFC 7858 §3.1, RFC 9250 §4.1.1
    "https": 443,
    "h3": 443,
}

DEFAULT_PATH: Final = "/dns-query"
"""Of https and h3, where none is written; RFC 8484 leaves it open, and everybody has this one."""


class UpstreamUrl(NamedTuple):
    """One upstream of the settings.

    `host` is an IP address (link-local with %interface) or a lower-cased host name; `path` is of
    https and h3 only, and begins with "/". `server_name` is the name that the certificate must be
    for, where that is not `host`. `pins` are SHA-256 digests of public keys (SPKI), one of which
    decides in place of the authorities; `hashes` are SHA-256 digests of certificates as signed
    (TBS, as stamps have them), one of which the chain must have besides. `addresses` are known
    beforehand, so that nobody has to be asked for them.
    """

    kind: UpstreamKind
    host: str
    port: int
    path: str = ""
    server_name: str = ""
    pins: tuple[bytes, ...] = ()
    hashes: tuple[bytes, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read the questions."""
        return self.kind not in ("udp", "tcp")

    @property
    def is_named(self) -> bool:
        """Whether its host is a name, so that addresses have to be found for it."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False

    @property
    def tls_name(self) -> str:
        """The name or address that its certificate must be for, and that is sent as SNI."""
        return self.server_name or self.host

    def __str__(self) -> str:
        """What people are shown, without what is usual: "192.0.2.1", "tls://dns.example.org:8853".

        What looks random in the path is masked, as some providers know their customers by it; pins
        and the like are left out.
        """
        if self.kind == "udp" and not self.is_named:
            return self._authority if self.port != DEFAULT_PORTS["udp"] else self.host
        path = "" if self.path == DEFAULT_PATH else masked_address(self.path)
        name = f"#{self.server_name}" if self.server_name else ""
        return f"{self.kind}://{self._authority}{path}{name}"

    @property
    def text(self) -> str:
        """All of it, as the settings have it: with its secrets, its pins and the like."""
        path = "" if self.path == DEFAULT_PATH else self.path
        given = [f"pin={_base64(pin)}" for pin in self.pins]
        given += [f"hash={_base64(each)}" for each in self.hashes]
        given += [f"address={each}" for each in self.addresses]
        query = f"?{'&'.join(given)}" if given else ""
        name = f"#{self.server_name}" if self.server_name else ""
        if self.kind == "udp" and not self.is_named:
            return str(self)
        return f"{self.kind}://{self._authority}{path}{query}{name}"

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.kind] else f"{host}:{self.port}"


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
