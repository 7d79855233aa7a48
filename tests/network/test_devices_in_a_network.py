"""Real neighbour tables of a real network, which is the test's own: needs no root, but user
namespaces."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_network_watch_in_a_network import ALONE, LIMIT_S, can_be_alone

HERE = Path(__file__).parent
FIRST, SECOND = "02:00:00:00:00:07", "02:00:00:00:00:08"
V4, V6, ULA, TEMPORARY = "192.0.2.7", "2001:db8::7", "fd00::7", "2001:db8::dead:beef"


async def alone(program: str) -> list[Any]:
    """What a program in a network of its own says, a JSON text a line."""
    if not can_be_alone():
        pytest.skip("this machine gives nobody a network of their own")
    child = await asyncio.create_subprocess_exec(
        *ALONE, sys.executable, str(HERE / program), stdout=subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(child.communicate(), LIMIT_S)
    assert child.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


async def test_a_whole_server_knows_a_device_by_all_of_its_addresses() -> None:
    is_refused, device = await alone("house_namespace.py")
    assert is_refused, "the first question from a new address is already the device's"
    assert device == [FIRST, 5, True, [V4, V6, TEMPORARY, "2001:db8::fade:d", ULA]]


async def test_a_device_that_comes_and_changes() -> None:
    first = dict.fromkeys((V4, V6, ULA), FIRST)
    assert await alone("device_namespace.py") == [
        ["nobody", dict.fromkeys((V4, V6, ULA, TEMPORARY), ""), {}],
        ["three addresses", {**first, TEMPORARY: ""}, {FIRST: [3, [V4, V6, ULA]]}],
        [
            "a temporary address",
            {**first, TEMPORARY: FIRST},
            {FIRST: [4, [V4, V6, TEMPORARY, ULA]]},
        ],
        [
            "the address of another",
            {**first, TEMPORARY: FIRST, V4: SECOND},
            {FIRST: [4, [V4, V6, TEMPORARY, ULA]], SECOND: [1, [V4]]},
        ],
        ["flood", True, 900],
        ["routers", ["192.0.2.254", "fe80::1%house"]],
    ]
