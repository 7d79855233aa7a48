"""How a query came, and so how it may be answered: what a transport allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Channel:
    """What a transport allows; those of one transport differ by the client's id alone.

    `name` is what log and statistics say. With `truncates`, replies are no longer than the query
    says (EDNS), what is longer is cut, and so is what comes too often: TC tells a real client to
    ask by TCP, where it finds a budget of its own. Without, replies are up to 65,535 bytes long.
    `encrypted` is whether anybody on the way sees sizes only, so that these are padded.

    `client_id` is what the client calls itself (RFC 1035 label, lower-cased), "" for nothing; one
    with an id is made for each connection or request, by `dataclasses.replace`.
    """

    name: str
    truncates: bool = False
    encrypted: bool = True
    client_id: str = ""


UDP: Final = Channel("udp", truncates=True, encrypted=False)
TCP: Final = Channel("tcp", encrypted=False)
TLS: Final = Channel("tls")
HTTPS: Final = Channel("https")
H3: Final = Channel("h3")
QUIC: Final = Channel("quic")
