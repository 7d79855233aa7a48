"""From a file and the environment to `Settings`, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sinkhole.control.settings.complaints import complaints
from sinkhole.control.settings.document import read_document
from sinkhole.control.settings.environment import read_environment
from sinkhole.control.settings.layers import Origin, Problem, Value, as_value, leaf_origins, stack
from sinkhole.control.settings.model import Settings
from sinkhole.control.settings.words import shown
from sinkhole.model.errors import SettingsError

MOST_BYTES = 16 << 20
"""A larger file is no settings file; reading it would only fill the memory."""


def load(
    path: Path | None, environ: Mapping[str, str], stored: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings in force: default < `stored` < the file at `path` < `environ`.

    `stored` is nested like the file. Raises SettingsError with one line for every problem; the
    program has then nothing to run with, or keeps what it had.
    """
    problems: list[Problem] = []
    layers = [as_value(stored or {}, Origin("stored"))]
    if path is not None:
        layers += _read_file(path, problems)
    layers += read_environment(environ, problems)
    tree = stack(Settings, layers)
    try:
        settings = Settings.model_validate(tree.plain())
    except ValidationError as refused:
        problems += complaints(Settings, refused, tree)
    if problems:
        raise SettingsError([str(problem) for problem in sorted(problems, key=_place)])
    return settings.set_by(dict(leaf_origins(Settings, tree)))


def _place(problem: Problem) -> Origin:
    return problem.origin


def _read_file(path: Path, problems: list[Problem]) -> list[Value]:
    """The file as a layer; none where there is nothing in it or it cannot be read."""
    source = f"file {path}"
    text = _read_text(path, Origin(source), problems)
    value = read_document(text, source, problems) if text is not None else None
    if value is None or value.data is None:
        return []
    if not isinstance(value.data, dict):
        wanted = 'settings are keys such as "dns:" with values below them'
        problems.append(Problem(value.origin, (), f"{shown(value.data)} is all there is, {wanted}"))
        return []
    return [value]


def _read_text(path: Path, origin: Origin, problems: list[Problem]) -> str | None:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problems.append(Problem(origin, (), f"cannot be read: {reason}"))
        return None
    if len(raw) > MOST_BYTES:
        problems.append(Problem(origin, (), f"has more than {MOST_BYTES >> 20} MiB"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text = "is not UTF-8 text, save the file in that encoding"
        problems.append(Problem(origin._replace(line=line), (), text))
        return None
