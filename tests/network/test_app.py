"""The whole of sinkhole in one process: real sockets, real SQLite and HTTP, a scripted upstream."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from fake_upstream import FakeUpstream, held, silent
from house import (
    LIMIT_S,
    answers,
    ask,
    errors_of,
    get,
    get_text,
    has_ipv6,
    house,
    list_file,
    list_server,
    post,
    problems_of,
    rcode_of,
    running,
    until,
)
from places import nobodys_place

from sinkhole.app.app import App
from sinkhole.model.errors import SinkholeError

# Answering


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_every_decision_is_given_on_every_way_in(
    tmp_path: Path, host: str, tcp: bool
) -> None:
    if host == "[::1]" and not has_ipv6():
        pytest.skip("no IPv6 on this machine")
    async with FakeUpstream() as upstream:
        upstream.answer("www.example.org", "CNAME", ["example.org"])
        upstream.answer("example.org", "A", ["192.0.2.1"])
        upstream.answer("shop.example.org", "CNAME", ["track.example.net"])
        upstream.answer("track.example.net", "A", ["192.0.2.66"])
        settings = house(
            tmp_path,
            upstream,
            dns__listen=[f"{host}:0"],
            filtering__lists=[list_file(tmp_path / "mine.txt", "||track.example.net^", "bad.test")],
            local__records={"nas.home": ["192.0.2.10"], "*.nas.home": ["192.0.2.11"]},
        )
        async with running(settings) as app:
            (where,) = app.addresses
            assert await answers(where, "www.example.org", tcp=tcp) == ["example.org.", "192.0.2.1"]
            assert await answers(where, "track.example.net", tcp=tcp) == ["0.0.0.0"]
            assert await answers(where, "track.example.net", "AAAA", tcp=tcp) == ["::"]
            assert await answers(where, "shop.example.org", tcp=tcp) == ["0.0.0.0"]
            assert await answers(where, "nas.home", tcp=tcp) == ["192.0.2.10"]
            assert await answers(where, "x.nas.home", tcp=tcp) == ["192.0.2.11"]
            assert rcode_of(await ask(where, "no.example.org", tcp=tcp)) == "NXDOMAIN"
        assert not upstream.asked("track.example.net")
        assert not upstream.asked("nas.home")


async def test_own_rules_block_and_win_over_lists(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("www.shop.example", "A", ["192.0.2.5"])
        settings = house(
            tmp_path,
            upstream,
            filtering__lists=[list_file(tmp_path / "mine.txt", "||shop.example^")],
            filtering__rules=["||ads.example^", "@@||shop.example^"],
        )
        async with running(settings) as app:
            (where,) = app.addresses
            reply = await ask(where, "x.ads.example")
            assert [str(rr.rdata) for rr in reply.rr] == ["0.0.0.0"]
            assert await answers(where, "www.shop.example") == ["192.0.2.5"]


async def test_an_odd_own_rule_is_a_problem_to_show_and_no_more(tmp_path: Path) -> None:
    settings = house(tmp_path, filtering__rules=["||ads.example^", "two words"])
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        (problem,) = [each for each in app.problems() if "two words" in each]
        assert "filtering.rules" in problem


async def test_an_odd_rule_of_a_group_is_a_problem_to_show_as_well(tmp_path: Path) -> None:
    kids = {"name": "kids", "rules": ["||ads.example^", "two words"]}
    async with running(house(tmp_path, groups=[kids])) as app:
        (problem,) = [each for each in app.problems() if "two words" in each]
        assert problem.startswith("rules of kids[1]: 'two words' is not in use: ")


async def test_without_any_upstream_it_blocks_answers_local_names_and_says_servfail(
    tmp_path: Path,
) -> None:
    settings = house(
        tmp_path,
        filtering__rules=["||ads.example^"],
        local__records={"nas.home": ["192.0.2.10"]},
    )
    async with running(settings) as app:
        (where,) = app.addresses
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        assert await answers(where, "nas.home") == ["192.0.2.10"]
        failed = await ask(where, "example.org")
        assert rcode_of(failed) == "SERVFAIL"
        assert errors_of(failed)

        async def is_shown() -> bool:
            problems = (await get(_url(app), "/api/status"))["problems"]
            return any("upstream" in problem for problem in problems)

        await until(is_shown, "the problem with the upstream")
        status, text = await get_text(_url(app), "/healthz")
        assert (status, text.splitlines()[0]) == (200, "degraded")
        assert "no upstream answers" in text


async def test_upstreams_that_stay_silent_end_in_servfail_with_a_reason(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.always = silent
        async with running(house(tmp_path, upstream, upstream__timeout="100ms")) as app:
            failed = await ask(app.addresses[0], "example.org")
            assert rcode_of(failed) == "SERVFAIL"
            ((code, text),) = errors_of(failed)
            assert code in (22, 23)  # RFC 8914: no reachable authority, network error
            assert text


async def test_page_and_api_show_what_was_asked(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = house(
            tmp_path,
            upstream,
            filtering__lists=[list_file(tmp_path / "mine.txt", "! mine", "||ads.example^")],
        )
        async with running(settings) as app:
            (where,) = app.addresses
            for name in ("example.org", "example.org", "x.ads.example"):
                await ask(where, name)
            url = _url(app)

            async def all_counted() -> bool:
                return bool((await get(url, "/api/stats"))["totals"]["queries"] == 3)

            await until(all_counted)
            stats = await get(url, "/api/stats?period=1h")
            assert stats["blocked_percent"] == stats["cached_percent"] == 33.3
            assert stats["records_dropped"] == 0
            rows = (await get(url, "/api/queries"))["queries"]
            assert [row["outcome"] for row in rows] == ["blocked", "cached", "forwarded"]
            assert rows[0]["list"] == "Mine"
            assert (rows[0]["line"], rows[0]["rule"]) == (2, "||ads.example^")
            assert rows[2]["upstream"] == upstream.name
            assert await get_text(url, "/healthz") == (200, "ok\n")
            assert "<title>" in (await get_text(url, "/"))[1]
            assert "sinkhole_queries" in (await get_text(url, "/metrics"))[1]
            assert (await get(url, "/api/status"))["problems"] == []


async def test_rows_are_not_written_where_the_log_is_off_but_statistics_are(tmp_path: Path) -> None:
    settings = house(tmp_path, filtering__rules=["||ads.example^"], query_log__enabled=False)
    async with running(settings) as app:
        await ask(app.addresses[0], "ads.example")

        async def counted() -> bool:
            return bool((await get(_url(app), "/api/stats"))["totals"]["blocked"] == 1)

        await until(counted)
        assert (await get(_url(app), "/api/queries"))["queries"] == []
        assert (await get(_url(app), "/api/status"))["log"]["enabled"] is False


# Lists


async def test_a_list_update_by_the_api_counts_from_the_next_query_on(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream, list_server("||ads.example^") as lists:
        upstream.answer("new.example", "A", ["192.0.2.7"])
        async with running(house(tmp_path, upstream, filtering__lists=[lists.item()])) as app:
            (where,) = app.addresses
            assert await answers(where, "new.example") == ["192.0.2.7"]
            lists.rules = ["||new.example^"]
            status, told = await post(_url(app), "/api/lists/update")
            assert (status, told["updated"]) == (200, 1)
            assert await answers(where, "new.example") == ["0.0.0.0"]
            assert rcode_of(await ask(where, "ads.example")) == "NXDOMAIN"
            assert (await post(_url(app), "/api/lists/update"))[1]["updated"] == 0


async def test_dns_goes_on_while_a_list_is_fetched(tmp_path: Path) -> None:
    async with list_server("||ads.example^", "||two.example^") as lists:
        lists.gate = asyncio.Event()
        settings = house(
            tmp_path, filtering__lists=[lists.item()], filtering__rules=["||own.example^"]
        )
        async with running(settings, lists=False) as app:
            await lists.asked(1)
            assert await answers(app.addresses[0], "own.example") == ["0.0.0.0"]
            assert app.library.status()[0]["state"] == "missing"
            lists.gate.set()
            await app.first_lists(LIMIT_S)
            assert await answers(app.addresses[0], "two.example") == ["0.0.0.0"]


async def test_what_another_process_updated_is_taken_over(tmp_path: Path) -> None:
    async with list_server("||ads.example^") as lists:
        settings = house(tmp_path, filtering__lists=[lists.item()])
        async with running(settings) as app:
            (where,) = app.addresses
            assert await answers(where, "ads.example") == ["0.0.0.0"]
            lists.rules = ["||new.example^"]
            other = App(settings)
            await other.library.load()
            assert await other.library.update() == 1

            async def is_blocked() -> bool:
                return await answers(where, "new.example") == ["0.0.0.0"]

            await until(is_blocked)


async def test_a_restart_needs_no_network_to_block(tmp_path: Path) -> None:
    async with list_server("||ads.example^") as lists:
        settings = house(tmp_path, filtering__lists=[lists.item()])
        async with running(settings):
            pass
    async with running(settings, lists=False) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]


async def test_a_damaged_trie_is_compiled_again_without_network(tmp_path: Path) -> None:
    async with list_server("||ads.example^") as lists:
        settings = house(tmp_path, filtering__lists=[lists.item()])
        async with running(settings):
            pass
    (trie,) = (tmp_path / "data/lists").glob("*.trie")
    trie.write_bytes(trie.read_bytes()[:-20] + b"damaged")
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]


async def test_garbage_among_the_lists_does_no_harm(tmp_path: Path) -> None:
    settings = house(tmp_path, filtering__lists=[list_file(tmp_path / "a.txt", "||ads.example^")])
    async with running(settings):
        pass
    folder = tmp_path / "data/lists"
    (folder / "notes.txt").write_text("keep me")
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "b-txt-block-0123456789ab.json").write_bytes(b"\xff{[")
    (folder / "c-txt-block-0123456789ab.json").mkdir()
    (folder / "d-txt-block-0123456789ab.trie").write_bytes(b"")
    (state,) = folder.glob("a-txt-*.json")
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
    state.write_bytes(b"garbage")
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        assert problems_of(app) == []
    assert (folder / "notes.txt").read_text() == "keep me"


# What is kept


async def test_answers_are_kept_over_a_restart(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"], ttl=3600)
        settings = house(tmp_path, upstream)
        async with running(settings) as app:
            await ask(app.addresses[0], "example.org")
    async with running(settings) as app:  # the upstream is gone
        reply = await ask(app.addresses[0], "example.org")
        assert [str(rr.rdata) for rr in reply.rr] == ["192.0.2.1"]
        assert 3000 < reply.rr[0].ttl <= 3600


@pytest.mark.parametrize("damage", [b"", b"garbage", b"SINKCA\0\1\0\0\0\0" + b"x" * 100])
async def test_a_damaged_cache_file_is_left_out_and_written_anew(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = house(tmp_path, upstream)
        kept = tmp_path / "data/cache.bin"
        kept.parent.mkdir()
        kept.write_bytes(damage)
        async with running(settings) as app:
            assert "the saved answers are not used" in caplog.text
            assert await answers(app.addresses[0], "example.org") == ["192.0.2.1"]
        caplog.clear()
        async with running(settings) as app:
            assert caplog.text == ""
            await ask(app.addresses[0], "example.org")


async def test_an_unreadable_cache_file_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data/cache.bin").mkdir(parents=True)
    settings = house(tmp_path, filtering__rules=["||ads.example^"])
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
    assert "the saved answers are not used" in caplog.text


# Stopping and failing to start


async def test_queries_in_flight_are_still_answered_when_it_stops(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        release = asyncio.Event()
        upstream.answer("udp.example.org", "A", ["192.0.2.1"])
        upstream.answer("tcp.example.org", "A", ["192.0.2.1"])
        upstream.always = held(release)
        app = App(house(tmp_path, upstream))
        await app.start()
        (where,) = app.addresses
        asked = [
            asyncio.create_task(answers(where, "udp.example.org")),
            asyncio.create_task(answers(where, "tcp.example.org", tcp=True)),
        ]
        await upstream.seen(2)
        stopping = asyncio.create_task(app.stop())
        await asyncio.sleep(0)
        release.set()
        assert await asyncio.gather(*asked) == [["192.0.2.1"]] * 2
        await stopping


async def test_stopping_does_not_wait_for_upstreams_for_ever(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.always = silent
        app = App(house(tmp_path, upstream, upstream__timeout="10s"))
        await app.start()
        asked = asyncio.create_task(ask(app.addresses[0], "example.org", tcp=True))
        await upstream.seen(1)
        await app.stop(patience_s=0.1)
        with pytest.raises(asyncio.IncompleteReadError):
            await asked


async def test_without_dns_and_page_it_is_an_error_that_leaves_nothing_open(tmp_path: Path) -> None:
    place, page = nobodys_place(), nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, socket.socket() as web:
        other.bind(place)
        web.bind(page)
        web.listen()
        settings = house(tmp_path, dns__listen=[str(place)], web__listen=str(page))
        with pytest.raises(SinkholeError, match=rf"dns.listen: .*{place}.* in use.*\nweb.listen: "):
            await App(settings).start()
    async with running(house(tmp_path)) as app:  # in the same data folder
        assert (await get_text(_url(app), "/healthz"))[0] == 200


async def test_two_servers_cannot_share_a_data_folder(tmp_path: Path) -> None:
    settings = house(tmp_path)
    async with running(settings) as app:
        with pytest.raises(SinkholeError, match="in use by another running sinkhole"):
            await App(settings).start()
        assert (await get_text(_url(app), "/healthz"))[0] == 200
    async with running(settings):
        pass


async def test_a_data_folder_that_cannot_be_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SinkholeError, match=r"data_dir: .*/data cannot be used: .*another folder"):
        await App(house(tmp_path)).start()


def _url(app: App) -> str:
    assert app.listening.page is not None
    return app.listening.page.url
