"""The kinds of values a setting can have; durations, sizes and addresses have files of their own.

Each function makes the pydantic annotation of one kind: it takes what YAML (or JSON) gave,
returns the value the program works with, and refuses everything else with a ValueError whose text
is meant for the person who wrote it. A value that already has the right type passes, so that
defaults can be checked like anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.model.masking import masked_address

# What would break a log line, a page or a list that holds one rule a line; tabs may separate.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIGITS = re.compile("[0-9]{1,6}")
_SWITCH = {"yes": True, "on": True, "no": False, "off": False}


class Section(BaseModel):
    """Base of all sections: immutable, and unknown keys are errors.

    The text below a key is its help: what people are shown of it, in the page and the reference.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alone: ClassVar[str] = ""
    """The key whose value may stand for all of them, in items that are mostly one value."""

    def model_post_init(self, _: Any, /) -> None:
        """Have the set of keys that are set in common with all sections that set the same: as
        pydantic makes one for each, they are a third of what the settings of a group take."""
        same = _one_for_all(frozenset(self.__pydantic_fields_set__))
        object.__setattr__(self, "__pydantic_fields_set__", same)


@lru_cache(1000)
def _one_for_all(keys: frozenset[str]) -> set[str]:
    return set(keys)


@dataclass(frozen=True, slots=True, eq=False)  # what it accepts has no hash
class Kind(PlainValidator):
    """How values of one kind are read, and what is accepted: `accepts` as JSON Schema, `syntax` in
    a few words for people, `unit` what a number counts."""

    accepts: Mapping[str, Any] = field(default_factory=dict)
    syntax: str = ""
    unit: str = ""


# ---- numbers, switches and words ---------------------------------------------------------------


def whole_number(low: int, high: int, unit: str = "") -> Kind:
    """An integer from `low` to `high`; text and true/false are not numbers."""

    def read(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError(f"{shown(value)} is not a whole number from {low} to {high}")

    accepts = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(read, accepts=accepts, syntax=f"{low} to {high}", unit=unit)


def number_or(word: str, low: int, high: int) -> Kind:
    """An integer from `low` to `high`, also as text, or one word in place of it."""

    def read(value: Any) -> int | str:
        if value == word:
            return word
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
        if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
            return number
        raise ValueError(f"{shown(value)} is neither {word} nor a whole number {low} to {high}")

    accepts = {"type": ["integer", "string"], "minimum": low, "maximum": high}
    return Kind(read, accepts=accepts, syntax=f"{word}, or {low} to {high}")


def flag() -> Kind:
    """True or false, also written as yes, no, on or off."""

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _SWITCH:
            return _SWITCH[value.lower()]
        raise ValueError(f"{shown(value)} is neither true nor false")

    return Kind(read, accepts={"type": "boolean"}, syntax="true or false")


def choice(*words: str, for_false: str | None = None) -> Kind:
    """One of a few words; `for_false` is the one that JSON's false stands for."""

    def read(value: Any) -> str:
        if value is False and for_false is not None:
            return for_false
        if isinstance(value, str) and value in words:
            return value
        raise ValueError(f"{shown(value)} is not known, write {listing(words)}")

    return Kind(read, accepts={"type": "string", "enum": list(words)}, syntax=listing(words))


def known_word(words: Collection[str], where: str) -> Kind:
    """One of many words; the error offers the nearest, or says where they all stand."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = nearest(value, words) if isinstance(value, str) else ""
        hint = f"did you mean {quoted(near)}?" if near else where
        raise ValueError(f"{shown(value)} is not known, {hint}")

    return Kind(read, accepts={"type": "string", "enum": list(words)})


# ---- text, paths and URLs ----------------------------------------------------------------------


def text(most_bytes: int) -> Kind:
    """One line of text that is not blank, without control characters."""
    accepts = {"type": "string", "minLength": 1, "maxLength": most_bytes}
    return Kind(lambda value: read_text(value, most_bytes), accepts=accepts)


def read_text(value: object, most_bytes: int) -> str:
    """Check and strip one line of text; ValueError says what is wrong with it."""
    if not isinstance(value, str):
        hint = f', write "{shown(value)}"' if isinstance(value, (int, float)) else ""
        raise ValueError(f"{shown(value)} is not text{hint}")
    if found := _CONTROL.search(value):
        raise ValueError(
            f"{shown(value)} is not one line of plain text,"
            f" it has the character U+{ord(found[0]):04X}"
        )
    if not value.strip():
        raise ValueError(f"{shown(value)} is empty, write something or remove the line")
    if (length := len(value.encode())) > most_bytes:
        raise ValueError(f"{shown(value)} takes {length} bytes, at most {most_bytes} are allowed")
    return value.strip()


def folder() -> Kind:
    """A path, absolute or from where sinkhole is started."""
    return Kind(_read_path, accepts={"type": "string", "minLength": 1})


def path_or_off(usual: Path) -> Kind:
    """False, `usual` for true, or another path."""

    def read(value: Any) -> Path | Literal[False]:
        if isinstance(value, str):
            value = _SWITCH.get(value.lower(), value)
        if value is False:
            return False
        return usual if value is True else _read_path(value)

    return Kind(read, accepts={"type": ["boolean", "string"]})


def _read_path(value: Any) -> Path:
    if isinstance(value, Path):
        return value
    if read_text(value, 4000).startswith("~"):
        raise ValueError(f"{shown(value)}: ~ has no meaning here, write the whole path")
    return Path(value)


def list_url() -> Kind:
    """Where a list comes from: http, https or file, and nothing else."""
    return Kind(_read_list_url, accepts={"type": "string", "pattern": "^(https?|file):"})


def _read_list_url(value: Any) -> str:
    url = read_text(value, 2048)
    told = shown(masked_address(url))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # whose text repeats parts of the address
        raise ValueError(f"{told} is not a URL: look at its host and its port") from None
    if parts.scheme in ("http", "https"):
        if not host or port == 0 or any(char.isspace() for char in url):
            raise ValueError(f'{told} is not a URL, write "https://host/path"')
    elif parts.scheme == "file":
        if host or not parts.path.strip("/"):
            raise ValueError(f'{told} names no file, write "file:blocklists/mine.txt"')
        if "%00" in url:
            raise ValueError(f"{told} names no file: no path has a zero byte (%00) in it")
    elif parts.scheme and "/" in url:
        raise ValueError(f"{told} cannot be fetched, lists come by https:, http: or file:")
    else:
        raise ValueError(f'{told} has no scheme, write "https://host/path" or "file:path"')
    return url


# ---- several values together -------------------------------------------------------------------


def not_empty(why: str) -> AfterValidator:
    """Refuse an empty list; `why` says what it would mean and what to write."""

    def check(items: tuple[Any, ...]) -> tuple[Any, ...]:
        if not items:
            raise ValueError(f"the list is empty: {why}")
        return items

    return AfterValidator(check)


def not_taken(names: Collection[str]) -> AfterValidator:
    """Refuse a name that is one of `names` (in lower case), whatever its case."""

    def check(name: str) -> str:
        if name.casefold() in names:
            raise ValueError(
                f"{shown(name)} already stands for something else, choose another name"
            )
        return name

    return AfterValidator(check)


def no_repeats(by: Callable[[Any], Any] = lambda item: item) -> AfterValidator:
    """Refuse a list that has something twice, as `by` tells; port 0 is never the same twice."""

    def check(items: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        keys = [by(item) for item in items]
        for position, item in enumerate(items):
            if getattr(item, "port", None) != 0 and keys[position] in keys[:position]:
                raise conflict(f"{quoted(str(item))} is listed twice", info.field_name, position)
        return items

    return AfterValidator(check)


def names_differ(what: str) -> AfterValidator:
    """Refuse items with the same `name`, whatever its case; `what` is what they are."""

    def check(items: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        seen: set[str] = set()
        for position, item in enumerate(items):
            if item.name.casefold() in seen:
                message = f"{shown(item.name)} is the name of another {what} too"
                raise conflict(message, info.field_name, position, "name")
            seen.add(item.name.casefold())
        return items

    return AfterValidator(check)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The context of a validation where more is stored than is looked at: `items` of collections,
    by their key and what identifies them; None is anything at all. Names may stand for these."""

    items: frozenset[tuple[str, str]] | None = None


def is_elsewhere(info: ValidationInfo, key: str, name: str) -> bool:
    """Whether a name that stands for no item of a collection here may stand for a stored one."""
    if not isinstance(info.context, Elsewhere):
        return False
    items = info.context.items
    return items is None or any(k == key and i.casefold() == name.casefold() for k, i in items)


def check_pair(certificate: Path | None, key: Path | None) -> None:
    """Raise what a validator of `certificate_key` raises where one of the two is missing."""
    if key is not None and certificate is None:
        raise conflict("is of no use without a certificate, set it too", "certificate_key")
    if certificate is not None and key is None:
        raise conflict("is of no use without its key, set certificate_key too", "certificate")


def conflict(message: str, *path: str | int | None) -> PydanticCustomError:
    """The error of a value that is fine alone but not beside another one.

    `path` leads to the value to blame, from the section of the field that is being checked.
    """
    return PydanticCustomError("conflict", "{message}", {"message": message, "path": path})
