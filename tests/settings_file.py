"""Settings as a file would have them, from a tree of sections and keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sinkhole.control.settings import Settings, load


def write_settings(path: Path, tree: Mapping[str, Any]) -> Path:
    """Write the tree as a settings file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree))  # which is YAML, too
    return path


def settings_from(tree: Mapping[str, Any]) -> Settings:
    """What a file that holds this says."""
    with TemporaryDirectory() as folder:
        return load(write_settings(Path(folder) / "sinkhole.yaml", tree), {})
