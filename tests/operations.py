"""Counting what a call does: lines of the program, the same on any machine however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from sinkhole.model.errors import WireError


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of `sinkhole` a call runs, whether it ends in a WireError or not."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        if "sinkhole" not in frame.f_globals.get("__name__", ""):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(WireError):
            call()
    finally:
        sys.settrace(before)
    return count
