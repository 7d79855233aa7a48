"""The log by /control: a page at a time, by reasons, and who sees what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from control_house import ControlHouse, control_house
from house import until

RULES: Final = ["||blocked.example^", "@@||example.org^", "||moved.example^$dnsrewrite=192.0.2.9"]
ASKED: Final = {
    "blocked.example": "FilteredBlackList",
    "tiktok.com": "FilteredBlockedService",
    "example.org": "NotFilteredWhiteList",
    "moved.example": "RewriteRule",
    "nas.home": "Rewrite",
    "www.bing.com": "FilteredSafeSearch",
    "plain.example": "NotFilteredNotFound",
    "localhost": "NotFilteredNotFound",
}


async def asked(house: ControlHouse) -> None:
    """One query of each kind, all in the log."""
    await house.done("POST", "filtering/set_rules", {"rules": RULES})
    await house.done("PUT", "blocked_services/update", {"ids": ["tiktok"]})
    await house.done("PUT", "safesearch/settings", {"enabled": True, "bing": True})
    await house.done("POST", "rewrite/add", {"domain": "nas.home", "answer": "192.0.2.20"})
    house.upstream.answer("plain.example", "A", ["192.0.2.3", "192.0.2.4"])
    for name in ASKED:
        await house.rcode(name)

    async def are_there() -> bool:
        return len((await house.get("querylog"))["data"]) == len(ASKED)

    await until(are_there, "the rows")


def names(page: dict[str, Any]) -> list[str]:
    return [each["question"]["name"] for each in page["data"]]


async def test_each_row_says_why_and_is_found_by_it(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await asked(house)
        page = await house.get("querylog")
        assert names(page) == list(reversed(ASKED))
        assert {each["question"]["name"]: each["reason"] for each in page["data"]} == ASKED
        rows = {each["question"]["name"]: each for each in page["data"]}
        assert rows["tiktok.com"]["service_name"] == "tiktok"
        assert rows["tiktok.com"]["rule"] == "||tiktok.com^"
        assert rows["tiktok.com"]["rules"][0]["filter_list_id"] == -2
        assert rows["blocked.example"]["rules"] == [
            {"filter_list_id": 0, "text": "||blocked.example^"}
        ]
        assert rows["www.bing.com"]["answer"][0]["value"] == "strict.bing.com."
        plain = rows["plain.example"]
        assert plain["upstream"] == house.upstream.name
        assert [each["value"] for each in plain["answer"]] == ["192.0.2.3", "192.0.2.4"]
        assert isinstance(plain["elapsedMs"], str)
        for row in page["data"]:
            float(row["elapsedMs"])
            assert datetime.fromisoformat(row["time"])
        for status, kinds in (
            ("all", set(ASKED.values())),
            ('"all"', set(ASKED.values())),
            ("blocked", {"FilteredBlackList", "FilteredBlockedService"}),
            ("blocked_services", {"FilteredBlockedService"}),
            ("whitelisted", {"NotFilteredWhiteList"}),
            ("rewritten", {"Rewrite", "RewriteRule"}),
            ("safe_search", {"FilteredSafeSearch"}),
            ("filtered", set(ASKED.values()) - {"NotFilteredNotFound"}),
            ("processed", {"Rewrite", "RewriteRule", "FilteredSafeSearch", "NotFilteredNotFound"}),
            ("blocked_parental", set()),
        ):
            told = await house.get(f"querylog?response_status={status}")
            assert {each["reason"] for each in told["data"]} == kinds, status
        told = await house.get("querylog?reason=")
        assert names(told) == list(reversed(ASKED))
        told = await house.get("querylog?reason=Rewrite&reason=FilteredBlackList")
        assert names(told) == ["nas.home", "blocked.example"]


async def test_pages_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await asked(house)
        found: list[str] = []
        cursor = ""
        while True:
            page = await house.get(f"querylog?limit=3&older_than={cursor}")
            if not page["data"]:
                assert page["oldest"] == ""
                break
            found += names(page)
            cursor = page["oldest"]
            assert cursor == page["data"][-1]["time"]
        assert found == list(reversed(ASKED))
        assert names(await house.get("querylog?limit=2&offset=1")) == found[1:3]
        assert await house.get("querylog?limit=0") == {"data": [], "oldest": ""}
        assert len((await house.get("querylog?limit=10000"))["data"]) == len(ASKED)


async def test_a_search_is_for_parts_or_for_the_whole(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await asked(house)
        assert names(await house.get("querylog?search=example")) == [
            "plain.example", "moved.example", "example.org", "blocked.example",
        ]  # fmt: skip
        assert names(await house.get('querylog?search="example.org"')) == ["example.org"]
        assert len(names(await house.get("querylog?search=127.0.0.1"))) == len(ASKED)
        assert (await house.call("GET", f"querylog?search={'x' * 400}")).status == 400


async def test_of_a_hidden_address_there_is_an_address(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        hidden = {"enabled": True, "anonymize_client_ip": True, "interval": 86_400_000}
        await house.done("PUT", "querylog/config/update", hidden)
        await asked(house)
        rows = (await house.get('querylog?search="127.0.0.0"'))["data"]
        assert len(rows) == len(ASKED)
        assert {each["client"] for each in rows} == {"127.0.0.0"}
        assert not any("client_id" in each for each in rows)
        assert (await house.get("stats"))["top_clients"] == [{"127.0.0.0": len(ASKED)}]


async def test_statistics_count_what_the_log_has(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await asked(house)

        async def are_counted() -> bool:
            return bool((await house.get("stats"))["num_dns_queries"] == len(ASKED))

        await until(are_counted, "the sums")
        told = await house.get("stats")
        assert told["num_blocked_filtering"] == 2
        assert told["num_replaced_safesearch"] == 1
        assert sum(told["dns_queries"]) == len(ASKED)
        assert len(told["dns_queries"]) == 24
        assert {"blocked.example": 1} in told["top_blocked_domains"]
        assert told["top_clients"] == [{"127.0.0.1": len(ASKED)}]
        assert house.upstream.name in told["top_upstreams_responses"][0]
        assert 0 < told["avg_processing_time"] < 10
        assert len((await house.get("stats?recent=3600000"))["dns_queries"]) == 1
