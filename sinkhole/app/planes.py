"""All that answers DNS: the plane of this process, and those of workers, as one."""

from __future__ import annotations

import secrets

from sinkhole.app.answers import Answers
from sinkhole.app.change import Change
from sinkhole.app.descriptors import Quotas, attainable
from sinkhole.app.encrypted import encrypted_terms
from sinkhole.app.from_settings import ttl_limits
from sinkhole.app.upstreams import prepare_upstreams, upstream_terms
from sinkhole.app.workers import Workers
from sinkhole.control.settings import Settings
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.worker.state import PlaneState, state_of
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer


class Planes:
    """By the settings, beginning with a Policy; what is answered goes to `buffer`.

    `listeners` are of all of them: those of this process, and those whose sockets workers have.
    `facts` are what is known of addresses.
    """

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        buffer: RecordBuffer,
        facts: Facts,
        faults: Faults,
    ) -> None:
        self.quotas = _quotas(settings.dns)
        self.upstreams = Upstreams(
            upstream_terms(settings)._replace(secret=secrets.token_bytes(32)),
            sockets=self.quotas.upstream,
            faults=faults,
        )
        self.answers = Answers(settings, faults)
        self.pipeline = Pipeline(
            policy=policy,
            table=self.answers.table,
            upstreams=self.upstreams.forwarder,
            buffer=buffer,
            limits=ttl_limits(settings),
            serve_stale_s=settings.cache.serve_stale,
            prefetch=settings.cache.prefetch,
        )
        self.workers = Workers(
            settings,
            self.quotas,
            buffer,
            self.answers.table,
            facts,
            faults,
            self.upstreams.made.terms.secret,
        )
        self.answers.file.others = self.workers
        self.listeners = self._make_listeners(settings.dns, faults)

    def _make_listeners(self, dns: DnsSettings, faults: Faults) -> Listeners:
        return Listeners(
            [(each.host, each.port) for each in dns.listen],
            self.pipeline,
            most_connections=self.quotas.connections,
            proxies=dns.proxies,
            faults=faults,
            elsewhere=self.workers.elsewhere,
        )

    async def prepare(self, new: Settings, old: Settings, change: Change) -> None:
        """Go over to other settings, but for those of listeners."""
        prepare_upstreams(self.upstreams, new, old, change)
        self.answers.prepare(new, change, self.pipeline)
        quotas = _quotas(new.dns)
        await self.workers.prepare(new, quotas, change)
        change.exchange(self._use, quotas, self.quotas)

    async def stand_in(self, settings: Settings, change: Change) -> None:
        """Have workers answer, one where there are none, while this program begins anew."""
        await self.workers.prepare(settings, self.quotas, change, stand_in=True)

    def _use(self, quotas: Quotas) -> None:
        self.quotas = quotas
        self.upstreams.sockets = quotas.upstream
        self.listeners.door.hold(quotas.connections)

    def learned(self, packed: bytes) -> None:
        """There may be another answer of what is known of an address."""
        self.pipeline.holding.learned(packed)
        self.workers.learned(packed)

    def renew(self) -> None:
        """The network may be another one."""
        self.upstreams.forwarder.renew()
        self.workers.renew()

    def state(self) -> PlaneState:
        """How all of them do."""
        own = state_of(self.pipeline, self.answers.table, self.listeners, self.upstreams)
        return self.workers.with_those(own)


def _quotas(dns: DnsSettings) -> Quotas:
    return Quotas.of(attainable(), len(dns.listen), encrypted_terms(dns).sockets)
