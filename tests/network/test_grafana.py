"""The dashboard and the alert rules ask for nothing that a real /metrics does not have."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from fake_upstream import FakeUpstream
from house import answers, get_text, running, until
from prometheus_client.parser import text_string_to_metric_families
from telling_house import telling_house

FOLDER: Final = Path(__file__).parents[2] / "packaging/grafana"
DASHBOARD: Final[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())
GROUPS: Final[list[dict[str, Any]]] = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
RULES: Final = [rule for group in GROUPS for rule in group["rules"]]

METRIC: Final = re.compile(r"\b((?:sinkhole|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
LABEL: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
BY: Final = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS: Final = {"job", "instance"}
VARIABLES: Final = {"$__range": "24h", "$__rate_interval": "5m", "$instance": ".*", "$job": ".*"}

Samples = dict[str, list[dict[str, str]]]


def texts_in(value: Any, *keys: str) -> Iterator[str]:
    """All texts below some keys, wherever these stand."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in keys and isinstance(each, str):
                yield each
            yield from texts_in(each, *keys)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each, *keys)


def expressions() -> list[str]:
    return [*texts_in(DASHBOARD, "expr"), *(rule["expr"] for rule in RULES)]


async def scraped(tmp_path: Path) -> Samples:
    """The labels of each metric of a server that has all there is to tell of."""
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = telling_house(tmp_path, upstream)
        async with running(settings) as app:
            (place,) = app.addresses[:1]
            await answers(place, "example.org")
            await answers(place, "example.org")
            await answers(place, "ads.example")
            await until(lambda: app.counters.queries == 3)
            _, text = await get_text(app.listening.url, "/metrics")
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".") and len(family.documentation.split()) > 2
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def wrong_in(expression: str, samples: Samples) -> list[str]:
    """What an expression asks for that is not there."""
    wrong = []
    asked = METRIC.findall(expression)
    labels = {name for metric, _ in asked for each in samples.get(metric, []) for name in each}
    for metric, selector in asked:
        if metric not in samples:
            wrong.append(f"there is no {metric}")
        for label, how, value in LABEL.findall(selector):
            known = {each.get(label) for each in samples.get(metric, [])}
            is_text = how == "=" and label not in OF_PROMETHEUS
            if label not in {*labels, *OF_PROMETHEUS} or (is_text and value not in known):
                wrong.append(f"{metric} has no {label}={value}")
    for names in BY.findall(expression):
        missing = {name.strip() for name in names.split(",")} - labels - OF_PROMETHEUS
        wrong += [f"there is no label {name} in {expression}" for name in missing]
    return wrong


async def test_every_metric_and_label_that_is_asked_for_is_there(tmp_path: Path) -> None:
    samples = await scraped(tmp_path)
    assert [wrong for each in expressions() for wrong in wrong_in(each, samples)] == []
    told = " ".join(expressions())
    of_ours = {name for name in samples if name.startswith("sinkhole")}
    of_ours -= {f"sinkhole_query_duration_seconds_{part}" for part in ("count", "sum")}
    unused = {name for name in of_ours if not re.search(rf"\b{name}\b", told)}
    assert unused <= {
        "sinkhole_build_info", "sinkhole_upstream_info", "sinkhole_log_rows",
        "sinkhole_log_waiting", "sinkhole_log_dropped_total", "sinkhole_upstream_rtt_seconds",
        "sinkhole_upstream_rtt_p50_seconds", "sinkhole_upstream_connected_seconds",
        "sinkhole_shipping_waiting",
    }, "what is told for nobody"  # fmt: skip


def test_the_dashboard_can_be_imported() -> None:
    panels = DASHBOARD["panels"]
    assert len({each["id"] for each in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for each in panels:
        place = each["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken, each["title"]
        taken |= cells
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert {each for each in used if not each.startswith("__")} == variables
    assert set(texts_in(DASHBOARD, "uid")) == {"sinkhole", "${datasource}"}


def test_every_alert_says_what_to_do() -> None:
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


FIRING: Final = {
    "SinkholeGone": ['up{job="sinkhole"}', "0"],
    "SinkholeAnswersNobody": ['sinkhole_health_state{state="failing"}', "1"],
    "SinkholeUpstreamsDown": ['sinkhole_upstream_up{upstream="a"}', "0"],
    "SinkholeUpstreamDown": ['sinkhole_upstream_up{upstream="a"}', "0"],
    "SinkholeQueriesFail": ['sinkhole_queries_total{outcome="failed"}', "0+10x600"],
    "SinkholeSlow": [
        'sinkhole_query_duration_seconds_bucket{le="+Inf"}', "0+10x600",
        'sinkhole_query_duration_seconds_bucket{le="1"}', "0+1x600",
    ],
    "SinkholePaused": ["sinkhole_protection_enabled", "0"],
    "SinkholeListMissing": ['sinkhole_list_ready{list="a"}', "0"],
    "SinkholeListOld": ['sinkhole_list_checked_timestamp_seconds{list="a"}', "-300000"],
    "SinkholeLogNotWritten": ["sinkhole_log_up", "0"],
    "SinkholeCopiesNotShipped": ['sinkhole_shipping_up{to="a"}', "0"],
    "SinkholeDropsQueries": ['sinkhole_lost_total{what="queries_dropped"}', "0+1x600"],
    "SinkholeCertificateExpires": ["sinkhole_certificate_expiry_timestamp_seconds", "90000"],
    "SinkholeHasAProblem": ['sinkhole_problems{severity="error"}', "1"],
}  # fmt: skip
"""For each alert series (with their values, one a minute) of which it makes one."""


WELL: Final = {
    'up{job="sinkhole"}': "1+0x600",
    'sinkhole_health_state{state="failing"}': "0+0x600",
    'sinkhole_upstream_up{upstream="a"}': "1+0x600",
    'sinkhole_upstream_up{upstream="b"}': "1+0x475 0+0x10 1+0x115",
    'sinkhole_queries_total{outcome="failed"}': "0+1x600",
    'sinkhole_queries_total{outcome="cached"}': "0+100x600",
    'sinkhole_query_duration_seconds_bucket{le="+Inf"}': "0+100x600",
    'sinkhole_query_duration_seconds_bucket{le="0.1"}': "0+99x600",
    "sinkhole_protection_enabled": "1+0x470 0+0x130",
    'sinkhole_list_ready{list="a"}': "1+0x600",
    'sinkhole_list_checked_timestamp_seconds{list="a"}': "0+60x600",
    "sinkhole_log_up": "1+0x600",
    'sinkhole_shipping_up{to="a"}': "1+0x600",
    'sinkhole_shipping_dropped_total{to="a"}': "7+0x600",
    'sinkhole_lost_total{what="queries_dropped"}': "7+0x600",
    'sinkhole_lost_total{what="handshakes_failed"}': "0+1x600",
    "sinkhole_certificate_expiry_timestamp_seconds": "5000000+0x600",
    'sinkhole_problems{severity="error"}': "0+0x600",
    'sinkhole_problems{severity="warning"}': "1+0x600",
}
"""A server that is well, and what is no reason to wake anybody."""


async def promtool(*arguments: str) -> tuple[str, int | None]:
    tool = await asyncio.create_subprocess_exec(
        "promtool",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await tool.communicate()
    return told.decode(), tool.returncode


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
async def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    rules = []
    for number, each in enumerate(texts_in(DASHBOARD, "expr")):
        for variable, value in VARIABLES.items():
            each = each.replace(variable, value)
        rules.append({"record": f"panel{number}", "expr": each})
    panels = tmp_path / "panels.yaml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    for file in (panels, FOLDER / "alerts.yaml"):
        told, code = await promtool("check", "rules", str(file))
        assert code == 0, told


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
async def test_every_alert_fires_when_it_should(tmp_path: Path) -> None:
    assert set(FIRING) == {rule["alert"] for rule in RULES}
    tests = []
    for name, given in FIRING.items():
        series = [
            {"series": each, "values": values if "x" in values else f"{values}+0x600"}
            for each, values in zip(given[::2], given[1::2], strict=True)
        ]
        at = {"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": "8h"}
        at["exp_samples"] = [{"value": 1}]  # type: ignore[assignment]  # of other kinds
        tests.append({"interval": "1m", "input_series": series, "promql_expr_test": [at]})
    none = {"expr": 'count(ALERTS{alertstate="firing"})', "eval_time": "8h"}
    series = [{"series": each, "values": values} for each, values in WELL.items()]
    tests.append({"interval": "1m", "input_series": series, "promql_expr_test": [none]})
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(FOLDER / "alerts.yaml")], "tests": tests}))
    told, code = await promtool("test", "rules", str(file))
    assert code == 0, told
