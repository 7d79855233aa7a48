"""Real changes of a real network, which is the test's own: needs no root, but user namespaces."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("network_namespace.py")
ALONE = ["unshare", "--map-root-user", "--net"]
LIMIT_S = 60.0


def can_be_alone() -> bool:
    try:
        made = subprocess.run(
            [*ALONE, "ip", "link", "add", "house", "type", "veth"],
            check=False,
            capture_output=True,
        )
    except OSError:
        return False
    return made.returncode == 0


async def test_what_is_noticed_of_a_network() -> None:
    if not can_be_alone():
        pytest.skip("this machine gives nobody a network of their own")
    child = await asyncio.create_subprocess_exec(
        *ALONE, sys.executable, str(PROGRAM), stdout=subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(child.communicate(), LIMIT_S)
    assert child.returncode == 0
    noticed = [line.split(maxsplit=1) for line in out.decode().splitlines()]
    assert {change: said for said, change in noticed} == {
        "addr add 192.0.2.5/24 dev house": "no",
        "route add default via 192.0.2.1 dev house": "yes",
        "route replace default via 192.0.2.1 dev house": "no",
        "route replace default via 192.0.2.2 dev house": "yes",
        "route add 198.51.100.0/24 via 192.0.2.1 dev house": "no",
        "addr add 2001:db8::5/64 dev house nodad": "no",
        "-6 route add default via 2001:db8::1 dev house": "yes",
        "addr del 2001:db8::5/64 dev house": "yes",
        "link set house down": "yes",
    }
