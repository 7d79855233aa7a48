"""The reference: every key with its default, what it means and what it takes, made of the schema.

docs/settings.md is this text, and config/sinkhole.schema.json the schema; tests hold both to it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sinkhole.control.settings.groups_schema import GroupSettings, PolicyFields
from sinkhole.control.settings.json_schema import accepts, json_schema, kind_of
from sinkhole.control.settings.prose import prose_of
from sinkhole.control.settings.quoting import listing
from sinkhole.control.settings.render import entry, inline
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.values import Section

_WIDTH: Final = 98
_FEW_WORDS: Final = 8

_INTRODUCTION: Final = """\
# Settings

Every key with its default. This page is what `sinkhole settings reference --markdown` prints;
`--yaml` prints the same as one settings file.

**Where settings come from.** Each of these wins over those before it:

1. the default, as shown below;
2. what was set by command (`sinkhole settings set upstream.timeout 3s`) or by a program, which is
   stored in the data folder;
3. the settings file;
4. the environment: a variable is the key in capitals with two underscores between the parts,
   and its value is written as in the file, `SINKHOLE__DNS__LISTEN='["127.0.0.1:5353"]'`.

What the file or the environment hold can be changed there only: who tries it otherwise is told
the place. Everything else can be set by command, so the file may be empty. Files that came with
earlier versions have every key, with its default: take out what you have not changed.

**Collections merge item by item**: `clients`, `filtering.lists`, `filtering.rules`,
`filtering.services`, `groups`, `local.records`, `schedules`, `upstream.routes` and
`upstream.sets`. What is stored comes beside the items of the file, and where both have an item
of one name, the file's is used.
A file that has the key does without the items of the default, and a variable replaces what the
file says. All other keys are one value.

**A change counts at once**, but for `data_dir`, which waits for a restart. A running server
reads the file again when it gets SIGHUP (`systemctl reload sinkhole`); a mistake leaves all as
it was. `sinkhole check-config FILE` prints the settings in force and who set each of them, or
every mistake with its line. A key that sinkhole does not know is an error, never ignored. A
stored value that no longer fits, be it by itself or beside what the file says now, is left out
and shown among the problems.

**A folder of files** can stand for the file (`--config DIR`): its `*.yaml` and `*.yml` are read
in the order of their names. A key stands in one of them; collections may be spread over
several.

**Secrets** need not stand in the file: `proxy_file: /run/secrets/proxy` stands for `proxy` with
what that file holds, and so does any `key_file` for a key with one value, in items as well
(`url_file`). The file is read when the settings are. Such values are shown to nobody, and
neither are passwords and tokens in addresses.

**Values.** Durations are a number with `ms`, `s`, `m` (minutes), `h` or `d`: `500ms`, `2s`,
`10m`, `24h`, `90d`. Sizes are a number with `KiB`, `MiB`, `GiB` or `TiB` (steps of 1024), or
with `KB`, `MB`, `GB` or `TB` (steps of 1000). Only 0 needs no unit. Text with any of `: # * & !
| > @ % [ ] { }` in it belongs in quotes. Rules always do.

**Editors** that know JSON Schema complete and check the file as you write:
[config/sinkhole.schema.json](../config/sinkhole.schema.json), also printed by `sinkhole
settings schema`.
"""


def reference_document() -> str:
    """The reference as Markdown, with the YAML of each section."""
    parts = [_INTRODUCTION]
    for name, field in Settings.model_fields.items():
        default = getattr(Settings(), name)
        head = f"## {name}\n\n"
        if isinstance(default, Section):
            head += "\n".join([*_lines(type(default), ""), "", ""])
        yaml = "\n".join(_key(Settings, name, field, default, ""))
        parts.append(f"{head}```yaml\n{yaml}\n```\n")
    return "\n".join(parts)


def reference_yaml() -> str:
    """The reference as one settings file, which loads to the defaults."""
    parts = []
    for name, field in Settings.model_fields.items():
        parts.append("\n".join(_key(Settings, name, field, getattr(Settings(), name), "")))
    return "\n\n".join(parts) + "\n"


def schema_text() -> str:
    """The JSON Schema of settings files, as it is published."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _section(section: Section, indent: str) -> Iterator[str]:
    model = type(section)
    for position, (name, field) in enumerate(model.model_fields.items()):
        if position:
            yield ""
        yield from _key(model, name, field, getattr(section, name), indent)


def _key(
    model: type[BaseModel], name: str, field: FieldInfo, default: Any, indent: str
) -> Iterator[str]:
    """One key with the comment above it."""
    if isinstance(default, Section):
        if indent:
            yield from _commented(_lines(type(default), ""), indent)
        yield f"{indent}{name}:"
        yield from _section(default, f"{indent}  ")
        return
    text = _lines(model, name)
    yield from _commented([*text, *_about(field, " ".join(text))], indent)
    if default is None:
        (example,) = field.examples or [None]
        yield f"{indent}# {name}: {inline(example)}"
        return
    first, *rest = entry(default, len(indent) + len(name))
    yield f"{indent}{name}:{first}"
    yield from (f"{indent}  {line}" for line in rest)


def _lines(model: type[BaseModel], key: str) -> list[str]:
    """The text of a key in lines, as long as they are in the schema."""
    return prose_of(model).get(key, "").split("\n")


def _about(field: FieldInfo, text: str) -> Iterator[str]:
    """What a key takes, as far as its text does not say it; the keys of its items; an example."""
    kind = kind_of(field)
    words = _words(field)
    is_told = words and all(word in text for word in words)
    if kind is not None and kind.syntax and not is_told:
        yield f"{kind.syntax}."
    item = _item(field.annotation)
    if item is not None:
        yield "Its keys:" if get_origin(field.annotation) is dict else "Each has:"
        told = _told_of(item)
        width = max(map(len, told)) + 2
        for name, each in told.items():
            yield from _of_item(item, name, each, width)
        if len(told) < len(item.model_fields):
            yield "Besides, each may have whatever a group says."
    if field.examples and field.default is not None:
        yield f"For example: {inline(_frozen(field.examples[0]))}"


def _words(field: FieldInfo) -> list[str]:
    """The words that a key takes, where it takes no others; [] for all other keys."""
    kind = accepts(field)
    words: list[str] = kind.get("items", kind).get("enum", [])
    return words


def _of_item(model: type[BaseModel], name: str, field: FieldInfo, width: int) -> list[str]:
    """One key of the items of a collection."""
    text, words = " ".join(_lines(model, name)), _words(field)
    if words:
        more = f"Any of: {', '.join(words)}" if len(words) > _FEW_WORDS else listing(words)
        text = f"{text} {more}."
    label = f"{name:<{width}}"
    return textwrap.wrap(
        text,
        _WIDTH - 8,
        initial_indent=f"  {label}",
        subsequent_indent=" " * (len(label) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _told_of(item: type[Section]) -> Mapping[str, FieldInfo]:
    """The keys of an item that are told; what groups and others may say is told of groups alone."""
    if not issubclass(item, PolicyFields) or item is GroupSettings:
        return item.model_fields
    return {
        name: field
        for name, field in item.model_fields.items()
        if name not in PolicyFields.model_fields
    }


def _item(kind: Any) -> type[Section] | None:
    """The model of a collection's items, where these have keys of their own."""
    for inner in get_args(kind) if get_origin(kind) in (tuple, dict) else ():
        if isinstance(inner, type) and issubclass(inner, Section) and not inner.alone:
            return inner
    return None


def _frozen(value: Any) -> Any:
    """Lists as the tuples that settings have, which is how they are written."""
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _commented(lines: list[str], indent: str) -> Iterator[str]:
    yield from (f"{indent}# {line}".rstrip() for line in lines if line or len(lines) > 1)
