"""Other settings while queries keep coming: none is lost, and what fails leaves no trace."""

from __future__ import annotations

import asyncio
import random
import socket
from pathlib import Path
from typing import Any, Final

import dnslib
import pytest
from aiohttp import ClientSession
from fake_upstream import FakeUpstream, held
from house import answers, ask, get_text, house, list_file, query, running, until, wanted
from load import load
from places import nobodys_place, nobodys_port
from settings_file import write_settings

from sinkhole.app.app import App
from sinkhole.app.ground import Ground
from sinkhole.app.publishing import Publishing
from sinkhole.control.settings.in_force import Change
from sinkhole.dns.server.sockets import bind
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import SettingsError

ADS: Final = {"filtering__rules": ["||ads.example^"]}
AT_ONCE: Final = 8


async def test_addresses_come_and_go_and_no_query_is_lost(tmp_path: Path) -> None:
    here, there = nobodys_place(), nobodys_place()
    async with running(house(tmp_path, dns__listen=[str(here)], **ADS)) as app:
        async with load(str(here)):
            for _ in range(10):
                await app.apply(house(tmp_path, dns__listen=[str(there), str(here)], **ADS))
                assert await answers(str(there), "ads.example", tcp=True) == ["0.0.0.0"]
                await app.apply(house(tmp_path, dns__listen=[str(here)], **ADS))
        assert app.addresses == [str(here)]
        bind("UDP", *there).sock.close()  # it was given back
        assert app.faults.count == 0


async def test_one_address_of_all_takes_over_what_waits_for_it(tmp_path: Path) -> None:
    port = nobodys_port()
    all_of_them, one = f"0.0.0.0:{port}", f"127.0.0.1:{port}"
    async with running(house(tmp_path, dns__listen=[all_of_them], **ADS)) as app:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            for listen in (one, all_of_them) * 5:
                sock.send(query("ads.example"))
                await app.apply(house(tmp_path, dns__listen=[listen], **ADS))
                sock.settimeout(20)
                assert await asyncio.to_thread(sock.recv, 4096)
        assert app.addresses == [all_of_them]
        assert await answers(f"127.0.0.2:{port}", "ads.example") == ["0.0.0.0"]


async def test_a_query_underway_by_an_address_that_goes_is_answered(tmp_path: Path) -> None:
    here, there = nobodys_place(), nobodys_place()
    async with FakeUpstream() as upstream:
        upstream.answer("slow.example.org", "A", ["192.0.2.1"])
        release = asyncio.Event()
        upstream.script(held(release))
        async with running(house(tmp_path, upstream, dns__listen=[str(here)])) as app:
            asking = [
                asyncio.create_task(answers(str(here), "slow.example.org", tcp=tcp))
                for tcp in (False, True)
            ]
            udp, door = app.dns.udp[0], app.dns.door
            await until(lambda: udp.room.waiting and door.room.waiting, "both questions")
            await app.apply(house(tmp_path, upstream, dns__listen=[str(there)]))
            release.set()
            assert await asyncio.gather(*asking) == [["192.0.2.1"]] * 2


async def test_an_address_that_cannot_be_had_fails_the_change_and_names_the_key(
    tmp_path: Path,
) -> None:
    here, taken = nobodys_place(), nobodys_place()
    wants = {
        "cache__size": "2MiB",
        "upstream__timeout": "1s",
        "local__records": {"a.home": ["192.0.2.1"]},
    }
    with bind("UDP", *taken).sock, bind("TCP", *taken).sock:
        async with running(house(tmp_path, dns__listen=[str(here)], **ADS)) as app:
            before, policy = app.settings, app.pipeline.policy
            servers, limit = app.forwarder._servers, app.table.limit_bytes
            changed = house(tmp_path, dns__listen=[str(here), str(taken)], **wants)
            with pytest.raises(SettingsError, match=rf"dns\.listen: {taken} is in use"):
                await app.apply(changed)
            assert (app.settings, app.pipeline.policy) == (before, policy)
            assert (app.forwarder._servers, app.table.limit_bytes) == (servers, limit)
            assert (app.addresses, app.dns.problems) == ([str(here)], [])
            assert await answers(str(here), "ads.example") == ["0.0.0.0"]
            # Where a file was edited, it is waited for.
            assert await app.apply(changed, patient=True) == []
            assert str(taken) in app.dns.problems[0]
            assert await answers(str(here), "a.home") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"web__listen": "192.0.2.1:1"}, "web.listen"),
        (
            {
                "dns__tls": ["127.0.0.1:0"],
                "dns__certificate": "/nowhere.pem",
                "dns__certificate_key": "/nowhere.key",
            },
            r"dns\.certificate: /nowhere\.pem cannot be read",
        ),
        ({"local__records": {"nas.home": ["192.0.2.1"] * 5000}}, "local records of nas.home"),
    ],
    ids=["page", "certificate", "records"],
)
async def test_whatever_cannot_be_made_leaves_all_parts_as_they_were(
    broken: dict[str, Any], told: str, tmp_path: Path
) -> None:
    async with running(house(tmp_path, **ADS)) as app:
        before = app.settings, app.pipeline.policy, app.addresses, app.listening.url, app.dns.added
        servers = app.forwarder._servers
        with pytest.raises(SettingsError, match=told):
            await app.apply(house(tmp_path, upstream__servers=["192.0.2.1"], **broken))
        after = app.settings, app.pipeline.policy, app.addresses, app.listening.url, app.dns.added
        assert after == before and app.forwarder._servers == servers
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        assert (await get_text(app.listening.url, "/healthz"))[0] == 200
        assert app.faults.count == 0


async def test_a_bug_in_the_middle_of_the_exchange_takes_all_of_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = nobodys_place(), nobodys_place()
    async with running(house(tmp_path, dns__listen=[str(here)], **ADS)) as app:
        before, servers = app.settings, app.forwarder._servers
        ordinary, fails = Publishing._take, [True]

        def odd(publishing: Publishing, *made: Any) -> None:
            if fails:
                fails.pop()
                raise RuntimeError("as arranged")
            ordinary(publishing, *made)

        monkeypatch.setattr(Publishing, "_take", odd)
        changed = house(tmp_path, dns__listen=[str(there)], upstream__servers=["192.0.2.1"])
        with pytest.raises(RuntimeError, match="as arranged"):
            await app.apply(changed)
        assert (app.settings, app.forwarder._servers) == (before, servers)
        assert await answers(str(here), "ads.example") == ["0.0.0.0"]
        assert await app.apply(changed) == []
        assert app.addresses == [str(there)]


async def test_questions_underway_end_with_the_servers_they_began_with(tmp_path: Path) -> None:
    async with FakeUpstream() as one, FakeUpstream() as two:
        one.answer("slow.example.org", "A", ["192.0.2.1"])
        two.answer("other.example.org", "A", ["192.0.2.2"])
        async with running(house(tmp_path, one)) as app:
            (where,) = app.addresses
            for _ in range(5):
                release = asyncio.Event()
                one.script(held(release))
                asking = asyncio.create_task(answers(where, "slow.example.org"))
                await until(lambda: app.dns.udp[0].room.waiting, "the question")
                await app.apply(house(tmp_path, two))
                assert await answers(where, "other.example.org") == ["192.0.2.2"]
                release.set()
                assert await asking == ["192.0.2.1"]
                app.table.clear()
                await app.apply(house(tmp_path, one))


async def test_servers_that_stay_keep_what_is_known_of_them(tmp_path: Path) -> None:
    async with FakeUpstream() as one, FakeUpstream() as two:
        one.answer("example.org", "A", ["192.0.2.1"])
        both = [one.name, two.name]
        async with running(house(tmp_path, one)) as app:
            assert await answers(app.addresses[0], "example.org") == ["192.0.2.1"]
            kept = app.forwarder._servers[0]
            await app.apply(house(tmp_path, upstream__servers=both, upstream__strategy="strict"))
            assert app.forwarder._servers[0] is kept and kept.rtt_s is not None
            await app.apply(house(tmp_path, upstream__servers=[two.name]))
            assert [each["name"] for each in app.forwarder.status()] == [two.name]


async def test_a_failure_that_is_remembered_ends_with_other_upstreams(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with running(house(tmp_path)) as app:
            (where,) = app.addresses
            assert (await ask(where, "example.org")).header.rcode == dnslib.RCODE.SERVFAIL
            await app.apply(house(tmp_path, upstream))
            assert await answers(where, "example.org") == ["192.0.2.1"]


async def test_who_moves_the_page_is_answered_where_he_asked(tmp_path: Path) -> None:
    tree = wanted(tmp_path)
    del tree["web"]  # or the file would hold it
    config, there = write_settings(tmp_path / "sinkhole.yaml", tree), nobodys_place()
    ground = await Ground.take(config, {})
    await ground.settings.change([Change("web.listen", value="127.0.0.1:0")], SERVER)
    await ground.close()
    app = await App.of(config, {})
    async with running(app=app), ClientSession() as session:
        url = app.listening.url
        changes = [{"key": "web.listen", "value": str(there)}]
        async with session.patch(f"{url}/api/v1/settings", json={"changes": changes}) as response:
            assert response.status == 200, await response.text()
        assert app.listening.url == f"http://{there}"
        assert (await get_text(app.listening.url, "/healthz"))[0] == 200


async def test_two_hundred_changes_in_turn_and_dns_answers_all_the_while(tmp_path: Path) -> None:
    """Drawn by a fixed seed; some cannot be had, and those change nothing."""
    chance = random.Random(9)
    here, others = nobodys_place(), [nobodys_place() for _ in range(3)]
    listed = [
        list_file(tmp_path / f"{each}.txt", f"||{each}.example^", name=each) for each in "abc"
    ]
    usual = house(tmp_path, dns__listen=[str(here)], **ADS)
    refused = 0
    async with running(usual) as app:
        async with load(str(here)):
            for _ in range(200):
                changes = _drawn(chance, others, listed)
                listen = [str(here), *changes.pop("also", [])]
                try:
                    await app.apply(house(tmp_path, dns__listen=listen, **ADS | changes))
                except SettingsError:
                    refused += 1
            await app.apply(usual)
        assert 0 < refused < 100
        assert app.settings == usual
        assert (app.faults.count, app.dns.problems) == (0, [])


def _drawn(chance: random.Random, others: list[Any], listed: list[Any]) -> dict[str, Any]:
    """One to four changes of parts that are chosen by chance."""
    every: list[tuple[str, Any]] = [
        ("also", [str(each) for each in chance.sample(others, chance.randint(0, 3))]),
        ("also", ["192.0.2.1:5353"]),  # which this machine does not have
        ("cache__size", chance.choice(["1MiB", "8MiB"])),
        ("cache__max_ttl", chance.choice(["1h", "2h"])),
        ("upstream__timeout", chance.choice(["1s", "3s"])),
        ("upstream__servers", ["192.0.2.53", "tls://192.0.2.54"]),
        ("upstream__randomize_case", False),
        ("filtering__lists", chance.sample(listed, 2)),
        ("filtering__services", ["tiktok"]),
        ("local__records", {"nas.home": ["192.0.2.10"]}),
        ("clients", [{"name": "TV", "addresses": ["127.0.0.1"]}]),
        ("dns__rate_limit", chance.choice([0, 1000])),
        ("web__listen", "127.0.0.1:0"),
        ("web__hosts", ["sinkhole.home"]),
        ("log__level", chance.choice(["debug", "warning"])),
    ]
    return dict(chance.sample(every, chance.randint(1, 4)))
