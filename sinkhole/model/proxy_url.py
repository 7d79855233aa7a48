"""Where a proxy for upstreams is: `socks5://user:password@192.0.2.1:1080`, taken apart."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple
from urllib.parse import quote

from sinkhole.model.masking import MASK

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
        return f"{self.kind}://{self._authority}"

    def __repr__(self) -> str:
        """The same, as a tuple would tell the password."""
        return f"ProxyUrl({str(self)!r})"

    @property
    def text(self) -> str:
        """All of it, as the settings have it."""
        if not self.user and not self.password:
            return str(self)
        password = f":{quote(self.password, safe='')}" if self.password else ""
        return f"{self.kind}://{quote(self.user, safe='*')}{password}@{self._authority}"

    @property
    def masked(self) -> ProxyUrl:
        """The same with its user and password replaced, so that one sees that it has them."""
        return self._replace(user=MASK, password="") if self.user or self.password else self

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
