"""A file of Pi-hole: a Teleporter archive, pihole.toml or gravity.db, told apart by what it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.pihole.gravity import Gravity, read_gravity
from sinkhole.control.imports.pihole.matrix import take_gravity
from sinkhole.control.imports.pihole.names import take_dnsmasq
from sinkhole.control.imports.pihole.toml import take_toml
from sinkhole.control.imports.pihole.version5 import (
    GROUPS,
    dnsmasq_of,
    gravity_of,
    members_of,
    settings_of,
)
from sinkhole.control.imports.plan import Here, Plan
from sinkhole.control.imports.unpacked import (
    GZIP,
    SQLITE,
    ZIP,
    decoded,
    head_of,
    text_of,
    toml_tree,
    unzip,
    zip_members,
)

TOML: Final = "etc/pihole/pihole.toml"
GRAVITY: Final = "etc/pihole/gravity.db"
DNSMASQ: Final = "etc/dnsmasq.d/"

_SILENT: Final = ("dhcp.", "ntp.", "resolver.", "webserver.", "files.", "debug.", "misc.")
"""Sections of which nothing is told that nobody asked for: they are about the program itself."""


class PiholeFiles(NamedTuple):
    """What was found of a Pi-hole."""

    toml: str | None = None
    gravity: Gravity | None = None
    dnsmasq: tuple[tuple[str, str], ...] = ()
    """Files of dnsmasq, by name, with their text."""
    version5: dict[str, Any] | None = None
    """Settings of Pi-hole 5, as a tree such as pihole.toml holds."""


async def read_files(path: Path, folder: Path) -> PiholeFiles:
    """What a file holds, unpacked into an empty folder if need be; ValueError for what is none."""
    head = await asyncio.to_thread(head_of, path)
    if head.startswith(SQLITE):
        return PiholeFiles(gravity=await read_gravity(path))
    if head.startswith(GZIP):
        return await asyncio.to_thread(_version5, path)
    if not head.startswith(ZIP):
        return PiholeFiles(toml=await asyncio.to_thread(text_of, path))
    members = await asyncio.to_thread(zip_members, path)
    if TOML not in members and GRAVITY not in members:
        raise ValueError(f"this is no archive of Pi-hole's Teleporter: it lacks {TOML}")
    toml, gravity = None, None
    if TOML in members:
        toml = await asyncio.to_thread(_member, path, TOML, folder)
    if GRAVITY in members:
        await asyncio.to_thread(unzip, path, GRAVITY, folder / "gravity.db")
        gravity = await read_gravity(folder / "gravity.db")
    others = [each for each in members if each.startswith(DNSMASQ) and each.endswith(".conf")]
    texts = [await asyncio.to_thread(_member, path, each, folder) for each in others]
    return PiholeFiles(toml, gravity, tuple(zip(others, texts, strict=True)))


def _version5(path: Path) -> PiholeFiles:
    members = members_of(path)
    gravity = gravity_of(members) if GROUPS in members else None
    return PiholeFiles(None, gravity, tuple(dnsmasq_of(members)), settings_of(members))


def _member(path: Path, member: str, folder: Path) -> str:
    target = unzip(path, member, folder / "member")
    return decoded(target.read_bytes())


def read_pihole(files: PiholeFiles, here: Here | None = None, *, listeners: bool = False) -> Plan:
    """What files of a Pi-hole come to; ValueError for a broken one."""
    plan = Plan("Pi-hole", here or Here())
    tree = files.version5
    if files.toml is not None:
        tree = toml_tree(files.toml, "pihole.toml")
    if tree is not None:
        root = Branch(tree, plan)
        if not root.has("dns"):
            raise ValueError("this is no pihole.toml: it has no section [dns]")
        take_toml(root, plan, listeners=listeners)
        for path in root.unasked():
            if not path.startswith(_SILENT):
                plan.left(path, "this key is not known here, or means nothing")
    if files.gravity is not None:
        take_gravity(files.gravity, plan)
    for name, text in files.dnsmasq:
        take_dnsmasq(text.splitlines(), name, plan)
    return plan
