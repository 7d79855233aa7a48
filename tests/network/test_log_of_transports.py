"""Log, statistics and metrics of a whole sinkhole tell how queries came, and by whom."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import dnslib
import pytest
from certificates import client_context, leaf
from house import ask, endpoint, get, get_text, house, query, running, until

NAME = "dns.example.org"


async def ask_by_tls(where: str, name: str, calls_itself: str) -> dnslib.DNSRecord:
    """Ask as a client that has an id: it stands in the name that it asks the server by."""
    reader, writer = await asyncio.open_connection(
        *endpoint(where), ssl=client_context(), server_hostname=f"{calls_itself}.{NAME}"
    )
    wire = query(name)
    writer.write(struct.pack("!H", len(wire)) + wire)
    reply = await reader.readexactly(*struct.unpack("!H", await reader.readexactly(2)))
    writer.close()
    return dnslib.DNSRecord.parse(reply)


@pytest.mark.parametrize("workers", [1, 2])
async def test_each_query_is_told_by_its_transport_and_the_client_s_name(
    tmp_path: Path, workers: int
) -> None:
    chain, key = leaf(NAME, f"*.{NAME}").write(tmp_path)
    settings = house(
        tmp_path,
        dns__tls=["127.0.0.1:0"],
        dns__certificate=str(chain),
        dns__certificate_key=str(key),
        dns__names=[NAME],
        dns__workers=workers,
        clients=[{"name": "Anna's phone", "ids": ["phone"]}],
        local__records={"nas.home": ["192.0.2.10"]},
    )
    async with running(settings) as app:
        (plain,) = app.addresses
        ((over, encrypted),) = app.dns.added
        assert over == "TLS" and app.listening.page is not None
        await ask(plain, "nas.home")
        await ask(plain, "nas.home", tcp=True)
        reply = await ask_by_tls(encrypted, "nas.home", "phone")
        assert [str(rr.rdata) for rr in reply.rr] == ["192.0.2.10"]
        log = app.query_log
        assert log is not None
        await until(lambda: log.status()["rows"] == 3, "three rows")
        url = app.listening.page.url
        rows = (await get(url, "/api/queries"))["queries"]
        rows.sort(key=lambda row: ["tls", "tcp", "udp"].index(row["transport"]))
        assert [(row["transport"], row["client"], row.get("client_name")) for row in rows] == [
            ("tls", "phone", "Anna's phone"), ("tcp", "127.0.0.1", None), ("udp", "127.0.0.1", None)
        ]  # fmt: skip
        for wanted in ("transport=tls", "client=phone"):
            assert (await get(url, f"/api/queries?{wanted}"))["queries"] == rows[:1]
        told = await get(url, "/api/stats")
        assert told["transports"] == [{"name": each, "count": 1} for each in ("udp", "tcp", "tls")]
        assert {each.get("client_name") for each in told["top_clients"]} == {"Anna's phone", None}
        _, metrics = await get_text(url, "/metrics")
        for line in (
            'sinkhole_queries_by_transport_total{transport="tls"} 1.0',
            'sinkhole_queries_by_transport_total{transport="quic"} 0.0',
            "sinkhole_certificate_expiry_timestamp_seconds ",
        ):
            assert line in metrics
