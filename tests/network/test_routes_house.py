"""A whole sinkhole asks whom its settings say, and tells them what they say, by real sockets."""

from __future__ import annotations

from pathlib import Path

import dnslib
import pytest
from fake_upstream import Asked, FakeUpstream, Replies, Step, answered, no_edns
from house import answers, ask, house, rcode_of, running


def subnet_of(asked: Asked) -> bytes:
    """The client subnet in a query, b"" for none."""
    options = [option for rr in asked.record.ar for option in rr.rdata if option.code == 8]
    return bytes(options[0].data) if options else b""


def scoped(asked: Asked) -> Replies:
    """The ordinary answer, for the subnet that was asked for."""
    reply, told = asked.answer(), subnet_of(asked)
    if told:
        option = dnslib.EDNSOption(8, told[:3] + told[2:3] + told[4:])
        reply.ar = [dnslib.EDNS0(opts=[option])]
    return [reply]


async def test_names_go_where_their_route_leads(tmp_path: Path) -> None:
    async with FakeUpstream() as usual, FakeUpstream() as office:
        usual.answer("www.example.org", "A", ["203.0.113.1"])
        office.answer("www.corp.example", "A", ["192.168.1.2"])
        office.answer("7.1.168.192.in-addr.arpa", "PTR", ["nas.corp.example."])
        routes = {"corp.example": [office.name], "168.192.in-addr.arpa": [office.name]}
        async with running(house(tmp_path, usual, upstream__routes=routes)) as app:
            for name, qtype, data in (
                ("www.example.org", "A", "203.0.113.1"),
                ("www.corp.example", "A", "192.168.1.2"),
                ("7.1.168.192.in-addr.arpa", "PTR", "nas.corp.example."),
            ):
                given = (await ask(app.addresses[0], name, qtype)).rr
                assert [str(record.rdata) for record in given] == [data]
    assert [query.name for query in usual.queries] == ["www.example.org"]
    assert len(office.queries) == 2


async def test_addresses_are_made_where_there_are_none(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("www.example.org", "A", ["203.0.113.1"])
        settings = house(tmp_path, upstream, upstream__dns64={"enabled": True})
        async with running(settings) as app:
            assert await answers(app.addresses[0], "www.example.org", "AAAA") == [
                "64:ff9b::cb00:7101"
            ]
            assert await answers(app.addresses[0], "ipv4only.arpa", "AAAA") == [
                "64:ff9b::c000:aa",
                "64:ff9b::c000:ab",
            ]


@pytest.mark.parametrize("does", [scoped, answered, no_edns])
async def test_upstreams_are_told_where_clients_are_if_they_can_be(
    tmp_path: Path, does: Step
) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("www.example.org", "A", ["203.0.113.1"])
        settings = house(tmp_path, upstream, upstream__client_subnet="198.51.100.0/24")
        async with running(settings) as app:
            await upstream.seen(1, probes=True)
            upstream.always = does
            for tcp in (False, True):
                reply = await ask(app.addresses[0], "www.example.org", tcp=tcp)
                assert rcode_of(reply) == "NOERROR"
                assert [str(record.rdata) for record in reply.rr] == ["203.0.113.1"]
    told = [subnet_of(query).hex() for query in upstream.queries]
    assert told[0] == "00011800c63364"
    assert len(told) == 1 or does is no_edns
