"""Puts the add-on for Home Assistant together: its folder, the wheel, and exact requirements.

    build_addon.py WHEEL FOLDER

FOLDER is made anew. The version of the add-on is that of the wheel.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "packaging/home-assistant/sinkhole"
VERSION: Final = re.compile(r'^version: ".*"$', re.MULTILINE)


def build(wheel: Path, folder: Path) -> None:
    """Make the add-on's folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE, folder)
    shutil.copy(wheel, folder)
    shutil.copy(ROOT / "requirements/run.txt", folder / "requirements.txt")
    config = folder / "config.yaml"
    version = wheel.name.split("-")[1]
    config.write_text(VERSION.sub(f'version: "{version}"', config.read_text()))


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{sys.argv[2]} is the add-on")
