"""/metrics: everything countable in the Prometheus text format, read when it is scraped.

Counters go on over a restart, and never go down (see `control/stats/carried`).
"""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from sinkhole.control.operations.house import House
from sinkhole.control.web.metric_families import families_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_COUNTED = ("counter", "histogram")


class Metrics:
    """The handler of /metrics, with a registry of its own."""

    def __init__(self, house: House) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collector(house))
        ProcessCollector(registry=self._registry)

    async def scrape(self, request: web.Request) -> web.Response:
        """GET /metrics."""
        return web.Response(
            body=generate_latest(self._registry),
            headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
        )


def count_once_more(house: House) -> None:
    """Have `house.carried` know how far all counters are, as if they were scraped."""
    for _ in _Collector(house).collect():
        continue


class _Collector(Collector):
    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not ask the sources yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        total = self._house.carried.total
        for family in families_of(self._house):
            if family.type in _COUNTED:
                family.samples = [
                    each._replace(value=total(each.name, each.labels, each.value))
                    for each in family.samples
                ]
            yield family
