"""What /metrics tells, metric by metric.

Names of users, clients and queries are never labels: they have no bound. Labels are words that
stand in the code, the lists and upstreams of the settings, and the names of nodes; the library
escapes their text.
Names follow the conventions of Prometheus: counters end in `_total` (which the library adds),
units are seconds and bytes, moments are `_timestamp_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from sinkhole.control.lists.status import ListStatus
from sinkhole.control.operations.house import House
from sinkhole.control.stats import Counters
from sinkhole.model.nodes import Nodes
from sinkhole.model.status import (
    CacheStatus,
    CertificateStatus,
    Health,
    LogStatus,
    PrefetchStatus,
    Problem,
    ShippingStatus,
    UpstreamStatus,
)

_STATES: Final = ("ok", "degraded", "failing")
_SEVERITIES: Final = ("error", "warning", "notice")

Values = Iterable[tuple[str | tuple[str, ...], float | None]]
"""Samples of a family: the values of its labels, and a number; without one there is no sample."""


def families_of(house: House) -> Iterator[Metric]:
    """All of a house, at this moment."""
    status = house.status()
    yield InfoMetricFamily(
        "sinkhole_build", "The version of sinkhole that runs.", {"version": status["version"]}
    )
    yield _gauge(
        "sinkhole_start_time_seconds",
        "When the server was started, in unix seconds.",
        status["started"],
    )
    yield from _state(house.health(), house.problems(), is_on=status["protection"]["enabled"])
    yield from _queries(house.counters)
    yield from _cache(status["cache"])
    yield from _lists(house.library.status())
    yield from _upstreams(status["upstreams"])
    yield from _round_trips(status["upstreams"])
    yield from _prefetch(status["prefetch"])
    if status["certificate"] is not None:
        yield _expiry(status["certificate"])
    if status["log"] is not None:
        yield from _log(status["log"])
    yield from _shipping(status["shipping"])
    yield _losses(status["losses"])
    if (nodes := house.nodes.told()).is_shared:
        yield from _nodes(nodes)


def _state(health: Health, problems: Sequence[Problem], *, is_on: bool) -> Iterator[Metric]:
    yield _gauges(
        "sinkhole_health_state",
        "1 for the state of health that the server is in, as /healthz says it.",
        ["state"],
        ((each, each == health.state) for each in _STATES),
    )
    found = [each.severity for each in problems]
    yield _gauges(
        "sinkhole_problems",
        "Problems that the page shows now, by how grave they are.",
        ["severity"],
        ((each, found.count(each)) for each in _SEVERITIES),
    )
    yield _gauge(
        "sinkhole_protection_enabled",
        "1 while the filter is on, 0 while all of it is paused.",
        is_on,
    )


def _queries(counters: Counters) -> Iterator[Metric]:
    yield _counter(
        "sinkhole_queries",
        "Queries that were answered, by what became of them.",
        ["outcome"],
        counters.outcomes.items(),
    )
    yield _counter(
        "sinkhole_queries_by_type",
        "Queries by the type asked for; rare types are one, called other.",
        ["type"],
        counters.qtypes.items(),
    )
    yield _counter(
        "sinkhole_queries_by_transport",
        "Queries by the transport they came by.",
        ["transport"],
        counters.transports.items(),
    )
    yield _counter(
        "sinkhole_responses",
        "Answers by their response code; codes without a name are one, called other.",
        ["rcode"],
        counters.rcodes.items(),
    )
    yield HistogramMetricFamily(
        "sinkhole_query_duration_seconds",
        "From when a query came until its answer was sent.",
        buckets=counters.duration_buckets(),
        sum_value=counters.duration_sum_s,
    )


def _cache(cache: CacheStatus) -> Iterator[Metric]:
    for name, text, value in (
        ("entries", "Answers that the cache holds.", cache["entries"]),
        ("size_bytes", "Memory that these answers take.", cache["size_bytes"]),
        ("limit_bytes", "Memory that they may take: cache.size.", cache["limit_bytes"]),
    ):
        yield _gauge(f"sinkhole_cache_{name}", text, value)


def _lists(lists: Sequence[ListStatus]) -> Iterator[Metric]:
    yield _gauges(
        "sinkhole_list_names",
        "Names that a list blocks or allows.",
        ["list", "kind"],
        (((one["name"], one["kind"]), one["names"]) for one in lists),
    )
    wanted = [one for one in lists if one["enabled"]]
    yield _gauges(
        "sinkhole_list_ready",
        "1 while a list that is switched on is in use.",
        ["list"],
        ((one["name"], one["state"] == "ready") for one in wanted),
    )
    yield _gauges(
        "sinkhole_list_checked_timestamp_seconds",
        "When the source of a list that is switched on was last asked for news, in unix seconds.",
        ["list"],
        ((one["name"], one["checked"]) for one in wanted),
    )


def _upstreams(upstreams: Sequence[UpstreamStatus]) -> Iterator[Metric]:
    label = ["upstream"]
    kinds = InfoMetricFamily("sinkhole_upstream", "How an upstream is asked.", labels=label)
    for one in upstreams:
        kinds.add_metric([one["name"]], {"kind": one["kind"]})
    yield kinds
    yield _gauges(
        "sinkhole_upstream_up",
        "1 while an upstream answers, 0 while it is taken to be down.",
        label,
        ((one["name"], one["up"]) for one in upstreams),
    )
    yield _gauges(
        "sinkhole_upstream_connected_seconds",
        "For how long the connection to an upstream has stood, where there is one.",
        label,
        ((one["name"], one["connected_s"]) for one in upstreams),
    )
    yield _counter(
        "sinkhole_upstream_queries",
        "Questions that an upstream was asked.",
        label,
        ((one["name"], one["queries"]) for one in upstreams),
    )
    yield _counter(
        "sinkhole_upstream_failures",
        "Questions that an upstream did not answer, or could not be asked.",
        label,
        ((one["name"], one["failures"]) for one in upstreams),
    )


def _round_trips(upstreams: Sequence[UpstreamStatus]) -> Iterator[Metric]:
    label = ["upstream"]
    yield _gauges(
        "sinkhole_upstream_rtt_seconds",
        "How long an upstream takes to answer now, smoothed.",
        label,
        ((one["name"], _seconds(one["rtt_ms"])) for one in upstreams),
    )
    yield _gauges(
        "sinkhole_upstream_rtt_p50_seconds",
        "Within which time half of the latest 256 answers of an upstream came.",
        label,
        ((one["name"], _seconds(one["rtt_p50_ms"])) for one in upstreams),
    )
    yield _gauges(
        "sinkhole_upstream_rtt_p95_seconds",
        "Within which time 95 of a hundred of the latest 256 answers of an upstream came.",
        label,
        ((one["name"], _seconds(one["rtt_p95_ms"])) for one in upstreams),
    )


def _prefetch(prefetch: PrefetchStatus) -> Iterator[Metric]:
    asked, failed, saved = prefetch["asked"], prefetch["failed"], prefetch["saved"]
    for name, text, count in (
        ("asked", "Questions that were asked again before their answers expired.", asked),
        ("failed", "Those of them that nobody answered.", failed),
        ("saved", "Queries that had an answer at once thanks to that.", saved),
    ):
        yield _counter(f"sinkhole_prefetch_{name}", text, [], [((), count)])


def _expiry(certificate: CertificateStatus) -> Metric:
    return _gauge(
        "sinkhole_certificate_expiry_timestamp_seconds",
        "When the certificate of the encrypted listeners expires, in unix seconds.",
        certificate["expires"],
    )


def _log(log: LogStatus) -> Iterator[Metric]:
    yield _counter(
        "sinkhole_log_dropped",
        "Queries that are in no row of the log, as it could not be written for long.",
        [],
        [((), log["dropped"])],
    )
    for name, text, value in (
        ("up", "1 while nothing keeps the query log from being written.", log["error"] is None),
        ("waiting", "Queries that are not written to the log yet.", log["waiting"]),
        ("rows", "Queries that are in the log.", log["rows"]),
        ("size_bytes", "What the query log takes on the disk.", log["size_bytes"]),
    ):
        yield _gauge(f"sinkhole_log_{name}", text, value)


def _shipping(shipping: Sequence[ShippingStatus]) -> Iterator[Metric]:
    label = ["to"]
    yield _counter(
        "sinkhole_shipping_sent",
        "Queries of the log that were shipped to a target.",
        label,
        ((one["to"], one["sent"]) for one in shipping),
    )
    yield _counter(
        "sinkhole_shipping_dropped",
        "Queries that a target missed, as it was slow or away.",
        label,
        ((one["to"], one["dropped"]) for one in shipping),
    )
    yield _gauges(
        "sinkhole_shipping_waiting",
        "Queries that wait to be shipped to a target.",
        label,
        ((one["to"], one["waiting"]) for one in shipping),
    )
    yield _gauges(
        "sinkhole_shipping_up",
        "1 while nothing keeps queries from being shipped to a target.",
        label,
        ((one["to"], one["error"] is None) for one in shipping),
    )


def _nodes(nodes: Nodes) -> Iterator[Metric]:
    label = ["node"]
    yield _gauges(
        "sinkhole_node_up",
        "1 while a node that shares the database is heard of, without one where nobody knows.",
        label,
        ((one.name, None if one.state == "unknown" else one.state == "up") for one in nodes.nodes),
    )
    others = [one for one in nodes.nodes if one.state != "unknown"]
    yield _gauges(
        "sinkhole_node_silent_seconds",
        "How long ago a node was last heard of.",
        label,
        ((one.name, one.silent_s) for one in nodes.nodes),
    )
    yield _gauges(
        "sinkhole_node_drained",
        "1 while a node says that it is not to be asked.",
        label,
        ((one.name, one.report["drained"]) for one in others),
    )
    yield _gauges(
        "sinkhole_node_waiting",
        "Queries of a node that wait to be sent to the database.",
        label,
        ((one.name, one.report["waiting"]) for one in others),
    )


def _losses(losses: Mapping[str, int]) -> Metric:
    return _counter(
        "sinkhole_lost",
        "What was given up at a bound or by a bug, by what it was.",
        ["what"],
        losses.items(),
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, labels: Sequence[str], values: Values) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=labels), values)


def _counter(name: str, text: str, labels: Sequence[str], values: Values) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=labels), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Metric:
    for of, value in values:
        if value is not None:
            family.add_metric([of] if isinstance(of, str) else list(of), value)
    return family


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
