"""Where a proxy for upstreams is: `socks5://user:password@192.0.2.1:1080`, taken apart."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

ProxyKind = Literal["http", "socks5"]

PROXY_PORTS: Final[dict[ProxyKind, int]] = {"http": 8080, "socks5": 1080}
"""Where none is written; RFC 1928 §3 has one, HTTP proxies only a habit."""


class ProxyUrl(NamedTuple):
    """One proxy: an HTTP proxy that knows CONNECT, or SOCKS5; `user` "" where it asks for none.

    `host` is an IP address or a lower-cased host name.
    """

    kind: ProxyKind
    host: str
    port: int
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        """Without user and password: it is shown and logged."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"
