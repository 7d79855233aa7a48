"""Two boxes behind each of the fronts in packaging/front, in networks of the test's own: one is
drained, comes back, and is killed. The other one answers.

It takes root, as keepalived runs its checks as another user, and programs that most machines lack:
`apt-get install keepalived bird2 dnsdist curl iproute2`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from house import LIMIT_S

PROGRAM = Path(__file__).with_name("front_namespace.py")
ALONE = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
PROGRAMS = {"vrrp": "keepalived", "anycast": "bird", "dnsdist": "dnsdist"}
PATH = f"{os.environ['PATH']}:/usr/sbin"
"""Of a user it may lack the folder that servers are in."""
SCENES = ["drained", "back", "killed"]


def why_not(front: str) -> str:
    """What is missing here for it, "" where nothing is."""
    for program in (PROGRAMS[front], "curl", "ip", "unshare"):
        if shutil.which(program, path=PATH) is None:
            return f"{program} is not installed"
    made = ["ip", "link", "add", "lan", "type", "bridge"]
    if os.geteuid() or subprocess.run([*ALONE, *made], capture_output=True).returncode:
        return "this machine gives nobody a network of their own"
    return ""


async def told_of(front: str) -> dict[str, list[list[Any]]]:
    """What happened, and by IPv4 and IPv6 how many questions a client asked, how many of them were
    lost, and how many seconds it heard nothing."""
    child = await asyncio.create_subprocess_exec(
        *ALONE, sys.executable, str(PROGRAM), front, "32", *SCENES,
        stdout=subprocess.PIPE, env={**os.environ, "PATH": PATH},
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(child.communicate(), 2 * LIMIT_S)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 0
    return {what: told for what, *told in map(json.loads, out.splitlines())}


@pytest.mark.parametrize("front", PROGRAMS)
async def test_another_box_answers_when_one_is_drained_or_falls(front: str) -> None:
    if missing := why_not(front):
        pytest.skip(missing)
    told = await told_of(front)
    assert [*told] == ["begun", *SCENES]
    if front == "vrrp":
        return  # a device goes where it was told last, and may miss that for a moment
    for asked, lost, _ in (*told["drained"], *told["back"]):
        assert lost < asked / 2, "who leaves answers until the other one does"
