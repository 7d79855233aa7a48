"""A certificate that is given to the running server is shown to devices, and the next one is."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import dnslib
import pytest
from certificates import Certificate, client_context, leaf
from house import endpoint, problems_of, query, running, until
from program import Program

from sinkhole.app.app import App
from sinkhole.control.operations import listeners
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.in_force import Change
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.errors import RequestError

ANNA = Actor("session", "anna", PERMISSIONS["admin"])
NAME, OTHER = "dns.example.org", "other.example.org"


async def give(app: App, certificate: Certificate, key: Certificate | None = None) -> None:
    given = listeners.GivenCertificate(
        chain=certificate.chain_pem.decode(), key=(key or certificate).key_pem.decode()
    )
    await perform(listeners.give_certificate, app.front.house, ANNA, given)


async def is_shown(app: App, name: str) -> bool:
    """Whether who asks by TLS, and trusts the authority, is shown one for this name."""
    ((_, where),) = app.dns.added
    context, wire = client_context(["dot"]), query("ads.example")
    try:
        reader, writer = await asyncio.open_connection(
            *endpoint(where), ssl=context, server_hostname=name
        )
    except ssl.SSLCertVerificationError:
        return False
    writer.write(len(wire).to_bytes(2, "big") + wire)
    reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    writer.close()
    return str(dnslib.DNSRecord.parse(reply).short()) == "0.0.0.0"


async def test_it_is_shown_at_once_and_the_next_one_in_its_place(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.settle(filtering__rules=["||ads.example^"])
    async with running(app=await App.of(program.config, {})) as app:
        settings = app.front.house.settings
        await give(app, leaf(NAME))
        await settings.change([Change("dns.tls", "", "set", ["127.0.0.1:0"])], ANNA)
        assert await is_shown(app, NAME)
        await give(app, leaf(OTHER))
        await until(lambda: is_shown(app, OTHER), "the other one")
        assert not await is_shown(app, NAME)
        with pytest.raises(RequestError, match="is not the key of the first certificate"):
            await give(app, leaf(NAME), leaf(OTHER))
        assert await is_shown(app, OTHER)
        assert problems_of(app) == []
