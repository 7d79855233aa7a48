"""A settings file of another program with what it keeps in a file beside it: AdGuard Home's
upstreams. Only a command reads that, as whoever types it may read both; a server reads no file that
somebody names to it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_KEY: Final = "upstream_dns_file"


@contextmanager
def whole_settings(file: Path) -> Iterator[Path]:
    """The file, or a copy of it that has its upstreams in it; what can't be read is left out."""
    tree = _with_upstreams(file)
    if tree is None:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="sinkhole-") as folder:
        copy = Path(folder) / file.name
        copy.write_text(json.dumps(tree))  # JSON is YAML
        yield copy


def _with_upstreams(file: Path) -> dict[str, Any] | None:
    """The tree of a file that names another one for its upstreams, with these; None for others."""
    try:
        if _KEY not in file.read_text():
            return None
        from sinkhole.control.imports.unpacked import text_of, yaml_tree

        tree = yaml_tree(text_of(file), file.name)
        dns = tree.get("dns")
        name = dns.get(_KEY) if isinstance(dns, dict) else None
        if not isinstance(dns, dict) or not isinstance(name, str) or not name:
            return None
        lines = text_of(file.parent / name).splitlines()
    except (OSError, ValueError):  # where it is read for good, that is told
        return None
    return {**tree, "dns": {**dns, "upstream_dns": lines, _KEY: ""}}
