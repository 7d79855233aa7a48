"""The query log of AdGuard Home: querylog.json, and querylog.json.1 before it; JSON, line by line.

A file only ever grows, and keeps its first line when it gets another name: that tells it apart.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import blake2b
from ipaddress import ip_address
from itertools import chain, starmap
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Final

from sinkhole.control.imports.past import (
    MOST_IN_PIECE,
    OWN_RULES,
    Known,
    Lists,
    Piece,
    microseconds,
)
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Rcode, type_number
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.errors import WireError
from sinkhole.model.record import EVERYTHING, Batch, Report
from sinkhole.model.verdict import Outcome, Verdict

MOST_LINE: Final = 256 << 10
"""Bytes of a line: two messages of the largest size in Base64."""

MOST_LOOKED_AT: Final = 100
"""Lines that may be damaged before a file is none of its logs."""

LONGEST_ID: Final = 200

CHANNELS: Final = {"": "udp", "doh": "https", "dot": "tls", "doq": "quic", "dnscrypt": "udp"}
"""How a query came, in its words; UDP and TCP it does not tell apart."""

SAFE_BROWSING: Final = "safe browsing"
PARENTAL: Final = "parental control"
"""What stands for a list where a server of AdGuard decided."""

ALLOWED: Final = 1
BLOCKED: Final = 3
REASONS: Final = {
    4: (Outcome.BLOCKED, SAFE_BROWSING),
    5: (Outcome.BLOCKED, PARENTAL),
    6: (Outcome.REFUSED, ""),
    7: (Outcome.REWRITTEN, "safe search"),
    8: (Outcome.BLOCKED, "services"),
    9: (Outcome.LOCAL, "local records"),
    10: (Outcome.LOCAL, "hosts file"),
    11: (Outcome.REWRITTEN, ""),
}
"""Its other reasons, by number: what became of the query, and what stands for a list that decided:
"" for the list that the rule is in."""


class AdGuardQueries:
    """One file of the log; made by `open`."""

    program = "AdGuard Home"

    def __init__(self, path: Path, identity: str, lists: Lists) -> None:
        self.identity = identity
        self._path = path
        self._lists = lists
        self._known = Known()

    @classmethod
    async def open(cls, path: Path, lists: Lists) -> AdGuardQueries:
        """The file at a path; ValueError for what is none."""
        return cls(path, await asyncio.to_thread(_identity_of, path), lists)

    async def pieces(self, after: int) -> AsyncIterator[Piece]:
        """All behind a place in the file, which is an offset at the beginning of a line."""
        place = after
        while True:
            piece = await asyncio.to_thread(self._read, place)
            if piece.position == place:
                return
            place = piece.position
            yield piece

    def _read(self, place: int) -> Piece:
        """The next piece; of queries that were answered at about one time, the earlier first."""
        batches: list[Batch] = []
        damaged = 0
        with self._path.open("rb") as file:
            file.seek(place)
            for _ in range(MOST_IN_PIECE):
                line = _line(file)
                if not line:
                    break
                batch = self._batch(line)
                if batch is not None:
                    batches.append(batch)
                elif line.strip():
                    if not line.endswith(b"\n") and len(line) < MOST_LINE:
                        break  # it is still being written
                    damaged += 1
                place = file.tell()
        batches.sort(key=attrgetter("time_s"))
        return Piece(batches, place, damaged)

    def _batch(self, line: bytes) -> Batch | None:
        """What a line says, None for a damaged one."""
        try:
            entry = _entry(line)
            moment = datetime.fromisoformat(entry["T"]).timestamp()
            name, qtype = from_text(entry["QH"]), type_number(entry["QT"])
            client = entry.get("CID") or str(ip_address(entry["IP"]))
            channel = CHANNELS[entry.get("CP", "")]
            reply, refused = starmap(_reply, ((entry, "Answer", name), (entry, "OrigAnswer", name)))
            elapsed = microseconds(entry.get("Elapsed", 0) / 1e9)
            verdict = self._verdict(entry, reply, refused)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return None
        rcode = Rcode.SERVFAIL if reply is None else reply.rcode
        report = Report(name, qtype, rcode, verdict, _records(name, reply), _records(name, refused))
        who = self._known.client(str(client)[:LONGEST_ID], EVERYTHING)
        return Batch(moment, elapsed, [(report, who)], channel)

    def _verdict(self, entry: Any, reply: Reply | None, refused: Reply | None) -> Verdict:
        result = entry.get("Result") or {}
        reason = result.get("Reason", 0)
        upstream = str(entry.get("Upstream", ""))
        list_name, rule = self._decided_by(result)
        if reason == BLOCKED:
            outcome = Outcome.BLOCKED if refused is None else Outcome.BLOCKED_ANSWER
            return self._known.verdict(outcome, list_name, rule, upstream=upstream)
        if reason in REASONS:
            outcome, instead = REASONS[reason]
            return self._known.verdict(outcome, instead or list_name, rule)
        outcome = _unfiltered(reply, upstream, is_cached=bool(entry.get("Cached")))
        if reason == ALLOWED:
            return self._known.verdict(outcome, list_name, rule, upstream=upstream, allowed=True)
        return self._known.verdict(outcome, upstream=upstream)

    def _decided_by(self, result: Any) -> tuple[str, str]:
        """The list and the text of the rule that decided; before version 0.105 there was one."""
        rules = result.get("Rules")
        if rules:
            text, number = rules[0].get("Text", ""), int(rules[0].get("FilterListID", 0))
        else:
            text, number = result.get("Rule", ""), int(result.get("FilterID", 0))
        if not text and not number:
            return "", ""
        name = self._lists.get(number) or (OWN_RULES if number <= 0 else f"list {number}")
        return name, str(text)


def _entry(line: bytes) -> Any:
    """The JSON of a line; what is no text, such as half of a character, stands in it as "?"."""
    entry = json.loads(line)
    if b"\\u" in line or not line.isascii():
        return json.loads(json.dumps(entry, ensure_ascii=False).encode(errors="replace"))
    return entry


def _unfiltered(reply: Reply | None, upstream: str, *, is_cached: bool) -> Outcome:
    """What became of a query that nothing refused."""
    if reply is None or reply.rcode == Rcode.SERVFAIL:
        return Outcome.FAILED
    if is_cached:
        return Outcome.CACHED
    return Outcome.FORWARDED if upstream else Outcome.LOCAL


def _reply(entry: Any, key: str, name: bytes) -> Reply | None:
    """A message of an entry, None where there is none that can be read."""
    if not entry.get(key):
        return None
    try:
        return read_reply(b64decode(entry[key]), name)
    except WireError:
        return None


def _records(name: bytes, reply: Reply | None) -> bytes:
    return b"" if reply is None or not reply.answer else write_tail(name, reply.answer).data


def _line(file: BinaryIO) -> bytes:
    """The next line; of one that is too long its beginning, and it is passed over."""
    line = file.readline(MOST_LINE)
    rest = line
    while len(rest) == MOST_LINE and not rest.endswith(b"\n"):
        rest = file.readline(MOST_LINE)
    return line


def _identity_of(path: Path) -> str:
    with path.open("rb") as file:
        first = _line(file)
        lines = chain([first], (_line(file) for _ in range(MOST_LOOKED_AT)))
        if first and not any(map(_is_entry, lines)):
            text = "this is no query log of AdGuard Home, such as querylog.json"
            raise ValueError(text)
    return f"adguardhome {blake2b(first, digest_size=16).hexdigest()}"


def _is_entry(line: bytes) -> bool:
    try:
        return bool(json.loads(line).keys() >= {"T", "QH", "IP"})
    except (ValueError, AttributeError, RecursionError):
        return False
