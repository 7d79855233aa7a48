"""The descriptor that tells of a resume; no test can have this machine sleep."""

import select

import pytest

from sinkhole.app.wake_signal import WakeSignal


def test_it_says_nothing_while_nothing_happens() -> None:
    signal = WakeSignal()
    if signal.handle < 0:
        pytest.skip("timers with a descriptor are Linux's")
    signal.take()
    assert select.select([signal.handle], [], [], 0) == ([], [], [])
    signal.close()
    signal.close()
    assert signal.handle == -1
