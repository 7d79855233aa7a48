"""Copies of the log of a whole server, whatever becomes of those who get them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dnslib
import pytest
from disk_calls import DiskWatch, Served
from fake_upstream import FakeUpstream
from house import answers, get, get_text, house, problems_of, running, until
from shipping_peers import dnstap_of, receiving

from sinkhole.app.app import App
from sinkhole.control.shipping import sockets, stream
from sinkhole.dns.server import udp


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []


@contextlib.contextmanager
def syslog_server() -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock, f"udp://127.0.0.1:{sock.getsockname()[1]}"


def sent(app: App, kind: str) -> int:
    return next(each["sent"] for each in app.shipping.status() if each["to"] == kind)


async def test_every_target_has_what_the_log_has(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream, receiving(tmp_path / "tap") as tap:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        with syslog_server() as (sock, where):
            settings = house(
                tmp_path,
                upstream,
                filtering__rules=["||ads.example^"],
                shipping={"file": "q.jsonl", "syslog": where, "dnstap": tap.target},
                clients=[{"name": "This machine", "addresses": ["127.0.0.1"]}],
            )
            async with running(settings) as app:
                (place,), url = app.addresses, app.listening.url
                assert await answers(place, "example.org") == ["192.0.2.1"]
                assert await answers(place, "ads.example", tcp=True) == ["0.0.0.0"]
                file = tmp_path / "data/q.jsonl"
                await until(lambda: len(lines(file)) == 2 and len(tap.frames) == 2)
                first, second = lines(file)
                await until(lambda: app.query_log and app.query_log.status()["rows"] == 2)
                logged = (await get(url, "/api/queries"))["queries"]
                for told, kept in zip((second, first), logged, strict=True):
                    told.pop("timestamp")
                    assert told == {
                        each: kept[each] for each in kept if each not in ("id", "list_id", "node")
                    } | {"time": pytest.approx(kept["time"], abs=1e-3)}
                assert (first["client_name"], first["transport"]) == ("This machine", "udp")
                assert (second["outcome"], second["rule"]) == ("blocked", "||ads.example^")
                loop = asyncio.get_running_loop()
                message = (await loop.sock_recv(sock, 4096)).decode()
                assert json.loads(message[message.index("{") :])["name"] == "example.org"
                told = [dnstap_of(each) for each in tap.frames]
                reply = dnslib.DNSRecord.parse(told[0]["response_message"])
                assert [str(each.rdata) for each in reply.rr] == ["192.0.2.1"]
                assert told[1]["policy"]["rule"] == b"||ads.example^"
                status = (await get(url, "/api/status"))["shipping"]
                assert {each["to"]: each["sent"] for each in status} == {
                    "file": 2, "syslog": 2, "dnstap": 2,
                }  # fmt: skip
                _, metrics = await get_text(url, "/metrics")
                assert 'sinkhole_shipping_sent_total{to="dnstap"} 2.0' in metrics
                assert problems_of(app) == []


async def test_what_the_log_leaves_out_is_not_shipped_either(tmp_path: Path) -> None:
    groups = [{"name": "default", "privacy": "no_names"}]
    settings = house(
        tmp_path, filtering__rules=["||ads.example^"], shipping={"file": "q.jsonl"}, groups=groups
    )
    file = tmp_path / "data/q.jsonl"
    async with running(settings) as app:
        (place,) = app.addresses
        await answers(place, "secret.ads.example")
        await until(lambda: len(lines(file)) == 1)
        assert "secret" not in file.read_text()
        for section in (
            {"groups": [{"name": "default", "log": False}]},
            {"query_log": {"ignore_clients": ["127.0.0.1"]}},
            {"query_log": {"ignore_names": ["ads.example"]}},
        ):
            await app.apply(
                house(
                    tmp_path,
                    filtering__rules=["||ads.example^"],
                    shipping={"file": "q.jsonl"},
                    **section,
                )
            )
            await answers(place, "secret.ads.example")
            await until(lambda: not len(app.shipping._feed.buffer))
        await app.apply(
            house(
                tmp_path,
                shipping={"file": "q.jsonl"},
                query_log={"enabled": False, "privacy": "anonymous_clients"},
            )
        )
        await answers(place, "later.test")
        await until(lambda: len(lines(file)) == 2)
        assert lines(file)[1]["client"] == "127.0.0.0/24"
    assert "secret" not in file.read_text()


async def test_no_peer_and_no_disk_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that never says a word, one that is not there, and a file that can't be made."""
    for each in (sockets, stream):
        monkeypatch.setattr(each, "PATIENCE_S", 0.5)
    async with receiving(answer=0) as deaf:
        settings = house(
            tmp_path,
            filtering__rules=["||ads.example^"],
            shipping={
                "file": "missing/q.jsonl",
                "syslog": f"unix:{tmp_path}/nowhere",
                "dnstap": deaf.target,
            },
        )
        async with running(settings) as app:
            (place,) = app.addresses
            for number in range(300):
                assert await answers(place, f"n{number}.ads.example") == ["0.0.0.0"]
            await until(lambda: len(app.shipping.problems) == 3)
            codes = {each.code for each in app.overview.problems()}
            assert "shipping.failing" in codes
            assert all(each["sent"] == 0 for each in app.shipping.status())
            (tmp_path / "data/missing").mkdir()
            await until(lambda: len(lines(tmp_path / "data/missing/q.jsonl")) == 300)
        assert app.faults.count == 0


async def test_the_event_loop_asks_no_disk_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DiskWatch() as watch:
        plain = udp.UdpListener.__init__

        def listening(self: udp.UdpListener, *arguments: Any, **options: Any) -> None:
            plain(self, *arguments, **options)
            watch.watch_this_thread()

        monkeypatch.setattr(udp.UdpListener, "__init__", listening)
        settings = house(
            tmp_path,
            filtering__rules=["||ads.example^"],
            shipping={"file": "q.jsonl", "file_size": "1MiB", "syslog": f"unix:{tmp_path}/log"},
        )
        async with Served(settings, watch) as served:
            for number in range(20):
                await answers(served.app.addresses[0], f"n{number}.ads.example")
            await until(lambda: len(lines(tmp_path / "data/q.jsonl")) == 20)
            moved = house(tmp_path, shipping={"file": "other.jsonl"})
            await served.does(served.app.apply(moved))
        assert watch.calls == []


async def test_lines_on_standard_output_stand_there_alone(tmp_path: Path) -> None:
    settings = tmp_path / "sinkhole.yaml"
    settings.write_text(
        json.dumps(
            {
                "dns": {"listen": ["127.0.0.1:0"]},
                "upstream": {"servers": ["127.0.0.1:9"]},
                "filtering": {"lists": [], "rules": ["||ads.example^"]},
                "web": {"listen": "127.0.0.1:0"},
                "shipping": {"stdout": True},
                "data_dir": str(tmp_path / "data"),
            }
        )
    )
    command = [sys.executable, "-m", "sinkhole", "run", "--config", str(settings)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        said = ""
        while "DNS    " not in said:
            said = (await process.stderr.readline()).decode()
        place = said.split()[1].rstrip(",")
        await answers(place, "www.ads.example")
        line = json.loads(await process.stdout.readline())
        assert (line["name"], line["outcome"]) == ("www.ads.example", "blocked")
    finally:
        process.terminate()
        out, _ = await process.communicate()
    assert out == b"" and process.returncode == 0


def captured(*arguments: str) -> subprocess.Popen[bytes]:
    command = ["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", *arguments]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def shown(file: Path) -> str:
    command = ["dnstap-ldns", "-y", "-r", file]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(
    not (shutil.which("fstrm_capture") and shutil.which("dnstap-ldns")),
    reason="needs fstrm_capture and dnstap-ldns",
)
@pytest.mark.parametrize("over", ["unix", "tcp"])
async def test_the_tools_of_dnstap_read_what_is_sent(tmp_path: Path, over: str) -> None:
    path, file = tmp_path / "tap", tmp_path / "captured"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["-u", str(path)] if over == "unix" else ["-a", "127.0.0.1", "-p", str(port)]
    capture = captured(*where, "-w", str(file))
    target = f"unix:{path}" if over == "unix" else f"tcp://127.0.0.1:{port}"
    try:
        async with FakeUpstream() as upstream:
            upstream.answer("example.org", "A", ["192.0.2.1"])
            settings = house(
                tmp_path,
                upstream,
                filtering__rules=["||ads.example^"],
                shipping={"dnstap": target},
            )
            async with running(settings) as app:
                await answers(app.addresses[0], "example.org")
                await answers(app.addresses[0], "ads.example", tcp=True)
                await until(lambda: sent(app, "dnstap") == 2)
    finally:
        capture.terminate()
        capture.wait()
    told = shown(file)
    assert told.count("type: CLIENT_RESPONSE") == 2
    assert told.count('query_address: "127.0.0.1"') == 2
    assert "socket_protocol: UDP" in told and "socket_protocol: TCP" in told
    assert "example.org.\t" in told and "192.0.2.1" in told and "0.0.0.0" in told


async def test_counters_go_on_over_a_restart_and_over_other_settings(tmp_path: Path) -> None:
    async def blocked(app: App) -> float:
        _, text = await get_text(app.listening.url, "/metrics")
        (line,) = [each for each in text.splitlines() if 'outcome="blocked"' in each]
        return float(line.split()[-1])

    settings = house(tmp_path, filtering__rules=["||ads.example^"])
    for run in (1, 2):
        async with running(settings) as app:
            await answers(app.addresses[0], "ads.example")
            await until(lambda: app.counters.queries == 1)
            assert await blocked(app) == run
            await app.apply(
                house(tmp_path, filtering__rules=["||ads.example^"], cache__size="2MiB")
            )
            assert await blocked(app) == run
    (tmp_path / "data/counters.json").unlink()
    async with running(settings) as app:
        assert await blocked(app) == 0
