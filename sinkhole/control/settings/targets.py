"""Where copies of the log are sent: a socket of this machine, or an address and a port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from sinkhole.control.settings.addresses import host_and_port, parse_host, read_port
from sinkhole.control.settings.quoting import listing, shown
from sinkhole.control.settings.values import Kind, read_text

Scheme = Literal["unix", "udp", "tcp"]

LONGEST_PATH: Final = 107
"""Bytes that the kernel takes as a socket's path: `sun_path` without its end (unix(7))."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who is sent something: the `path` of a socket, else a `host` and a `port`."""

    scheme: Scheme
    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        """The text that `parse` reads back."""
        if self.scheme == "unix":
            return f"unix:{self.path}"
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str, schemes: tuple[Scheme, ...], port: int) -> Target:
        """Read "unix:/path" or "tcp://host:port", of these schemes; `port` is the usual one, which
        may be left out. ValueError says what to write."""
        scheme, colon, rest = text.partition(":")
        if not colon or scheme not in schemes:
            examples = (f'"{each}:{_example(each, port)}"' for each in schemes)
            raise ValueError(f"{shown(text)} is no target, write {listing(examples)}")
        if scheme == "unix":
            if not rest.startswith("/") or len(rest.encode()) > LONGEST_PATH:
                raise ValueError(
                    f'{shown(text)} is no socket, write "unix:" and a path from the root, of at'
                    f" most {LONGEST_PATH} bytes"
                )
            return cls("unix", path=rest)
        host, written = host_and_port(rest.removeprefix("//"))
        if not rest.startswith("//") or not host:
            raise ValueError(f'{shown(text)} is no target, write "{scheme}://host:{port}"')
        found = parse_host(host, text)
        number = read_port(text, written) if written else port
        return cls(cast(Scheme, scheme), host=found, port=number)


def target(*schemes: Scheme, port: int) -> Kind:
    """Where to send: by one of these schemes, and to this port where none is written."""

    def read(value: Any) -> Target:
        return (
            value
            if isinstance(value, Target)
            else Target.parse(read_text(value, 1000), schemes, port)
        )

    words = ", ".join(f'"{each}:{_example(each, port)}"' for each in schemes)
    pattern = f"^({'|'.join(schemes)}):"
    return Kind(read, accepts={"type": "string", "pattern": pattern}, syntax=words)


def _example(scheme: Scheme, port: int) -> str:
    return "/path" if scheme == "unix" else f"//host:{port}"
