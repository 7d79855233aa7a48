"""The settings in force as YAML text, for `sinkhole check-config`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sinkhole.control.settings.document import KeyPath
from sinkhole.control.settings.quoting import key_text, quoted
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.units import Duration, Size
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

_INDENT = "  "
_LONGEST_LINE = 80
# Words that are safe without quotes; YAML 1.1 readers take the second lot for something else.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*", re.ASCII)
_NOT_BARE = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def effective(settings: Settings) -> str:
    """Every key with its value in canonical units, and who set it where that is not the default.

    The text is a settings file of its own: loading it gives equal settings.
    """
    return "\n".join(_section(settings, settings, ())) + "\n"


def _section(settings: Settings, section: BaseModel, path: KeyPath) -> Iterator[str]:
    indent = _INDENT * len(path)
    for name, value in section:
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _section(settings, value, (*path, name))
        elif value is None:
            yield f"{indent}# {name}: not set"
        else:
            origin = settings.origin_of(key_text((*path, name)))
            comment = "" if origin == "default" else f"  # {origin}"
            first, *rest = entry(value, len(indent) + len(name))
            yield f"{indent}{name}:{first}{comment}"
            yield from (f"{indent}{_INDENT}{line}" for line in rest)


def entry(value: Any, used: int) -> list[str]:
    """What follows a key: on its line if it is short, else also on lines of its own.

    `used` is how much of the line is taken.
    """
    line = inline(value)
    if not isinstance(value, (tuple, Mapping)) or used + len(line) < _LONGEST_LINE:
        return [f" {line}"]
    if isinstance(value, tuple):
        return ["", *(f"- {inline(item)}" for item in value)]
    return ["", *(f"{inline(name)}: {inline(item)}" for name, item in value.items())]


def inline(value: Any) -> str:
    """A value in YAML's one-line notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Duration, Size, int)):
        return str(value)
    if isinstance(value, (UpstreamUrl, ProxyUrl)):
        return quoted(value.text)
    if isinstance(value, BaseModel):
        written = {name: each for name, each in value if each is not None}
        is_alone = isinstance(value, UpstreamItem) and len(written) == 1
        return inline(written["url"]) if is_alone else _braces(written)
    if isinstance(value, Mapping):
        return _braces(value)
    if isinstance(value, tuple):
        return f"[{', '.join(inline(item) for item in value)}]"
    text = str(value)
    is_bare = _BARE.fullmatch(text) and text.lower() not in _NOT_BARE
    return text if is_bare else quoted(text)


def _braces(items: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{inline(name)}: {inline(item)}" for name, item in items.items()) + "}"
