"""Extended DNS errors: why an answer is what it is, in a code and a few words (RFC 8914).

What an upstream says goes on to clients and into the log, so it is bounded in number and length,
and cleaned: words of strangers end up in front of people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.options import options_in

MOST_ERRORS: Final = 3
"""Errors of upstreams that are passed on; the others are left out."""

MOST_TEXT: Final = 160
"""Bytes of all their texts together: beside a question and an error of ours they must fit 512."""

_CODE_SIZE: Final = 2

_NAMES: Final = (
    "Other Error",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
)
"""By code, as RFC 8914 §5.2 has them."""


class ExtendedError(NamedTuple):
    """The info code and the extra text, "" for none."""

    code: int
    text: str = ""

    def __str__(self) -> str:
        """For people: `extended error 6, DNSSEC Bogus: no signature`."""
        name = f", {_NAMES[self.code]}" if self.code < len(_NAMES) else ""
        return f"extended error {self.code}{name}" + (f": {self.text}" if self.text else "")


def read_errors(options: bytes) -> tuple[ExtendedError, ...]:
    """The errors in the rdata of OPT, bounded; what is malformed ends them.

    A text that is no UTF-8 is left out. Control characters, line ends and the like, which could
    pretend to be somebody else's words, become spaces.
    """
    return bounded(
        ExtendedError(int.from_bytes(data[:2], "big"), _cleaned(data[2:]))
        for code, data in options_in(options)
        if code == n.Option.EDE and len(data) >= _CODE_SIZE
    )


def bounded(errors: Iterable[ExtendedError]) -> tuple[ExtendedError, ...]:
    """The first MOST_ERRORS different ones, their texts cut to MOST_TEXT bytes in all."""
    kept: list[ExtendedError] = []
    left = MOST_TEXT
    for code, text in dict.fromkeys(errors):
        if len(kept) == MOST_ERRORS:
            break
        cut = text.encode()[:left].decode(errors="ignore")  # whole characters
        left -= len(cut.encode())
        kept.append(ExtendedError(code, cut))
    return tuple(kept)


def _cleaned(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
