"""What a sinkhole knows and does about its pair: made, followed, taken over, ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.identity.random_secret import digest
from sinkhole.control.identity.tokens import Tokens
from sinkhole.control.lists.offers import ListOffers
from sinkhole.control.pairing.code import PairingCode
from sinkhole.control.pairing.paired import Paired, read_paired, write_paired
from sinkhole.control.pairing.parties import Accepted, Door, Own
from sinkhole.control.pairing.peer import Peer, let_in, page_url
from sinkhole.control.pairing.peer_hub import PeerHub, read_pulled
from sinkhole.control.pairing.peer_lists import PeerLists
from sinkhole.control.pairing.protocol import PROTOCOL, check_protocol
from sinkhole.control.replication.entries import merge, met, write_meeting
from sinkhole.control.replication.following import Following
from sinkhole.control.replication.hub import Pulled
from sinkhole.control.replication.own_hub import OwnHub
from sinkhole.control.replication.replica import OnMerged, Replica
from sinkhole.control.state.people import Token
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER, Actor, Permission
from sinkhole.model.errors import RequestError, SinkholeError, StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

AGAIN_S: Final = 5.0
"""The time between two tries to tell the other one that it is not the first any more."""

SILENT_S: Final = 60.0
"""After how long without a word of the second the first says so: it asks every ten seconds."""

_P: Final = Permission
_MAY: Final = frozenset({_P.PAIRING, _P.STATUS_READ, _P.STATS_READ, _P.LOG_READ})


class Pairing:
    """The pair of one sinkhole. `go_over` has the state shared otherwise, as `wanted` says."""

    def __init__(self, state: State, tokens: Tokens, own: Own, faults: Faults) -> None:
        self.paired: Paired | None = None
        self.code = PairingCode()
        self.go_over: Callable[[], Awaitable[None]] = _nowhere
        self._state = state
        self._tokens = tokens
        self._own = own
        self._heard: float | None = None
        self._behind = self._seen_term = 0
        self._hub: OwnHub | None = None
        self._following: Following | None = None
        self._on_merged: OnMerged = _unheard
        self.peer: Peer | None = None
        self._turn = asyncio.Lock()
        self._tasks = Tasks("pairing", limit=4, faults=faults)
        self._faults = faults

    async def start(self) -> None:
        """Go on with the pair that there was; StorageError."""
        self._use(await read_paired(self._state))

    async def close(self) -> None:
        """End what is underway with the other one."""
        await self._tasks.close()
        if self.peer is not None:
            await self.peer.close()

    # ---- as the state is shared ------------------------------------------------------------------

    @property
    def wanted(self) -> str:
        """Names with whom the state is to be shared now, "" for nobody."""
        paired = self.paired
        if paired is None:
            return ""
        if paired.is_first:
            return paired.identity
        return repr((paired.identity, paired.url, paired.secret, paired.pin))

    def following(self, state: State, on_merged: OnMerged) -> Following:
        """What shares it: as the first, by numbering changes for the second, else by following."""
        paired = self.paired
        assert paired is not None  # as it is wanted
        self._hub, self._heard, self._behind = None, None, 0
        self._on_merged = on_merged
        if paired.is_first:
            self._following = self._hub = OwnHub(state, paired.identity, on_merged)
        else:
            opened = partial(PeerHub.open, paired, self._own.door, self._hears, self._sees_term)
            self._following = Replica(state, opened, on_merged, self._faults)
        return self._following

    @property
    def hub(self) -> OwnHub:
        """The state as the second gets it; RequestError where this is not the first."""
        if self._hub is None or self.paired is None or not self.paired.is_first:
            text = "this sinkhole is not the first of a pair"
            raise RequestError("conflict", "not_the_first", text)
        return self._hub

    async def list_offers(self) -> ListOffers | None:
        """Lists that the first has, for the second while it is reached."""
        paired, following = self.paired, self._following
        if paired is None or paired.is_first or following is None or self.peer is None:
            return None
        return PeerLists(self.peer, paired.name) if following.status.is_reached else None

    # ---- what people are told --------------------------------------------------------------------

    @property
    def heard_s(self) -> float | None:
        """How long ago the other one was heard of, None for not since the start."""
        return None if self._heard is None else time.monotonic() - self._heard

    @property
    def is_reached(self) -> bool:
        """Whether both have a word with each other."""
        if self.paired is None or self._following is None:
            return False
        if self.paired.is_first:
            return self.heard_s is not None and self.heard_s < SILENT_S
        return self._following.status.is_reached

    @property
    def revision(self) -> int:
        """The last revision of the state that is here."""
        return self._following.status.revision if self._following is not None else 0

    @property
    def is_behind(self) -> bool:
        """Whether the second has not got all yet, as far as is known."""
        if self.paired is None or not self.paired.is_first:
            return not self.is_reached
        return self._behind != self.revision

    @property
    def problems(self) -> list[str]:
        """What the person running it should know."""
        paired, following = self.paired, self._following
        if paired is None:
            return []
        if self._own.obstacle():
            return [f"it is paired with {paired.name}, and {self._own.obstacle()}"]
        if following is not None and following.problem is not None:
            return [following.problem]
        if paired.is_first and self.heard_s is not None and self.heard_s >= SILENT_S:
            return [f"{paired.name}, with which it is paired, was not heard of for a minute"]
        if not paired.is_told:
            return [f"{paired.name} was not told yet that it is not the first any more"]
        return []

    # ---- what people do --------------------------------------------------------------------------

    def offer(self) -> str:
        """A one-time code for another sinkhole; RequestError where there is a pair already."""
        self._refuse_if_paired()
        return self.code.make()

    async def join(self, address: str, code: str, pin: str) -> Paired:
        """Follow the sinkhole at an address that has made a code. RequestError, StorageError."""
        async with self._turn:
            self._refuse_if_paired()
            url = page_url(address, pin)
            if self.code.take(code):
                text = "this sinkhole has made that code itself: the other one has to take it"
                raise RequestError("conflict", "own_code", text)
            self.code.forget()  # else it could let itself in
            given = {"code": code, "protocol": PROTOCOL, "name": self._own.name()}
            told = await let_in(url, pin, {**given, **self._own.door()._asdict()})
            made = Accepted.of(told)
            check_protocol(told["protocol"], made.name)
            paired = Paired(made.state, made.term, False, made.name, url, made.secret, pin)
            await self._keep(paired)
            return paired

    async def take_over(self) -> Paired:
        """Be the first from now on, whether the other one can be told so now or not."""
        async with self._turn:
            paired = self._of_pair()
            if paired.is_first:
                text = f"this is the one that is written to already; {paired.name} follows it"
                raise RequestError("conflict", "is_first", text)
            term = max(paired.term, self._seen_term) + 1
            paired = paired._replace(term=term, is_first=True, is_told=False)
            try:
                pulled = await self._tell(paired)
            except SinkholeError as error:
                log.warning("pairing: %s is told later who is first: %s", paired.name, error)
            else:
                paired = paired._replace(is_told=True)
                await self._take(pulled)
            await self._keep(paired)
            return paired

    async def end(self) -> Paired:
        """Have no pair any more; both go on with what they have."""
        async with self._turn:
            paired = self._of_pair()
            try:
                if self.peer is not None:
                    await self.peer.ask("POST", "/pairing/peer/end", body={})
            except SinkholeError as error:
                log.warning("pairing: %s was not told that it has ended: %s", paired.name, error)
            await self._forget(paired)
            return paired

    # ---- what the other one does -----------------------------------------------------------------

    def is_peer(self, actor: Actor) -> bool:
        """Whether it is the other one of this very pair: no token of an earlier one, no person."""
        token = self._token_of(self._of_pair())
        return token is not None and (actor.kind, actor.id) == ("token", token.id)

    async def accept(
        self, code: str, protocol: int, name: str, door: Door, address: str
    ) -> Accepted:
        """Let another sinkhole in that knows the code. RequestError."""
        async with self._turn:
            self._refuse_if_paired()
            check_protocol(protocol, name)
            if not self.code.take(code):
                text = (
                    "that is not the code, or it counts no more: it is good for ten minutes, once, "
                    "and for five tries"
                )
                raise RequestError("unauthenticated", "wrong_code", text)
            made = await self._tokens.add(f"paired with {name}", _MAY, None, SERVER)
            url = door.at(address)
            state = secrets.token_hex(8)
            paired = Paired(state, 1, True, name, url, made.secret, door.pin)
            await self._keep(paired)
            return Accepted(state, 1, self._own.name(), made.secret)

    async def greeted(self, state: str, door: Door, address: str) -> Paired:
        """The second begins to follow; RequestError where it is of another pair."""
        async with self._turn:
            paired = self._of_pair()
            if state != paired.state:
                text = f"{self._own.name()} has been paired anew: end the pair, and pair again"
                raise RequestError("conflict", "another_pair", text)
            self.hears_of_second(0)
            there = paired._replace(url=door.at(address), pin=door.pin)
            if paired.is_first and there != paired:
                await write_paired(self._state, there)
                self._use(there)
            return paired

    def hears_of_second(self, revision: int) -> None:
        """The second has asked; it has a revision."""
        self._hears()
        self._behind = revision

    async def follow(self, term: int, door: Door, address: str, after: int) -> Pulled:
        """The other one has become the first: follow it. Gives what it may not have got yet.
        RequestError ("conflict", code `term_is_over`) where this one was made the first later."""
        async with self._turn:
            paired = self._of_pair()
            if term < paired.term or (term == paired.term and paired.is_first):
                text = f"this one was made the first later, in term {paired.term}"
                raise RequestError("conflict", "term_is_over", text, {"term": paired.term})
            if paired.is_first:
                kept = await self._state.keep_before_join()
                told = "pairing: %s is the first now; the backup %s has what is here"
                log.warning(told, paired.name, kept.name)
            pulled = await self.hub.pull(after) if paired.is_first else Pulled(after, [])
            url, pin = (door.at(address), door.pin) if door.port else (paired.url, paired.pin)
            await self._keep(
                paired._replace(term=term, is_first=False, url=url, pin=pin, is_told=True)
            )
            return pulled

    async def ended(self) -> None:
        """The other one has ended the pair."""
        async with self._turn:
            log.warning("pairing: %s has ended it", self._of_pair().name)
            await self._forget(self._of_pair())

    # ---- how it is done --------------------------------------------------------------------------

    def _sees_term(self, term: int) -> None:
        self._seen_term = term

    def _hears(self) -> None:
        self._heard = time.monotonic()

    def _refuse_if_paired(self) -> None:
        if why := self._own.obstacle():
            raise RequestError("conflict", "not_to_be_paired", f"it can't be paired: {why}")
        if self.paired is not None:
            text = "it is paired with another one already: end that first"
            raise RequestError("conflict", "is_paired", text)

    def _of_pair(self) -> Paired:
        if self.paired is None:
            raise RequestError("conflict", "not_paired", "this sinkhole is paired with none")
        return self.paired

    async def _keep(self, paired: Paired | None) -> None:
        await write_paired(self._state, paired)
        before = self.wanted
        self._use(paired)
        if self.wanted != before:
            self._hub = self._following = None
            await self.go_over()

    def _use(self, paired: Paired | None) -> None:
        old, self.paired = self.peer, paired
        self.peer = None
        if paired is not None and paired.url:
            self.peer = Peer(paired.url, paired.secret, paired.pin)
        if old is not None:
            self._tasks.start("closing", old.close())
        if paired is not None and not paired.is_told:
            self._tasks.start("telling", self._tell_until_heard(paired))

    async def _forget(self, paired: Paired) -> None:
        await self._keep(None)
        if token := self._token_of(paired):
            await self._tokens.remove(token)

    def _token_of(self, paired: Paired) -> Token | None:
        wanted = digest(paired.secret)
        return next((each for each in self._tokens.all() if each.digest == wanted), None)

    async def _tell(self, paired: Paired) -> Pulled:
        """Tell the other one that this is the first; what it has that was not known here."""
        if self.peer is None:
            raise StorageError(f"it is not known where {paired.name} is")
        known = await self._state.read(met)
        given = {"term": paired.term, "after": known.revision, **self._own.door()._asdict()}
        told = await self.peer.ask("POST", "/pairing/peer/follow", body=given)
        return read_pulled(told, self.peer.ahead_s)

    async def _take(self, pulled: Pulled) -> None:
        """Have here what the first had when it became the second."""
        known = await self._state.read(met)
        if pulled.revision <= known.revision:
            return

        async def work(database: Database) -> frozenset[str]:
            touched = await merge(database, pulled)
            await write_meeting(database, known._replace(revision=pulled.revision))
            return touched

        if touched := await self._state.merge(work):
            await self._on_merged(touched)

    async def _tell_until_heard(self, paired: Paired) -> None:
        """Try until the other one follows, or was made the first later."""
        while self.paired == paired:
            try:
                await self._tell(paired)
            except RequestError as error:
                if error.code == "term_is_over":
                    await self._step_down(paired)
                    return
            except SinkholeError as error:
                log.debug("pairing: %s", error)
            else:
                if self.paired == paired:
                    await self._keep(paired._replace(is_told=True))
                return
            await asyncio.sleep(AGAIN_S)

    async def _step_down(self, paired: Paired) -> None:
        async with self._turn:
            if self.paired == paired:
                await self._state.keep_before_join()
                await self._keep(paired._replace(is_first=False, is_told=True))


async def _nowhere() -> None:
    """Nothing is shared yet."""


async def _unheard(kinds: frozenset[str]) -> None:
    """Nothing is in force yet."""
