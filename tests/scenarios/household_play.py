"""Scenarios of groups, clients, schedules and pauses: how they are written, and how played.

    == What is promised
        settings as YAML, where they differ from `home.BASE`
    at tue 21:30                     let time pass until then, by the clock of the household
    pass 30                          let so many seconds pass
    clock says 2026-03-02T12:00      somebody sets the wall clock; nobody is told
    set KEY: YAML                    other settings
    pause SCOPE [NAME] [for SECONDS | until MOMENT]        resume SCOPE [NAME]
    restart                          with what is stored, as after the machine was
    network ADDRESS [mac M] [devices N] [hosts NAME...]    what is known of an address
    upstream NAME TYPE RECORD...     what is said of a name from now on
    ADDRESS, ... [as ID] asks NAME [TYPE] [option CODE HEX] [times N] -> CLAUSE; CLAUSE; ...

Each clause must hold for the (last) reply. There are: the outcome (`forwarded`, `cached`,
`blocked by LIST`, `rewritten`...), `rule TEXT`, the rcode, `no records`, the data of each record,
`ttl N`, `asked nobody`, `asked QUESTION`, `group NAME`, `device MAC`, `names hidden`,
`client hidden`, `no rows`, `no counts`, `ede CODE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import dnslib
import yaml
from home import Home, Known
from notation import full_rcode, write_opt
from world import ede_of

from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import rcode_name, type_number
from sinkhole.model.record import Report, Who

_ASKS = re.compile(
    r"(?P<who>[0-9a-f.:, ]+?)(?: as (?P<id>\S+))? asks (?P<name>\S+)(?: (?P<type>[A-Z0-9]+))?"
    r"(?: option (?P<code>\d+) (?P<hex>\S+))?(?: times (?P<times>\d+))? -> (?P<wanted>.+)"
)
_PAUSE = re.compile(
    r"(?:pause|resume) (?P<scope>\w+)(?: (?P<name>.+?))??(?: (?P<how>for \d+|until .+))?"
)
_NETWORK = re.compile(
    r"network (?P<address>\S+)(?: mac (?P<mac>\S+))?(?: devices (?P<devices>\d+))?"
    r"(?: hosts (?P<hosts>.+))?"
)


class Told(NamedTuple):
    """One scenario: where it stands, what it promises, the settings, and the steps by line."""

    place: str
    title: str
    settings: dict[str, Any]
    steps: list[tuple[int, str]]

    def __str__(self) -> str:
        return f"{self.place}: {self.title}"


def read_households(path: Path) -> Iterator[Told]:
    """The scenarios of a file."""
    title, first, settings, steps = "", 0, list[str](), list[tuple[int, str]]()
    lines = [*enumerate(path.read_text(encoding="utf-8").splitlines(), start=1), (0, "== ")]
    for number, line in lines:
        if line.startswith("== "):
            if title:
                tree = yaml.safe_load("\n".join(settings)) or {}
                yield Told(f"{path.name}:{first}", title, tree, steps)
            title, first, settings, steps = line[3:], number, [], []
        elif line.startswith(" "):
            settings.append(line)
        elif line and not line.startswith("#"):
            steps.append((number, line))


async def play(told: Told, home: Home, way: str) -> None:
    """Play a scenario at home; AssertionError at the first step that goes another way."""
    player = Player(home, way)
    for number, line in told.steps:
        place = f"{told.place.partition(':')[0]}:{number}: {line}"
        try:
            await player.step(line)
        except AssertionError as error:
            raise AssertionError(f"{place}\n  {error}") from None
        except Exception as error:
            error.add_note(place)
            raise


class Player:
    """Does one step after the other."""

    def __init__(self, home: Home, way: str) -> None:
        self._home = home
        self._way = way

    async def step(self, line: str) -> None:
        """Do what a line says."""
        home, (verb, _, rest) = self._home, line.partition(" ")
        if asks := _ASKS.fullmatch(line):
            for address in asks["who"].split(","):
                await self._ask(address.strip(), asks)
        elif verb == "at":
            await home.at(rest)
        elif verb == "pass":
            await home.let_pass(float(rest))
        elif verb == "clock":
            home.set_clock(rest.removeprefix("says "))
        elif verb == "set":
            change = yaml.safe_load(rest)
            await (home.by_file(change) if self._way == "file" else home.by_api(change))
        elif verb in ("pause", "resume"):
            await self._pause(line, verb)
        elif verb == "restart":
            await home.restart()
        elif found := _NETWORK.fullmatch(line):
            hosts = tuple((found["hosts"] or "").split())
            known = Known(found["mac"] or "", hosts, int(found["devices"] or 1))
            home.know(found["address"], known)
        elif verb == "upstream":
            name, qtype, answer = rest.split(" ", 2)
            home.upstreams.says(name, qtype, f"{name}. 3600 {qtype} {answer}")
        else:
            raise AssertionError("that means nothing")

    async def _pause(self, line: str, verb: str) -> None:
        found = _PAUSE.fullmatch(line)
        assert found, "that means nothing"
        if verb == "pause":
            await self._home.pause(found["scope"], found["name"] or "", found["how"] or "")
        else:
            await self._home.resume(found["scope"], found["name"] or "")

    async def _ask(self, address: str, asks: re.Match[str]) -> None:
        query = _query(asks)
        before = len(self._home.upstreams.asked)
        reply, report, who = b"", None, None
        for _ in range(int(asks["times"] or 1)):
            reply, report, who = self._answer(query, address, asks["id"] or "")
        assert report is not None, "nothing was recorded"
        assert who is not None
        found = clauses(reply, report, who, self._home.upstreams.asked[before:])
        for wanted in map(str.strip, asks["wanted"].split(";")):
            assert wanted in found, f"{address}: {wanted!r} is not in {found}"

    def _answer(self, query: bytes, address: str, client_id: str) -> tuple[bytes, Report, Who]:
        pipeline, packed = self._home.pipeline, ip_address(address).packed
        clients = pipeline.clients
        client = clients.identified(packed, client_id) if client_id else clients.of(packed)
        reaction = pipeline.answer_now(query, client, UDP, self._home.clock.now)
        pipeline.close_batch(UDP, self._home.clock.now)
        replies: list[bytes] = []
        if isinstance(reaction, Waiting):
            pipeline.answer_then(reaction, _appending(replies))
        else:
            replies.append(reaction or b"")
        (record,) = [each for batch in self._home.buffer.drain(1000) for each in batch.records]
        return replies[0], *record


def clauses(reply: bytes, report: Report, who: Who, asked: list[str]) -> list[str]:
    """All that can be said of a reply."""
    read, verdict = dnslib.DNSRecord.parse(reply), report.verdict
    outcome, by = verdict.outcome.name.lower(), verdict.cause.list_name
    found = [outcome, rcode_name(full_rcode(read)), f"group {who.group}"]
    found += [f"{outcome} by {by}"] if by else []
    found += [f"allowed by {by}"] if verdict.allowed else []
    found += [f"rule {verdict.cause.rule}"] if verdict.cause.rule else []
    found += [str(each.rdata) for each in read.rr] or ["no records"]
    found += sorted({f"ttl {each.ttl}" for each in read.rr})
    found += [f"asked {each}" for each in asked] or ["asked nobody"]
    found += [f"device {who.device}"] if who.device else []
    found += [f"ede {ede[0]}"] if (ede := ede_of(read)) else []
    telling = who.telling
    hidden = {
        "names hidden": telling.names,
        "client hidden": telling.client,
        "no rows": telling.rows,
        "no counts": telling.counts,
    }
    return found + [word for word, is_told in hidden.items() if not is_told]


def _query(asks: re.Match[str]) -> bytes:
    qtype = type_number(asks["type"] or "A")
    options = [(int(asks["code"]), bytes.fromhex(asks["hex"]))] if asks["code"] else []
    head = bytes.fromhex("2f010100 0001 0000 0000 0001".replace(" ", ""))
    question = from_text(asks["name"]) + qtype.to_bytes(2, "big") + b"\0\1"
    return head + question + write_opt(4096, False, options)


def _appending(replies: list[bytes]) -> Callable[[bytes], None]:
    return replies.append
