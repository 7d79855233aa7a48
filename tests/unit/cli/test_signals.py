"""What the process is told by signals."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from sinkhole.cli.signals import Signals

ALL = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2)


@pytest.fixture
async def signals() -> AsyncIterator[Signals]:
    signals = Signals()
    signals.listen()
    yield signals
    for number in ALL:
        asyncio.get_running_loop().remove_signal_handler(number)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


async def test_a_second_sigterm_means_at_once(signals: Signals) -> None:
    send(signal.SIGTERM)
    await signals.stopping.wait()
    assert not signals.at_once.is_set()
    send(signal.SIGTERM)
    await signals.at_once.wait()


async def test_sigint_means_at_once(signals: Signals) -> None:
    send(signal.SIGINT)
    await signals.at_once.wait()
    assert signals.stopping.is_set()


async def test_others_do_not_stop_it(signals: Signals) -> None:
    send(signal.SIGHUP)
    await signals.changed.wait()
    send(signal.SIGUSR2)
    await signals.restarting.wait()
    assert not signals.stopping.is_set()
