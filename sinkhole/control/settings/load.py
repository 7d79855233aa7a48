"""From a file and the environment to `Settings`, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sinkhole.control.settings.document import KeyPath, Origin, Problem, Value, read_document
from sinkhole.control.settings.layers import (
    all_keys,
    as_value,
    leaf_origins,
    read_environment,
    stack,
)
from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.control.settings.schema import ListSettings, Settings
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
        problems += _complaints(Settings, refused, tree)
    if problems:
        raise SettingsError([str(problem) for problem in sorted(problems, key=_place)])
    return settings.set_by(dict(leaf_origins(Settings, tree)))


def make_list(name: str, url: str, kind: str) -> ListSettings:
    """A list checked as if it stood in the settings file; SettingsError if it could not."""
    try:
        return ListSettings.model_validate({"name": name, "url": url, "kind": kind})
    except ValidationError as error:
        told = [f"{each['loc'][0]}: {each['msg']}" for each in error.errors()]
        raise SettingsError([text.replace("Value error, ", "") for text in told]) from error


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
        advice = 'settings are keys such as "dns:" with values below them'
        problems.append(Problem(value.origin, (), f"{shown(value.data)} is all there is, {advice}"))
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


# ---- what was refused, in words ----------------------------------------------------------------


def _complaints(model: type[BaseModel], refused: ValidationError, tree: Value) -> list[Problem]:
    """One problem for everything that `model` refused about a stacked tree."""
    found = []
    for error in refused.errors(include_url=False):
        path = error["loc"]
        if error["type"] == "conflict":
            path = (*path[:-1], *error["ctx"]["path"])
        elif path[-1] == "[key]" and error["type"] != "extra_forbidden":
            path = path[:-1]  # pydantic's word for "the key, not the value"
        found.append(Problem(tree.origin_at(path), path, _in_words(model, error, path)))
    return found


def _in_words(model: type[BaseModel], error: ErrorDetails, path: KeyPath) -> str:
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(model, path)
    if kind == "missing":
        return "is missing, and there is no default"
    if kind == "conflict":
        return str(error["ctx"]["message"])
    if value is None:
        return "has no value, write one or remove the line"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return f"{shown(value)} does not fit, {_expected(kind, value)}"


def _expected(kind: str, value: Any) -> str:
    """What a container wants that got something else."""
    if kind == "tuple_type":
        is_scalar = isinstance(value, (str, int, float))
        return f"write a list: [{shown(value)}]" if is_scalar else 'write a list: ["…", "…"]'
    if kind in ("dict_type", "model_type"):
        return 'write "key: value" lines, indented below this one'
    return "see config/sinkhole.yaml for what it takes"


def _unknown(model: type[BaseModel], path: KeyPath) -> str:
    """Suggest the nearest key of the same section, else a key of that name elsewhere."""
    known = list(_model_at(model, path[:-1]).model_fields)
    name = str(path[-1])
    if near := nearest(name, known):
        return f"unknown key, did you mean {quoted(near)}?"
    if elsewhere := [key for key in all_keys(model) if key.split(".")[-1] == name]:
        return f"unknown key here, did you mean {listing(map(quoted, elsewhere))}?"
    return f"unknown key, known here are {', '.join(known)}"


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model that describes what stands at `path`, through sections and list items."""
    for part in path:
        if part in model.model_fields:  # else it is a position, or a name that somebody chose
            model = next(_models_in(model.model_fields[str(part)].annotation), model)
    return model


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation is made of, the outermost first."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models_in(part)
