"""Playing scenarios: the real pipeline and filter, a clock that stands still, scripted upstreams.

What may change at any time (each change is a new Policy):

    rules                    the block list from now on: the lines below, in any list format
    block [for TRAIT] [builtin] [hosts ADDRESS...]
                             in its place: names, and with `for` to whom they are refused; `hosts`
                             are the addresses that hosts lines say they have
    rewrite                  in its place: lines of NAME and what is said instead: RCODE,
                             "CNAME NAME" or "TYPE DATA"
    block-addresses NETWORK...    in its place
    local                    local records: lines of NAME ADDRESS... or NAME TYPE DATA
    hosts                    names of a hosts file, written as local records
    blocking MODE [DURATION] [ADDRESS...]
    reserved on | off        whether special-use names are answered here
    discovery on | off       whether resolver.arpa is; with lines of NAME ALPN,... PORT PATH|-
                             ADDRESS...: the encrypted services that it tells
    rebinding on | off | NAME...  whether answers may lead into the house, or those of names
    bogus NETWORK...         addresses that mean NXDOMAIN
    routes                   lines of KEY SET: names that other upstreams are asked about; SET is
                             "default" for the usual ones
    allow NETWORK...         who may ask besides those at home
    dns64 off | PREFIX... [but NETWORK...]
                             IPv6 addresses are made with these prefixes; with `but`, these
                             networks count for no addresses
    subnets                  lines of SET client | SET NETWORK: what upstreams are told of clients;
                             SET is "default" for the usual ones
    traits                   lines of ADDRESS TRAIT...: what rules can ask about these clients
    with KEY VALUE           before anything else: rate_limit, serve_stale, min_ttl, max_ttl, cache

The upstreams and the time:

    upstream NAME TYPE RCODE [scope BITS] [do] [cd] [subnet NETWORK] [via SET]
                                           how it answers from now on: the lines below are records
                                           (`authority`, `additional` in front for those sections)
    upstream down | up | slow | prompt | prompt-once
                                           slow: answers come only once it is prompt again; `once`:
                                           those that are due come, and it is slow as before
    upstream recovered                     one that was down answers again, as of now
    upstream refuses-subnets               questions that tell of clients fail
    upstream crowded | free                crowded: who asks has to give way to others
    wait DURATION

Clients:

    ask NAME TYPE [class NUMBER] [edns] [payload SIZE] [do] [cd] [ad] [nord] [option CODE HEX]
        [from ADDRESS] [over tcp] [times N]
    send [from ADDRESS] [over tcp] [times N]    the bytes below: hex, and text in quotes

What must follow, all of it and nothing else:

    asked NAME TYPE [do] [cd] [subnet NETWORK] [via SET] [times N]
                                           a question went to the upstreams
    expect RCODE OUTCOME ...               the next reply, as they came: what is in it is
                                           below (`...` for any rdata, `authority` in front for
                                           that section), OUTCOME is what the record of it says,
                                           `unrecorded` if there must be none
        tc   ede CODE   saying "text"   list NAME   line N   allowed   hop NAME   via SERVER
        detail "text"   times N
    expect silence                         in its place
    expect no-reply-yet                    somebody waits, nobody got one

A question to the upstreams that no `asked` names before the next `expect` makes the scenario
fail; so does a reply nobody expects. That every reply is well-formed and answers its query
(`decency`) need not be said.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from functools import partial
from typing import Any

from expectation import Exchange, Expectation
from notation import (
    RCODES,
    by_section,
    read_bytes,
    read_record,
    write_opt,
)
from policy_verbs import PolicyVerbs
from script import ScriptError, Step, Words
from sender import Sender
from world import Clock, StillLoop, World, spelled

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import type_number

TURNS = 20
"""Turns of the event loop that settle everything that does not wait for the clock."""


def play(steps: list[Step]) -> None:
    """Play one scenario; ScriptError at the first step that went another way."""
    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(ScenarioRunner(clock).play(steps))


class ScenarioRunner(PolicyVerbs):
    """A scenario being played."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, Any] = {}
        self._made: World | None = None
        self._waiting: list[Exchange] = []
        self._over: deque[Exchange] = deque()
        self._outgoing = 0
        self._start_policy()

    @property
    def world(self) -> World:
        if self._made is None:
            self._made = World(clock=self._clock, **self._given)
        return self._made

    async def play(self, steps: list[Step]) -> None:
        for step in steps:
            words = Words(step)
            verb = words.take("a verb")
            method = getattr(self, f"_do_{verb.replace('-', '_')}", None)
            if method is None:
                raise words.unknown(verb)
            try:
                method(words, step.below)
            except ValueError as error:  # a name, address, type or record that cannot be read
                raise ScriptError(f"{step.place}: {error}") from error
            words.end()
            for _ in range(TURNS):
                await asyncio.sleep(0)
        self._nothing_left(f"{steps[-1].place}: at the end")

    def _nothing_left(self, place: str) -> None:
        self._all_asked_told(place)
        for exchange in (*self._over, *self._waiting):
            raise ScriptError(f"{place}: nothing was said of this:\n{exchange}")

    def _all_asked_told(self, place: str) -> None:
        untold = self.world.upstreams.asked[self._outgoing :]
        if untold:
            raise ScriptError(f"{place}: an upstream was asked for {untold[0]}")

    # ---- what applies ------------------------------------------------------------------------

    def _do_with(self, words: Words, below: list[str]) -> None:
        key = words.take("a key")
        if self._made is not None:
            raise ScriptError(f"{words.place}: {key} is for the beginning of a scenario")
        if key == "rate_limit":
            self._given[key] = words.number("queries a second")
        elif key == "serve_stale":
            self._given["serve_stale_s"] = words.seconds("a duration")
        elif key == "cache":
            self._given["cache_bytes"] = words.number("a number of bytes")
        elif key in ("min_ttl", "max_ttl"):
            self._given["limits"] = TtlLimits(**{f"{key}_s": int(words.seconds("a duration"))})
        else:
            raise words.unknown(key)

    # ---- upstreams and time ------------------------------------------------------------------

    def _do_upstream(self, words: Words, below: list[str]) -> None:
        name, script = words.take("a name"), self.world.upstreams
        if not words:
            if name in ("down", "up"):
                script.dead = name == "down"
            elif name in ("crowded", "free"):
                script.crowded = name == "crowded"
            elif name == "recovered":
                script.dead, script.recovered_at = False, self._clock.now
            elif name == "refuses-subnets":
                script.refuses_subnets = True
            elif name == "slow":
                script.gate = asyncio.Event()
            elif name in ("prompt", "prompt-once") and script.gate is not None:
                script.gate.set()
                script.gate = asyncio.Event() if name == "prompt-once" else None
            else:
                raise words.unknown(name)
            return
        qtype, rcode = words.take("a type"), RCODES.index(words.take("an rcode"))
        sections = by_section(below)
        for record in itertools.chain(*sections):
            read_record(record)
        answer, authority, additional = map("\n".join, sections)
        scope = words.number("a number of bits") if words.next_is("scope") else None
        flags = _asked_how(words)
        name = to_text(from_text(name))
        if scope is not None:
            script.scopes[f"{name} {qtype}{flags}"] = scope
        script.says(name, qtype, answer, authority, rcode, additional=additional, flags=flags)

    def _do_wait(self, words: Words, below: list[str]) -> None:
        self._clock.now += words.seconds("a duration")

    # ---- clients -----------------------------------------------------------------------------

    def _do_ask(self, words: Words, below: list[str]) -> None:
        name, qtype = words.take("a name"), type_number(words.take("a type"))
        qclass, flags, edns, do = 1, 0x0100, 0, False
        options: list[tuple[int, bytes]] = []
        sender = Sender()
        while words:
            word = words.take("a word")
            if word == "class":
                qclass = words.number("a class")
            elif word == "edns":
                edns = edns or 4096
            elif word == "payload":
                edns = words.number("a size")
            elif word == "do":
                edns, do = edns or 4096, True
            elif word in ("cd", "ad"):
                flags |= 0x0010 if word == "cd" else 0x0020
            elif word == "nord":
                flags &= ~0x0100
            elif word == "option":
                code = words.number("an option code")
                options.append((code, bytes.fromhex(words.take("hex, or - for none").strip("-"))))
                edns = edns or 4096
            elif not sender.understands(word, words):
                raise words.unknown(word)
        question = spelled(name) + qtype.to_bytes(2, "big") + qclass.to_bytes(2, "big")
        opt = write_opt(edns, do, options) if edns else b""
        head = flags.to_bytes(2, "big") + bytes((0, 1, 0, 0, 0, 0, 0, bool(edns)))
        self._start(words.place, head + question + opt, sender)

    def _do_send(self, words: Words, below: list[str]) -> None:
        sender = Sender()
        while words:
            word = words.take("a word")
            if not sender.understands(word, words):
                raise words.unknown(word)
        self._start(words.place, read_bytes(" ".join(below)), sender, with_id=False)

    def _start(self, place: str, query: bytes, sender: Sender, *, with_id: bool = True) -> None:
        for number in range(sender.times):
            query_id = (0x5000 + number).to_bytes(2, "big") if with_id else b""
            exchange = Exchange(place, query_id + query, sender.channel)
            self._waiting.append(exchange)
            self.world.client = self.world.client_at(sender.address)
            reaction = self.world.now(exchange.query, exchange.channel)
            if isinstance(reaction, Waiting):
                self.world.pipeline.answer_then(reaction, partial(self._heard, exchange))
            else:
                self._heard(exchange, reaction if isinstance(reaction, bytes) else None)

    def _heard(self, exchange: Exchange, reply: bytes | None) -> None:
        # Nothing ran between its record and here, so what is in the buffer is about this one.
        exchange.reply, exchange.reports = reply, self.world.reports()
        self._waiting.remove(exchange)
        self._over.append(exchange)

    # ---- what must follow --------------------------------------------------------------------

    def _do_asked(self, words: Words, below: list[str]) -> None:
        name = words.take("a name")
        wanted = f"{to_text(from_text(name))} {words.take('a type')}{_asked_how(words)}"
        for _ in range(words.number("a number") if words.next_is("times") else 1):
            asked = self.world.upstreams.asked[self._outgoing : self._outgoing + 1]
            if asked != [wanted]:
                raise ScriptError(f"{words.place}: upstreams were asked {asked or 'nothing'}")
            self._outgoing += 1

    def _do_expect(self, words: Words, below: list[str]) -> None:
        self._all_asked_told(words.place)
        if words.next_is("no-reply-yet"):
            if self._over or not self._waiting:
                raise ScriptError(
                    f"{words.place}: {self._over[0] if self._over else 'nobody asks'}"
                )
            return
        expectation = Expectation(words, below)
        for _ in range(expectation.times):
            if not self._over:
                raise ScriptError(
                    f"{words.place}: no reply came, {len(self._waiting)} wait for one"
                )
            exchange = self._over.popleft()
            failures = expectation.failures(exchange)
            if failures:
                told = "\n  ".join(failures)
                raise ScriptError(f"{words.place}:\n  {told}\n{exchange}")


def _asked_how(words: Words) -> str:
    """` do`, ` cd`, ` subnet NETWORK` and ` via SET`, as far as they stand next."""
    flags = "".join(f" {flag}" for flag in ("do", "cd") if words.next_is(flag))
    more = [f" {key} {words.take(key)}" for key in ("subnet", "via") if words.next_is(key)]
    return flags + "".join(more)
