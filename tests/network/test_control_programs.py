"""What programs made for AdGuard Home ask /control for, and which values they read: a row each.

Those that can be built were run against a server as well (docs/adguard.md says which); this holds
on to what they need, without them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from control_house import OMITTED, ControlHouse, Told, basic, control_house
from house import list_file, until

from sinkhole.model.actor import SERVER, Permission

DOCUMENT: Final = (Path(__file__).parents[2] / "docs/adguard.md").read_text()

NUMBER: Final = (int, float)
TOPS: Final = [{"": int}]
"""A list of objects of one key, whose name is what is counted."""


class Some(NamedTuple):
    """A list of these, which may be empty, or left out."""

    each: Any


SUMS: Final[dict[str, Any]] = {
    "num_dns_queries": int, "num_blocked_filtering": int, "num_replaced_safebrowsing": int,
    "num_replaced_safesearch": int, "num_replaced_parental": int, "avg_processing_time": NUMBER,
}  # fmt: skip
SERIES: Final[dict[str, Any]] = {
    "time_units": str, "dns_queries": [int], "blocked_filtering": [int],
    "replaced_safebrowsing": [int], "replaced_parental": [int],
    "top_queried_domains": TOPS, "top_blocked_domains": TOPS, "top_clients": TOPS,
}  # fmt: skip
UPSTREAMS: Final = {
    "top_upstreams_responses": TOPS, "top_upstreams_avg_time": [{"": NUMBER}],
}  # fmt: skip
STATUS: Final[dict[str, Any]] = {
    "version": str, "language": str, "dns_addresses": [str], "dns_port": int, "http_port": int,
    "protection_enabled": bool, "dhcp_available": bool, "running": bool,
}  # fmt: skip
LISTS: Final[dict[str, Any]] = {
    "enabled": bool, "interval": int,
    "filters": [{"url": str, "name": str, "id": int, "rules_count": int, "enabled": bool,
                 "last_updated": str}],
}  # fmt: skip
ENGINES: Final = dict.fromkeys(
    ("enabled", "bing", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube"), bool
)
ROW: Final[dict[str, Any]] = {
    "answer": Some({"type": str, "value": str, "ttl": NUMBER}), "cached": bool,
    "client": str, "client_proto": str, "elapsedMs": str, "reason": str, "status": str,
    "answer_dnssec": bool,
    "question": {"class": str, "name": str, "type": str}, "time": str, "upstream": str,
    "rules": Some({"filter_list_id": int, "text": str}),
}  # fmt: skip
LOG: Final = {"data": [ROW], "oldest": str}
SWITCHES: Final = [("safebrowsing/status", {"enabled": bool}), ("parental/status",
                   {"enabled": bool}), ("safesearch/status", ENGINES)]  # fmt: skip

SEARCH: Final = "clients/search"

READS: Final[dict[str, list[tuple[str, Any]]]] = {
    "Homepage": [("stats", SUMS)],
    "Homarr": [("stats", SUMS | SERIES), ("status", STATUS), ("filtering/status", LISTS)],
    "Dashy": [
        ("stats", SUMS | SERIES),
        ("status", STATUS),
        ("filtering/status", LISTS),
        ("dns_info", {"protection_enabled": bool, "blocking_mode": str, "cache_size": int,
                      "disable_ipv6": bool, "dnssec_enabled": bool, "edns_cs_enabled": bool,
                      "use_private_ptr_resolvers": bool, "upstream_dns": [str],
                      "local_ptr_upstreams": list, "bootstrap_dns": [str]}),
    ],
    "exporter of ebrianne": [
        ("status", STATUS),
        ("stats", SUMS | SERIES),
        ('querylog?limit=1000&response_status="all"', LOG),
    ],
    "exporter of henrywhitaker3": [
        ("status", STATUS),
        ("stats", SUMS | SERIES | UPSTREAMS),
        ("dhcp/status", {"enabled": bool, "leases": list, "static_leases": list}),
        ("querylog?limit=1000&response_status=all", LOG),
        (SEARCH, [{"": {"ids": [str], "name": str}}]),
    ],
    "ioBroker": [("stats", SUMS), ("dns_info", {"protection_enabled": bool}),
                 ("filtering/status", LISTS), *SWITCHES],
    "AdGuard Home Manager": [
        ("stats", SUMS | SERIES | UPSTREAMS),
        ("status", STATUS | {"protection_disabled_duration": int}),
        ("filtering/status", LISTS),
        *SWITCHES,
        ("access/list", {"blocked_hosts": [str]}),
        ("querylog?offset=0&limit=1&response_status=all&search=", LOG),
        ("tls/status", {"valid_cert": bool, "valid_chain": bool, "not_before": str,
                        "not_after": str, "serve_plain_dns": bool}),
        ("stats/config", {"enabled": bool, "interval": int, "ignored": list}),
        ("querylog/config", {"enabled": bool, "interval": int, "anonymize_client_ip": bool,
                             "ignored": list}),
        ("rewrite/settings", {"enabled": bool}),
        ("dhcp/interfaces", {}),
    ],
}  # fmt: skip
"""By program: what it reads, and what must be there. More may be."""

DAYS: Final = {key: {} for key in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
Write = tuple[str, str, str, Any, str, tuple[Any, ...], Any]
WRITES: Final[list[Write]] = [
    ("Homarr", "POST", "protection", {"enabled": False, "duration": 0},
     "status", ("protection_enabled",), False),
    ("Homarr", "POST", "protection", {"enabled": True}, "status", ("protection_enabled",), True),
    ("ioBroker", "POST", "dns_config", {"protection_enabled": False},
     "status", ("protection_enabled",), False),
    ("ioBroker", "POST", "filtering/config", {"enabled": False, "interval": 24},
     "filtering/status", ("enabled",), False),
    ("AdGuard Home Manager", "POST", "dhcp/reset", {}, "dhcp/status", ("enabled",), False),
    ("AdGuard Home Manager", "POST", "querylog_clear", {}, "querylog", ("data",), []),
    ("AdGuard Home Manager", "POST", "blocked_services/set", ["youtube"],
     "blocked_services/list", (), ["youtube"]),
    ("AdGuard Home Manager", "POST", "version.json", {"recheck_now": True},
     "version.json", ("disabled",), True),
    ("adguard-home-cli", "POST", "safesearch/enable", OMITTED,
     "safesearch/status", ("enabled",), True),
    ("Terraform provider", "PUT", "blocked_services/update",
     {"ids": ["tiktok"], "schedule": {"time_zone": "UTC", **DAYS}},
     "blocked_services/get", ("ids",), ["tiktok"]),
    ("Terraform provider", "POST", "clients/add",
     {"name": "tv", "ids": ["192.0.2.7"], "use_global_settings": True,
      "blocked_services_schedule": {"time_zone": "UTC", **DAYS}, "upstreams_cache_size": 0},
     "clients", ("clients", 0, "name"), "tv"),
]  # fmt: skip
"""Program, request, and what is to be read after it, under these keys."""


def lacks(told: Any, wanted: Any, where: str) -> list[str]:
    """What is missing of what is wanted, or of another type."""
    if isinstance(wanted, Some):
        return [each for one in told or () for each in lacks(one, wanted.each, f"{where}[]")]
    if isinstance(wanted, list):
        return lacks(told, Some(wanted[0]), where) if told else [f"{where} is empty"]
    if isinstance(wanted, dict):
        if "" in wanted:
            return (
                lacks(next(iter(told.values())), wanted[""], where) if len(told) == 1 else [where]
            )
        return [
            each
            for key, kind in wanted.items()
            for each in lacks(told.get(key), kind, f"{where}.{key}")
        ]
    is_right = isinstance(told, wanted) and (wanted is bool or not isinstance(told, bool))
    return [] if is_right else [f"{where} is {told!r}"]


async def lived_in(house: ControlHouse) -> None:
    """One that has been asked something, so that no list is empty."""
    await house.done("POST", "filtering/set_rules", {"rules": ["||ads.example.org^"]})
    await house.answers("example.org")
    await house.answers("ads.example.org")

    async def is_told() -> bool:
        told, log = await house.get("stats"), await house.get("querylog")
        return bool(told["num_dns_queries"] == len(log["data"]) == 2)

    await until(is_told, "both queries")


async def read(house: ControlHouse, path: str, headers: dict[str, str]) -> Told:
    """A GET, or the one POST that reads."""
    if path == SEARCH:
        return await house.call("POST", path, {"clients": [{"id": "127.0.0.1"}]}, headers)
    return await house.call("GET", path, headers=headers)


@pytest.mark.parametrize("program", READS)
async def test_what_a_program_reads_is_there(tmp_path: Path, program: str) -> None:
    lists = [list_file(tmp_path / "a.txt", "||a.example^")]
    async with control_house(tmp_path, filtering__lists=lists) as house:
        await lived_in(house)
        await house.app.first_lists(60)
        for path, wanted in READS[program]:
            assert lacks((await read(house, path, basic())).data, wanted, path) == []


@pytest.mark.parametrize("program", READS)
async def test_a_token_lets_a_program_read_what_it_needs(tmp_path: Path, program: str) -> None:
    """One with what docs/adguard.md says, and no less than that."""
    found = re.search(rf"^\| {program} \| ([^|;]*)", DOCUMENT, re.MULTILINE)
    assert found is not None
    may = [Permission(each) for each in re.findall(r"`(.+?)`", found[1])]
    async with control_house(tmp_path) as house:
        tokens = house.app.front.identity.tokens
        for missing in (None, *may):
            given = [each for each in may if each != missing] or [Permission.METRICS]
            secret = (await tokens.add(f"without {missing}", given, None, SERVER)).secret
            headers = basic("program", secret)
            asked = [await read(house, path, headers) for path, _ in READS[program]]
            assert ({each.status for each in asked} <= {200}) is (missing is None), missing


async def test_what_a_program_writes_is_done(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await lived_in(house)
        for program, method, path, body, after, keys, value in WRITES:
            await house.done(method, path, body)
            told = await house.get(after)
            for key in keys:
                told = told[key]
            assert told == value, (program, path)
