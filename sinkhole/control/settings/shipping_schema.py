"""To whom copies of the query log go: the section `shipping`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.targets import Target, target
from sinkhole.control.settings.units import Size, byte_count
from sinkhole.control.settings.values import Kind, Section, choice, flag, read_text, whole_number

SyslogFacility = Literal[
    "user", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"
]

SUFFIX: Final = ".jsonl"
"""Of files that are written here: nobody can have another file of this machine added to."""


def lines_file() -> Kind:
    """The path of a file of JSON lines, absolute or in the data folder."""

    def read(value: Any) -> Path:
        path = value if isinstance(value, Path) else Path(read_text(value, 4000))
        if str(path).startswith("~"):
            raise ValueError(f"{shown(value)}: ~ has no meaning here, write the whole path")
        if path.suffix != SUFFIX or ".." in path.parts:
            raise ValueError(f'{shown(value)} is no such file, write one such as "queries{SUFFIX}"')
        return path

    return Kind(read, accepts={"type": "string", "pattern": r"\.jsonl$"})


class ShippingSettings(Section):
    """Copies of the query log for other programs, as it happens, whether or not query_log.enabled.
    What privacy leaves out of the log (query_log.privacy and what it ignores, and the same of
    groups) is left out here as well, and so are answers by query_log.answers. Each target has a
    queue of its own: who is slow or away misses the oldest, and that is counted and shown; DNS
    never waits for it."""

    file: Annotated[Path, lines_file()] | None = Field(default=None, examples=["queries.jsonl"])
    """A file with one JSON object a line for each query; its name ends in ".jsonl". A path from the
    root, or in the data folder."""
    file_size: Annotated[Size, byte_count("1MiB", "1TiB")] = Size.parse("64MiB")
    """How large that file gets: then it is called queries.jsonl.1, the one before it .2, and a new
    one is begun."""
    files_kept: Annotated[int, whole_number(0, 1000)] = 4
    """How many older files are kept beside it."""
    stdout: Annotated[bool, flag()] = False
    """Whether the same lines go to standard output. What is said at the start goes to standard
    error then."""
    syslog: Annotated[Target, target("udp", "tcp", "unix", port=514)] | None = Field(
        default=None, examples=["udp://192.0.2.7:514"]
    )
    """A syslog server (RFC 5424), with the same object as its message: over UDP (RFC 5426), over
    TCP with the length in front (RFC 6587), or to a socket of this machine, which takes
    datagrams."""
    syslog_facility: Annotated[SyslogFacility, choice(*get_args(SyslogFacility))] = "daemon"
    """By which facility messages are told apart there."""
    dnstap: Annotated[Target, target("unix", "tcp", port=6000)] | None = Field(
        default=None, examples=["unix:/run/dnstap/dnstap.sock"]
    )
    """A receiver of dnstap, with the handshake of frame streams: a CLIENT_RESPONSE for each
    query."""
