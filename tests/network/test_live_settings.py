"""Every setting counts while the server runs, whatever else it does meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import certificates
import pytest
from fake_upstream import FakeUpstream
from house import answers, house, list_file, running, wanted
from places import nobodys_place
from settings_file import settings_from

from sinkhole.app.app import App
from sinkhole.control.settings import Settings
from sinkhole.control.settings.layers import all_keys
from sinkhole.dns.upstream.sets import DEFAULT

WAITS: Final = {"data_dir"}
"""All that has to wait for a restart."""

Sees = Callable[[App], Any]


class Row(NamedTuple):
    """Other settings for one key, what they are seen by, and what those need that they change."""

    value: Any
    sees: Sees
    beside: dict[str, Any] = {}


def rows(folder: Path) -> dict[str, Row]:
    """For each key another value than the one in `base`, and how that is seen."""
    pair = certificates.leaf("dns.example.org").write(folder)
    files = dict(zip(("certificate", "certificate_key"), map(str, pair), strict=True))
    served = {f"dns__{key}": path for key, path in files.items()}
    place = nobodys_place()
    https = {**served, "dns__https": [str(place)]}
    hosts = folder / "hosts"
    hosts.write_text("192.0.2.20 printer.home\n")
    tls = {**served, "dns__tls": [str(place)]}
    filtering, upstream = _filtering(folder, tls), _upstream()
    return {
        "dns.listen": Row([str(place)], lambda app: app.addresses == [str(place)]),
        "dns.tls": Row([str(place)], lambda app: app.dns.added == [("TLS", str(place))], served),
        "dns.https": Row(
            [str(place)],
            lambda app: {over for over, _ in app.dns.added} == {"HTTPS", "HTTP/3"},
            served,
        ),
        "dns.quic": Row([str(place)], lambda app: app.dns.added == [("QUIC", str(place))], served),
        "dns.http3": Row(False, lambda app: [o for o, _ in app.dns.added] == ["HTTPS"], https),
        "dns.https_page": Row(True, lambda app: app.encrypted._listeners._service.page, https),
        "dns.certificate": Row(files["certificate"], _shows_certificate, served),
        "dns.certificate_key": Row(files["certificate_key"], _shows_certificate, served),
        "dns.names": Row(
            ["dns.example.org"], lambda app: app.encrypted.names == ("dns.example.org",), https
        ),
        "dns.proxies": Row(["192.0.2.9"], lambda app: app.dns.door.is_proxy(bytes((192, 0, 2, 9)))),
        "dns.allow": Row(
            ["127.0.0.0/8"],
            lambda app: [str(each) for each in access(app).allow] == ["127.0.0.0/8"],
        ),
        "dns.deny": Row(
            ["192.0.2.66"],
            lambda app: [str(each) for each in access(app).deny] == ["192.0.2.66/32"],
        ),
        "dns.rate_limit": Row(7, lambda app: group(app).rate_limit == 7),
        "dns.rate_limit_ipv4_prefix": Row(24, lambda app: access(app).ipv4_prefix == 24),
        "dns.rate_limit_ipv6_prefix": Row(56, lambda app: access(app).ipv6_prefix == 56),
        "dns.reserved_names": Row(False, lambda app: not reserved(app).zone_of(b"\4test\0")),
        "time_zone": Row(
            "Asia/Kathmandu", lambda app: str(app.publishing.household.zone) == "Asia/Kathmandu"
        ),
        "schedules": Row(
            [{"name": "always", "windows": ["daily 00:00-24:00"]}],
            lambda app: app.publishing.household.calendar.open_at(0.0) == {"always"},
        ),
        "groups": Row(
            [{"name": "default", "rate_limit": 3}], lambda app: group(app).rate_limit == 3
        ),
        "clients": Row(
            [{"name": "TV", "addresses": ["127.0.0.1"]}],
            lambda app: app.publishing.client_name("127.0.0.1") == "TV",
        ),
        **_devices(hosts),
        **upstream,
        "cache.size": Row("2MiB", lambda app: app.table.limit_bytes == 2 << 20),
        "cache.min_ttl": Row("5s", lambda app: limits(app).min_ttl_s == 5),
        "cache.max_ttl": Row("1h", lambda app: limits(app).max_ttl_s == 3600),
        "cache.max_negative_ttl": Row("1m", lambda app: limits(app).max_negative_ttl_s == 60),
        "cache.serve_stale": Row("1h", lambda app: app.pipeline.forwarding.serve_stale_s == 3600),
        "cache.persist": Row(False, lambda app: not app.answers.file._enabled),
        "cache.prefetch": Row(False, lambda app: not app.pipeline.prefetch.enabled),
        **filtering,
        "local.records": Row({"nas.home": ["192.0.2.10"]}, answered("nas.home", "192.0.2.10")),
        "local.switched_off": Row(
            {"nas.home": ["192.0.2.10"]}, lambda app: "nas.home" in app.settings.local.switched_off
        ),
        "local.enabled": Row(
            False,
            lambda app: not app.pipeline.policy.local.answer(b"\3nas\4home\0", 1),
            {"local__records": {"nas.home": ["192.0.2.10"]}},
        ),
        "local.ttl": Row(
            "7s",
            lambda app: nas(app)[0].ttl == 7,
            {"local__records": {"nas.home": ["192.0.2.10"]}},
        ),
        "local.hosts_file": Row(str(hosts), answered("printer.home", "192.0.2.20")),
        "query_log.enabled": Row(False, lambda app: not log(app).status()["enabled"]),
        "query_log.keep": Row("2d", lambda app: terms(app).keep_s == 172_800),
        "query_log.max_size": Row("2MiB", lambda app: terms(app).max_size_bytes == 2 << 20),
        "query_log.answers": Row(False, lambda app: not terms(app).answers),
        "query_log.privacy": Row("no_names", lambda app: not terms(app).privacy.has_names),
        "query_log.ignore_clients": Row(["192.0.2.7"], lambda app: terms(app).privacy.ignores_any),
        "query_log.ignore_names": Row(["a.example"], lambda app: terms(app).privacy.ignores_any),
        "query_log.ignore_in_statistics": Row(True, lambda app: terms(app).privacy.ignores_counts),
        **_shipping(),
        "stats.keep": Row("2d", lambda app: terms(app).keep_statistics_s == 172_800),
        "stats.period": Row("7d", lambda app: float(app.settings.stats.period) == 604_800),
        "dns.drain": Row("3s", lambda app: app.settings.dns.drain == 3),
        "dns.workers": Row(2, lambda app: app.workers.crew and len(app.workers.crew.ready) == 2),
        # What becomes of these: test_shared_house.py.
        "storage.url": Row(
            "postgresql://db.example/sinkhole", lambda app: bool(app.settings.storage.url)
        ),
        "storage.node": Row("attic", lambda app: app.settings.storage.node == "attic"),
        "web.listen": Row(str(place), lambda app: app.listening.url == f"http://{place}"),
        "web.hosts": Row(["sinkhole.home"], lambda app: app.settings.web.hosts),
        "web.trusted_proxies": Row(["192.0.2.9"], lambda app: app.settings.web.trusted_proxies),
        "web.certificate": Row(files["certificate"], _page_by_https, web(files)),
        "web.certificate_key": Row(files["certificate_key"], _page_by_https, web(files)),
        "log.level": Row("error", lambda app: app.settings.log.level == "error"),
    }


def _devices(hosts: Path) -> dict[str, Row]:
    def files(app: App) -> Any:
        return app.devices.devices._files

    def wanted_of(app: App) -> Any:
        return app.devices.devices._settings.devices

    return {
        "devices.neighbours": Row(False, lambda app: not app.devices.devices._neighbours._socket),
        "devices.hosts_file": Row(str(hosts), lambda app: files(app)._hosts_file == hosts),
        "devices.leases": Row(False, lambda app: not files(app)._leases),
        "devices.lease_files": Row([str(hosts)], lambda app: (hosts, True) in files(app)._leases),
        "devices.reverse": Row(False, lambda app: not wanted_of(app).reverse),
        "devices.router": Row("192.0.2.1", lambda app: wanted_of(app).router),
        "devices.mdns": Row(False, lambda app: not wanted_of(app).mdns),
        "devices.makers": Row(False, lambda app: not wanted_of(app).makers),
        "devices.forwarders": Row(
            ["192.0.2.1"],
            lambda app: [str(each) for each in access(app).forwarders] == ["192.0.2.1/32"],
        ),
    }


def _shipping() -> dict[str, Row]:
    def target(app: App, kind: str) -> Any:
        return next((one["target"] for one in app.shipping.status() if one["to"] == kind), "")

    def file(app: App) -> Any:
        return app.shipping._targets["file"]._carrier

    a_file, syslog = {"shipping__file": "queries.jsonl"}, {"shipping__syslog": "udp://127.0.0.1:9"}
    return {
        "shipping.file": Row("a.jsonl", lambda app: target(app, "file").endswith("data/a.jsonl")),
        "shipping.file_size": Row("2MiB", lambda app: file(app)._most_bytes == 2 << 20, a_file),
        "shipping.files_kept": Row(7, lambda app: file(app)._kept == 7, a_file),
        "shipping.stdout": Row(True, lambda app: target(app, "stdout")),
        "shipping.syslog": Row("udp://127.0.0.1:9", lambda app: target(app, "syslog")),
        "shipping.syslog_facility": Row(
            "local7",
            lambda app: app.shipping._feed.wanted.syslog[0][0]._priority == 23 * 8 + 6,
            syslog,
        ),
        "shipping.dnstap": Row("tcp://127.0.0.1:9", lambda app: target(app, "dnstap")),
    }


def _upstream() -> dict[str, Row]:
    def usual(app: App) -> Any:
        return app.forwarder._sets[DEFAULT]

    sets = {"upstream__sets": {"office": {"servers": ["192.0.2.2"]}}}
    return {
        "upstream.servers": Row(
            ["192.0.2.1"], lambda app: [each.name for each in usual(app).servers] == ["192.0.2.1"]
        ),
        "upstream.fallback": Row(["192.0.2.3"], lambda app: usual(app).fallback),
        "upstream.bootstrap": Row(
            ["192.0.2.4"], lambda app: app.upstreams.made.links._resolvers[0][0] == "192.0.2.4:53"
        ),
        "upstream.strategy": Row("strict", lambda app: usual(app).strategy.name == "strict"),
        "upstream.timeout": Row("1s", lambda app: usual(app).servers[0].timeout_s == 1),
        "upstream.randomize_case": Row(False, lambda app: not app.upstreams._engine.randomize_case),
        "upstream.sets": Row(sets["upstream__sets"], lambda app: "office" in app.forwarder._sets),
        "upstream.routes": Row(
            {"corp.example": "office"},
            lambda app: app.pipeline.policy.routes.of(b"\4corp\7example\0", 1).via == "office",
            sets,
        ),
        "upstream.client_subnet": Row("192.0.2.0/24", lambda app: group(app).subnets),
        "upstream.proxy": Row(
            "socks5://192.0.2.5",
            lambda app: app.upstreams.made.links._proxy,
            {"upstream__servers": ["tls://192.0.2.1"]},
        ),
        "upstream.dns64.enabled": Row(True, lambda app: app.pipeline.policy.dns64),
        "upstream.dns64.prefix": Row(
            "2001:db8:64::/96",
            lambda app: str(app.pipeline.policy.dns64.prefixes[0]) == "2001:db8:64::/96",
            {"upstream__dns64": {"enabled": True}},
        ),
        "upstream.dns64.exclude": Row(
            ["2001:db8::/32"],
            lambda app: str(app.pipeline.policy.dns64.excluded[0]) == "2001:db8::/32",
            {"upstream__dns64": {"enabled": True}},
        ),
    }


def _filtering(folder: Path, tls: dict[str, Any]) -> dict[str, Row]:
    def blocking(app: App) -> Any:
        return group(app).blocking

    def library(app: App) -> Any:
        return app.library._settings

    engines = ("bing", "brave", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube")
    listed = [list_file(folder / "one.txt", "||one.example^", name="One")]
    return {
        "filtering.lists": Row(
            listed, lambda app: [each["name"] for each in app.library.status()] == ["One"]
        ),
        "filtering.rules": Row(["||own.example^"], answered("own.example", "0.0.0.0")),
        "filtering.enabled": Row(False, _is_let_through, {"filtering__rules": ["||ads.example^"]}),
        "filtering.categories": Row(
            ["adult"],
            lambda app: any(each["name"].startswith("adult: ") for each in app.library.status()),
        ),
        "filtering.refuse_types": Row(["AAAA"], lambda app: group(app).refused_types),
        "filtering.services": Row(["tiktok"], answered("tiktok.com", "0.0.0.0")),
        **{
            f"filtering.safe_search.{engine}": Row(
                "strict" if engine == "youtube" else True,
                lambda app: app.publishing.matcher.builtin[0].name == "safe search",
            )
            for engine in engines
        },
        "filtering.builtin.doh_canary": Row(
            False, lambda app: app.publishing.matcher.builtin[0].names == 2
        ),
        "filtering.builtin.private_relay": Row(
            False, lambda app: app.publishing.matcher.builtin[0].names == 1
        ),
        "filtering.builtin.discovery": Row(False, lambda app: not reserved(app)._designated, tls),
        "filtering.builtin.rebinding": Row(False, lambda app: not group(app).rebinding),
        "filtering.builtin.rebinding_allow": Row(
            ["plex.direct"], lambda app: app.settings.filtering.builtin.rebinding_allow
        ),
        "filtering.builtin.bogus_nxdomain": Row(["192.0.2.66"], lambda app: group(app).bogus),
        "filtering.update_interval": Row("1h", lambda app: library(app).update_interval == 3600),
        "filtering.max_list_size": Row("2KiB", lambda app: library(app).max_list_size == 2048),
        "filtering.private_sources": Row(False, lambda app: not library(app).private_sources),
        "filtering.guard.factor": Row(0, lambda app: library(app).guard.factor == 0),
        "filtering.guard.canaries": Row(["bank.example"], lambda app: library(app).guard.canaries),
        "filtering.blocking.mode": Row("nxdomain", lambda app: blocking(app).mode == "nxdomain"),
        "filtering.blocking.ttl": Row("77s", lambda app: blocking(app).ttl_s == 77),
        "filtering.blocking.custom_ipv4": Row(
            "192.0.2.77",
            lambda app: str(blocking(app).ipv4) == "192.0.2.77",
            {"filtering__blocking": {"mode": "custom_ip", "custom_ipv6": "2001:db8::1"}},
        ),
        "filtering.blocking.custom_ipv6": Row(
            "2001:db8::77",
            lambda app: str(blocking(app).ipv6) == "2001:db8::77",
            {"filtering__blocking": {"mode": "custom_ip", "custom_ipv4": "192.0.2.1"}},
        ),
    }


def answered(name: str, address: str) -> Sees:
    async def sees(app: App) -> bool:
        return await answers(app.addresses[0], name) == [address]

    return sees


def web(files: dict[str, str]) -> dict[str, Any]:
    return {f"web__{key}": path for key, path in files.items()}


def access(app: App) -> Any:
    return app.pipeline.clients.access


def group(app: App) -> Any:
    return app.pipeline.policy.group


def reserved(app: App) -> Any:
    return group(app).reserved


def nas(app: App) -> Any:
    return app.pipeline.policy.local.answer(b"\3nas\4home\0", 1).made.answer


def limits(app: App) -> Any:
    return app.pipeline.forwarding.limits


def log(app: App) -> Any:
    return app.query_log


def terms(app: App) -> Any:
    return log(app)._writer._terms


async def _is_let_through(app: App) -> bool:
    return await answers(app.addresses[0], "ads.example") != ["0.0.0.0"]


def _shows_certificate(app: App) -> bool:
    status = app.encrypted.status()
    return status is not None and status["names"] == ["dns.example.org"]


def _page_by_https(app: App) -> bool:
    return app.listening.url.startswith("https://")


def with_key(tree: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The tree with another value at one key."""
    *above, last = key.split(".")
    here = tree
    for name in above:
        here = here.setdefault(name, {})
    here[last] = value
    return tree


async def is_seen(row: Row, app: App) -> bool:
    found = row.sees(app)
    return bool(await found if isinstance(found, Awaitable) else found)


async def test_every_key_counts_at_once_and_goes_back_the_same_way(tmp_path: Path) -> None:
    """One server goes from key to key: a key that is new in the schema has to be told here."""
    told = rows(tmp_path)
    assert set(told) | WAITS == set(all_keys(Settings))
    async with FakeUpstream() as upstream, running(house(tmp_path, upstream)) as app:
        wrong = []
        for key, row in told.items():
            before = house(tmp_path, upstream, **row.beside)
            assert await app.apply(before) == []
            was_seen = key not in ALREADY and await is_seen(row, app)
            tree = with_key(wanted(tmp_path, upstream, **row.beside), key, row.value)
            waits = await app.apply(settings_from(tree))
            if was_seen or waits or not await is_seen(row, app):
                wrong.append((key, was_seen, waits))
            assert await app.apply(house(tmp_path, upstream)) == []
        assert wrong == []
        assert app.faults.count == 0


ALREADY: Final = {
    *("dns.certificate", "dns.certificate_key", "web.certificate", "web.certificate_key"),
    "dns.names",
}
"""Keys whose neighbours make them seen: they cannot stand without them."""


@pytest.mark.parametrize("key", sorted(WAITS))
async def test_what_waits_is_named_and_changes_nothing(key: str, tmp_path: Path) -> None:
    async with running(house(tmp_path)) as app:
        before = getattr(app.settings, key)
        assert await app.apply(house(tmp_path, **{key: str(tmp_path / "elsewhere")})) == [key]
        assert getattr(app.settings, key) == before
