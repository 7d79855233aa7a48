"""The metrics: right numbers, text that a scraper can parse whatever a list is called."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from sinkhole.control.stats import Carried

ABSENT = ("certificate", "log")


async def _scrape(
    serve: Any, client: ClientSession, **changed: Any
) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    site = await serve(**changed)
    async with client.get(f"{site.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_counters_gauges_and_the_histogram_say_what_the_sources_say(
    serve: Any, client: ClientSession
) -> None:
    found = await _scrape(serve, client)
    seconds = "sinkhole_query_duration_seconds"
    for name, labels, value in [
        ("sinkhole_queries_total", {"outcome": "blocked"}, 41),
        ("sinkhole_queries_by_type_total", {"type": "other"}, 20),
        ("sinkhole_queries_by_transport_total", {"transport": "udp"}, 99),
        ("sinkhole_queries_by_transport_total", {"transport": "tls"}, 1),
        ("sinkhole_queries_by_transport_total", {"transport": "quic"}, 0),
        ("sinkhole_responses_total", {"rcode": "NOERROR"}, 100),
        (f"{seconds}_bucket", {"le": "0.000316"}, 60),
        (f"{seconds}_bucket", {"le": "0.01"}, 90),
        (f"{seconds}_bucket", {"le": "+Inf"}, 100),
        (f"{seconds}_count", {}, 100),
        (f"{seconds}_sum", {}, 1.25),
        ("sinkhole_cache_entries", {}, 4),
        ("sinkhole_cache_size_bytes", {}, 900),
        ("sinkhole_cache_limit_bytes", {}, 1000),
        ("sinkhole_upstream_up", {"upstream": "tls://dns.example.org"}, 1),
        ("sinkhole_upstream_up", {"upstream": "192.0.2.54"}, 0),
        ("sinkhole_upstream_rtt_seconds", {"upstream": "tls://dns.example.org"}, 0.0125),
        ("sinkhole_upstream_queries_total", {"upstream": "tls://dns.example.org"}, 9),
        ("sinkhole_upstream_failures_total", {"upstream": "tls://dns.example.org"}, 2),
        ("sinkhole_upstream_info", {"upstream": "tls://dns.example.org", "kind": "tls"}, 1),
        ("sinkhole_upstream_rtt_p50_seconds", {"upstream": "tls://dns.example.org"}, 0.011),
        ("sinkhole_upstream_rtt_p95_seconds", {"upstream": "tls://dns.example.org"}, 0.04),
        ("sinkhole_upstream_connected_seconds", {"upstream": "tls://dns.example.org"}, 90.5),
        ("sinkhole_prefetch_asked_total", {}, 30),
        ("sinkhole_prefetch_failed_total", {}, 1),
        ("sinkhole_prefetch_saved_total", {}, 12),
        ("sinkhole_certificate_expiry_timestamp_seconds", {}, 1_800_000_000),
        ("sinkhole_log_dropped_total", {}, 5),
        ("sinkhole_log_waiting", {}, 1),
        ("sinkhole_log_rows", {}, 7),
        ("sinkhole_shipping_sent_total", {"to": "syslog"}, 90),
        ("sinkhole_shipping_dropped_total", {"to": "syslog"}, 4),
        ("sinkhole_shipping_waiting", {"to": "syslog"}, 3),
        ("sinkhole_shipping_up", {"to": "syslog"}, 1),
        ("sinkhole_shipping_up", {"to": "dnstap"}, 0),
        ("sinkhole_health_state", {"state": "ok"}, 1),
        ("sinkhole_health_state", {"state": "failing"}, 0),
        ("sinkhole_problems", {"severity": "error"}, 0),
        ("sinkhole_protection_enabled", {}, 1),
        ("sinkhole_log_up", {}, 1),
        ("sinkhole_build_info", {"version": "0.1.0"}, 1),
        ("sinkhole_start_time_seconds", {}, 1_700_000_000),
    ]:
        assert found[name, tuple(sorted(labels.items()))] == value, name
    of_silent = {name for name, labels in found if ("upstream", "192.0.2.54") in labels}
    assert of_silent == {
        f"sinkhole_upstream_{what}" for what in ("info", "up", "queries_total", "failures_total")
    }


async def test_what_is_not_there_has_no_metric(
    serve: Any, client: ClientSession, house: Any
) -> None:
    house.status |= dict.fromkeys(ABSENT)
    found = await _scrape(serve, client)
    assert not [
        name for name, _ in found if name.startswith(tuple(f"sinkhole_{what}" for what in ABSENT))
    ]


async def test_the_text_of_a_list_name_can_not_leave_its_label(
    serve: Any, client: ClientSession
) -> None:
    found = await _scrape(serve, client)
    assert found["sinkhole_list_names", (("kind", "block"), ("list", 'Starter "one"\n'))] == 262
    assert found["sinkhole_list_ready", (("list", 'Starter "one"\n'),)] == 1


async def test_the_process_tells_its_own_memory_and_time(serve: Any, client: ClientSession) -> None:
    found = await _scrape(serve, client)
    assert found["process_resident_memory_bytes", ()] > 1_000_000
    assert found["process_cpu_seconds_total", ()] > 0


async def test_counters_go_on_where_another_run_ended(
    serve: Any, client: ClientSession, house: Any
) -> None:
    carried = Carried()
    carried.total("sinkhole_queries_total", {"outcome": "blocked"}, 1000)
    carried.total("sinkhole_query_duration_seconds_bucket", {"le": "+Inf"}, 2000)
    after = Carried()
    after.restore(carried.dumped())
    found = await _scrape(serve, client, carried=after)
    assert found["sinkhole_queries_total", (("outcome", "blocked"),)] == 1041
    assert found["sinkhole_query_duration_seconds_bucket", (("le", "+Inf"),)] == 2100
    assert found["sinkhole_cache_entries", ()] == 4


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
async def test_the_linter_of_prometheus_has_nothing_to_say(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    async with client.get(f"{site.url}/metrics") as answer:
        text = await answer.read()
    tool = await asyncio.create_subprocess_exec(
        *("promtool", "check", "metrics"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await tool.communicate(text)
    assert (told.decode(), tool.returncode) == ("", 0)
