"""The errors of sinkhole, one tree.

    SinkholeError
    ├── SettingsError   a setting is wrong: which file, line and key, and what to write instead
    ├── ListError       a block or allow list could not be fetched, read or compiled
    ├── WireError       bytes are not a DNS message; carries the rcode to answer with
    ├── CertificateError a certificate of ours, or its key, cannot be used
    ├── UpstreamError   a resolver gave no usable answer; carries the server and the cause
    ├── StorageError    a database or file of ours could not be opened or written
    └── RequestError    what somebody asks of the server is not to be had; carries kind and code

Foreign exceptions are translated once, in the file that uses the library that raises them.
What an error means depends on when it happens: at start it is fatal and says what to do; on a
reload or a list update the old state stays; while serving a query it is never fatal.
Any other exception that leaves a public function is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple


class SinkholeError(Exception):
    """Base of all errors above; its text is written for the person running sinkhole."""


class Misfit(NamedTuple):
    """What is wrong with a key of the settings, or with an item of one, and what to write.

    `line` is all of it for people: `clients "tv": what is wrong`; `where` is what holds it.
    """

    line: str
    key: str
    item: str
    text: str
    where: str = ""

    def __str__(self) -> str:
        """The line."""
        return self.line


class SettingsError(SinkholeError):
    """One or more settings are wrong; the text has one line per problem.

    Each line reads `file:line: key: what is wrong and what to write`. Those about what is stored,
    or is to be, are `Misfit`s, so that programs need not read the line.
    """

    def __init__(self, problems: Sequence[str | Misfit]) -> None:
        self.told = tuple(problems)
        self.problems = [str(each) for each in problems]
        super().__init__("\n".join(self.problems))


class ListError(SinkholeError):
    """A list could not be fetched, read or compiled; the last good copy stays in use."""

    def __init__(self, list_name: str, reason: str) -> None:
        super().__init__(f"list {list_name!r}: {reason}")
        self.list_name = list_name
        self.reason = reason


class WireError(SinkholeError):
    """Bytes that are not the DNS message they should be.

    `rcode` is what to answer the sender with, when the sender is a client (RFC 1035 §4.1.1).
    """

    def __init__(self, reason: str, rcode: int = 1) -> None:
        super().__init__(reason)
        self.rcode = rcode


class UpstreamError(SinkholeError):
    """No usable answer from a resolver (or, with server "", from any of them) in time.

    `said` are the extended errors that they gave for it: pairs of code and text.
    """

    def __init__(self, server: str, cause: str, said: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(f"{server or 'every upstream'}: {cause}")
        self.server = server
        self.cause = cause
        self.said = said


class CertificateError(SinkholeError):
    """A certificate for devices, or its key, cannot be used; the last good pair stays in use."""


class StorageError(SinkholeError):
    """A database or file of ours could not be opened or written; DNS goes on without it."""


RequestKind = Literal[
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "gone",
    "too_many",
    "unavailable",
]


class RequestError(SinkholeError):
    """What somebody asks of the server can't be done; nothing was changed.

    `kind` says whose fault it is and what to do: change the request ("invalid"), sign in, ask
    somebody else ("forbidden"), name something that exists, look again ("conflict"), wait
    ("too_many", "unavailable"). `code` is one word for programs, such as "held_by_file", and never
    changes. `more` is what else a program may want to know, as JSON can say it.
    """

    def __init__(
        self, kind: RequestKind, code: str, text: str, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text)
        self.kind: RequestKind = kind
        self.code = code
        self.more = dict(more or {})
