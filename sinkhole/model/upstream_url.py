"""Where an upstream is and how it is asked: `tls://dns.example.org`, taken apart.

The settings read such texts, links are made of them, and people are shown them.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

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
    def tls_name(self) -> str:
        """The name or address that its certificate must be for, and that is sent as SNI."""
        return self.server_name or self.host

    def __str__(self) -> str:
        """As people write it, without what is usual: "192.0.2.1", "tls://dns.example.org:8853"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.kind] else f":{self.port}"
        if self.kind == "udp":
            return f"{host}{port}" if port else self.host
        path = "" if self.path == DEFAULT_PATH else self.path
        name = f"#{self.server_name}" if self.server_name else ""
        return f"{self.kind}://{host}{port}{path}{name}"
