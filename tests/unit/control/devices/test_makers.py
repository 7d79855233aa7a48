"""Makers by MAC, from the table that comes along."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from sinkhole.control.devices.makers import Makers, is_random


async def test_a_maker_is_known_by_the_first_half_of_its_macs() -> None:
    makers = Makers()
    await makers.load()
    assert "Raspberry Pi" in makers.of(bytes.fromhex("b827eb000001"))
    assert makers.of(b"") == ""


async def test_nobody_made_a_mac_that_a_device_made_up() -> None:
    makers = Makers()
    await makers.load()
    mac = bytes.fromhex("ba27eb000001")
    assert is_random(mac)
    assert makers.of(mac) == ""
    assert not is_random(bytes.fromhex("b827eb000001"))
    assert not is_random(b"")


def test_the_table_is_read_when_it_is_asked_for_and_not_before() -> None:
    code = (
        "import sys; import sinkhole.app.app, sinkhole.control.devices.devices\n"
        "assert 'aiooui' not in sys.modules\n"
        "from sinkhole.control.devices.makers import Makers\n"
        "assert Makers().of(bytes.fromhex('b827eb000001')) == ''\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_without_a_table_nobody_has_a_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    import aiooui

    async def fails() -> None:
        raise OSError(2, "there is no such file")

    monkeypatch.setattr(aiooui, "async_load", fails)
    monkeypatch.setattr(aiooui, "is_loaded", lambda: False)
    makers = Makers()
    await asyncio.wait_for(makers.load(), 10)
    assert makers.of(bytes.fromhex("b827eb000001")) == ""
