"""/metrics: everything countable in the Prometheus text format, read when it is scraped.

Names of users, clients and queries are never labels: they have no bound. Labels are outcomes,
types, rcodes, transports, and the lists and upstreams of the settings; the library escapes their
text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sinkhole.control.lists.status import ListStatus
from sinkhole.control.operations.house import House
from sinkhole.control.stats import Counters
from sinkhole.model.status import (
    CacheStatus,
    CertificateStatus,
    LogStatus,
    PrefetchStatus,
    UpstreamStatus,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


class _Collector(Collector):
    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not ask the sources yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        status = self._house.status()
        yield InfoMetricFamily("sinkhole_build", "Version.", {"version": status["version"]})
        yield _gauge("sinkhole_start_time_seconds", "Start, in unix seconds.", status["started"])
        yield from _queries(self._house.counters)
        yield from _cache(status["cache"])
        yield from _lists(self._house.library.status())
        yield from _upstreams(status["upstreams"])
        yield from _prefetch(status["prefetch"])
        if status["certificate"] is not None:
            yield _expiry(status["certificate"])
        if status["log"] is not None:
            yield from _log(status["log"])
        yield _losses(status["losses"])


def _queries(counters: Counters) -> Iterator[Metric]:
    for metric, text, label, counts in (
        ("sinkhole_queries", "Queries by what became of them.", "outcome", counters.outcomes),
        ("sinkhole_queries_by_type", "Queries by type.", "type", counters.qtypes),
        (
            "sinkhole_queries_by_transport",
            "Queries by how they came.",
            "transport",
            counters.transports,
        ),
        ("sinkhole_responses", "Responses by rcode.", "rcode", counters.rcodes),
    ):
        family = CounterMetricFamily(metric, text, labels=[label])
        for key, count in counts.items():
            family.add_metric([key], count)
        yield family
    yield HistogramMetricFamily(
        "sinkhole_query_duration_seconds",
        "From a query's arrival to its answer.",
        buckets=counters.duration_buckets(),
        sum_value=counters.duration_sum_s,
    )


def _cache(cache: CacheStatus) -> Iterator[Metric]:
    yield _gauge("sinkhole_cache_entries", "Answers held in the cache.", cache["entries"])
    yield _gauge("sinkhole_cache_size_bytes", "Memory they take.", cache["size_bytes"])
    yield _gauge("sinkhole_cache_limit_bytes", "Memory they may take.", cache["limit_bytes"])


def _lists(lists: Sequence[ListStatus]) -> Iterator[Metric]:
    names = GaugeMetricFamily("sinkhole_list_names", "Names a list holds.", labels=["list", "kind"])
    ready = GaugeMetricFamily("sinkhole_list_ready", "1 if a list is in use.", labels=["list"])
    checked = GaugeMetricFamily(
        "sinkhole_list_checked_timestamp_seconds", "Last look at its source.", labels=["list"]
    )
    for one in lists:
        names.add_metric([one["name"], one["kind"]], one["names"])
        ready.add_metric([one["name"]], one["state"] == "ready")
        if one["checked"] is not None:
            checked.add_metric([one["name"]], one["checked"])
    yield from (names, ready, checked)


def _upstreams(upstreams: Sequence[UpstreamStatus]) -> Iterator[Metric]:
    label = ["upstream"]
    kinds = InfoMetricFamily("sinkhole_upstream", "How it is asked.", labels=label)
    up = GaugeMetricFamily("sinkhole_upstream_up", "1 if it answers.", labels=label)
    rtt = GaugeMetricFamily("sinkhole_upstream_rtt_seconds", "Time it takes now.", labels=label)
    asked = CounterMetricFamily("sinkhole_upstream_queries", "Queries sent to it.", labels=label)
    failed = CounterMetricFamily("sinkhole_upstream_failures", "Not answered.", labels=label)
    connected = GaugeMetricFamily(
        "sinkhole_upstream_connected_seconds", "Age of its connection, if it has one.", labels=label
    )
    for one in upstreams:
        name = [one["name"]]
        kinds.add_metric(name, {"kind": one["kind"]})
        up.add_metric(name, one["up"])
        if one["rtt_ms"] is not None:
            rtt.add_metric(name, one["rtt_ms"] / 1000)
        if one["connected_s"] is not None:
            connected.add_metric(name, one["connected_s"])
        asked.add_metric(name, one["queries"])
        failed.add_metric(name, one["failures"])
    yield from (kinds, up, rtt, _rtt_quantiles(upstreams), connected, asked, failed)


def _rtt_quantiles(upstreams: Sequence[UpstreamStatus]) -> Metric:
    family = GaugeMetricFamily(
        "sinkhole_upstream_rtt_quantile_seconds",
        "Time within which that share of its latest answers came.",
        labels=["upstream", "quantile"],
    )
    for one in upstreams:
        for quantile, ms in (("0.5", one["rtt_p50_ms"]), ("0.95", one["rtt_p95_ms"])):
            if ms is not None:
                family.add_metric([one["name"], quantile], ms / 1000)
    return family


def _prefetch(prefetch: PrefetchStatus) -> Iterator[Metric]:
    for name, text, count in (
        ("sinkhole_prefetch_asked", "Questions asked ahead.", prefetch["asked"]),
        ("sinkhole_prefetch_failed", "Of those, not answered.", prefetch["failed"]),
        ("sinkhole_prefetch_saved", "Queries that had not to wait.", prefetch["saved"]),
    ):
        family = CounterMetricFamily(name, text)
        family.add_metric([], count)
        yield family


def _expiry(certificate: CertificateStatus) -> Metric:
    return _gauge(
        "sinkhole_certificate_expiry_seconds",
        "When the listeners' certificate expires, in unix seconds.",
        certificate["expires"],
    )


def _log(log: LogStatus) -> Iterator[Metric]:
    dropped = CounterMetricFamily("sinkhole_log_dropped", "Records the log had no room for.")
    dropped.add_metric([], log["dropped"])
    yield dropped
    yield _gauge("sinkhole_log_waiting", "Records not written yet.", log["waiting"])
    yield _gauge("sinkhole_log_rows", "Rows in the query log.", log["rows"])
    yield _gauge("sinkhole_log_size_bytes", "Size of the query log.", log["size_bytes"])


def _losses(losses: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(
        "sinkhole_lost", "Given up at a bound or by a bug.", labels=["what"]
    )
    for what, count in losses.items():
        family.add_metric([what], count)
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
