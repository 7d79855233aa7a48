"""What the settings say about lists, and what identifies a list on the disk.

The settings are read structurally: anything with these attributes will do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, Protocol

Kind = Literal["block", "allow"]


class WantedList(Protocol):
    """One list of the settings."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def enabled(self) -> bool: ...


class WantedGuard(Protocol):
    """When a new version of a list is held back; with `factor` 0 never for its size."""

    @property
    def factor(self) -> float: ...
    @property
    def canaries(self) -> Sequence[str]: ...


class Wanted(Protocol):
    """The part of the settings that is about lists; intervals in seconds, sizes in bytes."""

    @property
    def lists(self) -> Sequence[WantedList]: ...
    @property
    def rules(self) -> Sequence[str]: ...
    @property
    def update_interval(self) -> float: ...
    @property
    def max_list_size(self) -> int: ...
    @property
    def private_sources(self) -> bool: ...
    @property
    def guard(self) -> WantedGuard: ...


_UNSAFE = re.compile(r"[^a-z0-9]+")


def list_id(url: str, kind: Kind) -> str:
    """What identifies a list on the disk: "hosts-txt-block-1f2e3d4c5b6a", safe in a file name.

    It is made of the address and the kind only, so a list keeps its copy when it is renamed in
    the settings. The readable part is for people who look into the folder.
    """
    tail = url.split("?")[0].rstrip("/").rpartition("/")[2].lower()
    slug = _UNSAFE.sub("-", tail.removeprefix("file:"))[:40].strip("-") or "list"
    digest = hashlib.blake2b(f"{kind} {url}".encode(), digest_size=6).hexdigest()
    return f"{slug}-{kind}-{digest}"
