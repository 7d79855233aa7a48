"""All that operations work on, put together by `app`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from sinkhole.control.database import Reader
from sinkhole.control.devices.devices import Devices
from sinkhole.control.explain import Explainer
from sinkhole.control.explain.audience import Audience
from sinkhole.control.explain.policy_trial import PolicyTrial
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.library import Library
from sinkhole.control.operations.drain import Drain
from sinkhole.control.operations.restarting import Restarting
from sinkhole.control.operations.underway import Underway
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.control.querylog import LogStore, QueryLog
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Carried, Counters, Statistics
from sinkhole.model.errors import RequestError
from sinkhole.model.explanation import KeptAnswer, Resolved
from sinkhole.model.nodes import Nodes, Wish
from sinkhole.model.record import ClientName
from sinkhole.model.status import CertificateFacts, EncryptedStatus, Health, Problem, UpstreamTrial


class CacheDesk(Protocol):
    """The answers that are remembered: `explain/kept_answers.KeptAnswers`."""

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """What is kept about a name (text), with `below` about all below it as well, `most` entries
        at most; ValueError for what is no name."""

    async def flush(self, name: str | None, *, below: bool) -> int:
        """Forget everything, or a name, or with `below` also all below it; how many entries."""


class CertificateDesk(Protocol):
    """A certificate for devices that is given, and kept: `app/kept_certificate.KeptCertificate`."""

    path: Path
    """Where it is kept, with its key."""

    async def keep(self, chain: bytes, key: bytes) -> CertificateFacts:
        """Check it and put it in the place of the one there is; CertificateError, StorageError."""

    async def forget(self) -> None:
        """Remove it."""


class NodesDesk(Protocol):
    """The sinkholes that share a database with this one: `app/nodes.NodesHere`."""

    @property
    def name(self) -> str:
        """What this one is called."""

    def told(self) -> Nodes:
        """All that are known, this one among them."""

    async def drain(self, name: str, wish: Wish) -> bool:
        """Drain a node, or no more; whether there is one that will hear of it. StorageError."""

    async def forget(self, name: str) -> bool:
        """Forget a node that is away; whether there was one. StorageError."""


def _needs_server() -> NoReturn:
    text = "this needs the running server, and none answers here"
    raise RequestError("unavailable", "no_server", text)


@dataclass(frozen=True, slots=True)
class House:
    """What there is to work on. Without a running server (`is_serving` False) only settings, state,
    identity and lists are there; operations that need more raise RequestError ("unavailable")."""

    settings: SettingsInForce
    state: State
    identity: Identity
    protection: Protection
    temporary_rules: TemporaryRules
    library: Library
    query_log: Callable[[], QueryLog]
    """RequestError ("unavailable") while it could not be opened."""
    log_store: Callable[[], LogStore]
    """What is read of the log; without a server, too."""
    log_reader: Callable[[], Reader]
    """The file of this very sinkhole, where it is known what was taken over of others."""
    client_name: ClientName
    """What the settings call an address or id of a client, "" for one they do not know."""
    devices: Callable[[], Devices]
    """Whoever asked lately."""
    statistics: Callable[[], Statistics]
    audience: Callable[[], Audience]
    """Everybody with the rules for each, also while the filter is paused."""
    explainer: Callable[[], Explainer]
    on_trial: Callable[[Settings], Awaitable[PolicyTrial]]
    """Other settings beside those in force, for trying them on the log."""
    nodes: NodesDesk
    resolve: Callable[[str, str, str], Awaitable[Resolved]]
    """Answers a question (name, type, client's address or "" for this machine) as it would that
    client: `explain/asking.Asking.resolve`. ValueError for what is no name, type or address."""
    cache: CacheDesk
    counters: Counters
    carried: Carried
    """What the counters of /metrics are ahead of those."""
    status: Callable[[], Mapping[str, Any]]
    """What the old /api/status answers."""
    problems: Callable[[], list[Problem]]
    health: Callable[[], Health]
    ready: Callable[[], list[str]]
    """Why this server is not to be asked now, a sentence each; [] for nothing, which is what
    /readyz asks."""
    encrypted: Callable[[], EncryptedStatus]
    """How devices reach it by encrypted DNS."""
    certificates: CertificateDesk
    try_upstream: Callable[[str], Awaitable[UpstreamTrial]]
    own_log: Callable[[], AbstractAsyncContextManager[QueryLog]] | None = None
    """The log for who works on it for a time: opened for that, where no server has it."""
    pairing: Callable[[], Pairing] = _needs_server
    """With whom it is paired."""
    is_serving: bool = True
    drain: Drain = field(default_factory=Drain)
    restarting: Restarting = field(default_factory=Restarting)
    underway: Underway = field(default_factory=Underway)

    @asynccontextmanager
    async def log_to_write(self) -> AsyncIterator[QueryLog]:
        """The log, open for as long as this; RequestError ("unavailable") or StorageError."""
        if self.own_log is None:
            yield self.query_log()
        else:
            async with self.own_log() as log:
                yield log
