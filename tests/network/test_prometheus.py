"""A real Prometheus scrapes a server that is asked things: every panel of the dashboard has data,
every alert rule can be evaluated, and no counter falls when the server is restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from aiohttp import ClientSession
from fake_upstream import FakeUpstream
from house import answers, running, until
from other_programs import missing
from places import Place, nobodys_place
from telling_house import telling_house
from test_grafana import DASHBOARD, FOLDER, RULES, texts_in

from sinkhole.control.settings import Settings

pytestmark = pytest.mark.skipif(bool(missing("prometheus")), reason="needs prometheus")

VARIABLES: Final = {
    "$__range": "1h", "$__rate_interval": "1m", "$instance": ".*", "$job": "sinkhole",
}  # fmt: skip
QUIET: Final = {"sum by (what) (rate(sinkhole_lost_total"}
"""How expressions begin that have nothing to show as long as all is well."""
COUNTERS: Final = '{__name__=~"sinkhole_.+_(total|bucket|sum|count)"}'


class Prometheus:
    """A running one, to ask."""

    def __init__(self, client: ClientSession, place: Place) -> None:
        self._client = client
        self._place = place

    async def get(self, path: str, **query: str) -> Any:
        """The data of an answer; what is no success fails."""
        url = f"http://{self._place}/api/v1/{path}"
        async with self._client.get(url, params=query) as answer:
            told = await answer.json()
        assert told["status"] == "success", told
        return told["data"]

    async def result(self, expression: str) -> list[Any]:
        """What an expression comes to now."""
        found = (await self.get("query", query=expression))["result"]
        return list(found)

    async def is_up(self) -> bool:
        return bool(await self.result('up{job="sinkhole"} == 1'))


def settings_file(folder: Path, target: Place) -> Path:
    """One that scrapes a server five times a second, by the rules that are shipped."""
    job = {"job_name": "sinkhole", "static_configs": [{"targets": [str(target)]}]}
    tree = {
        "global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(FOLDER / "alerts.yaml")],
        "scrape_configs": [job],
    }
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(tree))
    return file


@asynccontextmanager
async def prometheus(folder: Path, target: Place) -> AsyncIterator[Prometheus]:
    """One that scrapes a server, until the end."""
    place, file = nobodys_place(), settings_file(folder, target)
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={place}", "--log.level=error", cwd=folder,
    )  # fmt: skip
    try:
        async with ClientSession() as client:
            found = Prometheus(client, place)

            async def is_ready() -> bool:
                assert process.returncode is None, "prometheus does not start"
                try:
                    async with client.get(f"http://{place}/-/ready") as answer:
                        return answer.status == 200
                except OSError:
                    return False

            await until(is_ready, "prometheus")
            yield found
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def panels() -> list[str]:
    """The expressions of all panels, as Grafana would ask for them."""
    found = []
    for each in texts_in(DASHBOARD, "expr"):
        for name, value in VARIABLES.items():
            each = each.replace(name, value)
        found.append(each)
    return found


async def is_asked(settings: Settings, source: Prometheus, counted: float) -> float:
    """Run the server, and ask it until every panel has data and more is counted than `counted`:
    how many queries that is."""
    seen: list[str] = []
    async with running(settings) as app:

        async def all_have_data() -> bool:
            for name in ("example.org", "ads.example"):
                await answers(app.addresses[0], name)
            told = {each: await source.result(each) for each in panels()}
            seen[:] = [each for each, found in told.items() if not found]
            return all(each.startswith(tuple(QUIET)) for each in seen)

        async def is_more() -> bool:
            return await total(source) > counted

        await until(source.is_up, "a scrape")
        await until(all_have_data, "data for all panels")
        await until(is_more, "more queries")
        return await total(source)


async def total(source: Prometheus) -> float:
    found = await source.result("sum(sinkhole_queries_total)")
    return float(found[0]["value"][1]) if found else 0


async def fallen(source: Prometheus) -> list[str]:
    """Counters that were less at some scrape than at the one before."""
    found = []
    for series in await source.result(f"{COUNTERS}[1h]"):
        values = [float(value) for _, value in series["values"]]
        if values != sorted(values):
            found.append(f"{series['metric']}: {values}")
    return found


async def test_every_panel_has_data_and_no_counter_falls(tmp_path: Path) -> None:
    target = nobodys_place()
    async with FakeUpstream() as upstream, prometheus(tmp_path, target) as source:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = telling_house(tmp_path, upstream, web={"listen": str(target)})
        before = await is_asked(settings, source, 0)
        assert await is_asked(settings, source, before) > before
        assert await fallen(source) == []
        (group,) = (await source.get("rules"))["groups"]
        rules = {each["name"]: (each["health"], each["state"]) for each in group["rules"]}
        assert set(rules) == {each["alert"] for each in RULES}
        assert {health for health, _ in rules.values()} == {"ok"}
        assert [name for name, (_, state) in rules.items() if state == "firing"] == []
