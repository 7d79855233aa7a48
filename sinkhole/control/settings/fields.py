"""The kinds of values a setting can have, as pydantic annotations.

Each function makes the annotation of one kind: it takes what YAML (or JSON) gave, returns the
value the program works with, and refuses everything else with a ValueError whose text is meant
for the person who wrote it. A value that already has the right type passes, so that defaults can
be checked like anything else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from sinkhole.control.settings.addresses import (
    Address,
    Endpoint,
    Network,
    parse_address,
    parse_network,
)
from sinkhole.control.settings.units import Duration, Size
from sinkhole.control.settings.words import listing, meant, quoted, shown
from sinkhole.dns.wire import name as wire_name

# What would break a log line, a page or a list that holds one rule a line; tabs may separate.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_IPV4 = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)


class Section(BaseModel):
    """Base of all section models: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def conflict(message: str, *path: str | int | None) -> PydanticCustomError:
    """The error of a value that is fine alone but not beside another one.

    `path` leads to the value to blame, from the section of the field that is being checked.
    """
    return PydanticCustomError("conflict", "{message}", {"message": message, "path": path})


def time_span(low: str, high: str, *, or_zero: bool = False) -> PlainValidator:
    """A time span from `low` to `high`; with `or_zero` also 0, which then switches off."""
    return PlainValidator(lambda value: read_time_span(value, low, high, or_zero=or_zero))


def byte_count(low: str, high: str) -> PlainValidator:
    """A number of bytes from `low` to `high`."""
    least, most = Size.parse(low), Size.parse(high)

    def read(value: Any) -> Size:
        count = value if isinstance(value, Size) else Size.parse(_number_text(value))
        if least <= count <= most:
            return count
        raise ValueError(f"{count} is out of range, {_range(low, high, False)}")

    return PlainValidator(read)


def whole_number(low: int, high: int) -> PlainValidator:
    """An integer from `low` to `high`; text and true/false are not numbers."""

    def read(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError(f"{shown(value)} is not a whole number from {low} to {high}")

    return PlainValidator(read)


def flag() -> PlainValidator:
    """True or false, also written as yes, no, on or off."""
    words = {"yes": True, "on": True, "no": False, "off": False}

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError(f"{shown(value)} is neither true nor false")

    return PlainValidator(read)


def choice(*words: str) -> PlainValidator:
    """One of a few words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise ValueError(f"{shown(value)} is not known, write {listing(words)}")

    return PlainValidator(read)


def known_word(words: Collection[str], where: str) -> PlainValidator:
    """One of many words; the error offers the nearest, or says where they all stand."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = meant(value, words) if isinstance(value, str) else ""
        hint = f"did you mean {quoted(near)}?" if near else where
        raise ValueError(f"{shown(value)} is not known, {hint}")

    return PlainValidator(read)


def text(most_bytes: int) -> PlainValidator:
    """One line of text that is not blank, without control characters."""
    return PlainValidator(lambda value: read_text(value, most_bytes))


def endpoint(default_port: int, *, any_port: bool = False) -> PlainValidator:
    """An IP address with or without a port; `any_port` allows 0, a port of the system's choice."""
    lowest = 0 if any_port else 1

    def read(value: Any) -> Endpoint:
        if isinstance(value, Endpoint):
            return value
        return Endpoint.parse(read_text(value, 100), default_port, lowest)

    return PlainValidator(read)


def address(version: int) -> PlainValidator:
    """An address of IP `version` 4 or 6."""

    def read(value: Any) -> Address:
        found = value if isinstance(value, Address) else parse_address(read_text(value, 100))
        if found.version != version:
            raise ValueError(f"{found} is IPv{found.version}, this key takes IPv{version}")
        return found

    return PlainValidator(read)


def network(others: str = "") -> PlainValidator:
    """A network or a single address; `others` is what else the error should offer."""

    def read(value: Any) -> Network:
        return value if isinstance(value, Network) else parse_network(read_text(value, 100), others)

    return PlainValidator(read)


def host_name() -> PlainValidator:
    """A domain name, lower-cased, in the form it has on the wire."""
    return PlainValidator(lambda value: read_host_name(read_text(value, 1000)))


def folder() -> PlainValidator:
    """A path, absolute or from where sinkhole is started."""

    return PlainValidator(read_path)


def not_empty(why: str) -> AfterValidator:
    """Refuse an empty list; `why` says what it would mean and what to write."""

    def check(items: tuple[Any, ...]) -> tuple[Any, ...]:
        if not items:
            raise ValueError(f"the list is empty: {why}")
        return items

    return AfterValidator(check)


def no_repeats() -> AfterValidator:
    """Refuse a list of endpoints that names one of them twice; port 0 is never the same twice."""

    def check(items: tuple[Endpoint, ...], info: ValidationInfo) -> tuple[Endpoint, ...]:
        for position, item in enumerate(items):
            if item.port and item in items[:position]:
                raise conflict(f'"{item}" is listed twice', info.field_name, position)
        return items

    return AfterValidator(check)


def read_time_span(value: Any, low: str, high: str, *, or_zero: bool = False) -> Duration:
    """The time span that `time_span` describes; ValueError if it is none or out of range."""
    span = value if isinstance(value, Duration) else Duration.parse(_number_text(value))
    if Duration.parse(low) <= span <= Duration.parse(high) or (or_zero and not span):
        return span
    raise ValueError(f"{span} is out of range, {_range(low, high, or_zero)}")


def read_path(value: Any) -> Path:
    """A path, absolute or from where sinkhole is started; ValueError for one that begins with ~."""
    if isinstance(value, Path):
        return value
    if read_text(value, 4000).startswith("~"):
        raise ValueError(f"{shown(value)}: ~ has no meaning here, write the whole path")
    return Path(value)


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


def read_host_name(name: str) -> str:
    """The lower-cased ASCII form of a host name (Unicode by IDNA); ValueError if it is none."""
    try:
        wire = wire_name.from_text(name)
    except ValueError as error:
        raise ValueError(f"{shown(name)} is not a name: {error}") from None
    found = wire_name.to_text(wire)
    if not _HOST_NAME.fullmatch(found):
        raise ValueError(
            f"{shown(name)} is not a host name, write letters, digits, - and _ between dots"
        )
    if _IPV4.fullmatch(found):
        raise ValueError(f"{shown(name)} is an address, write a name")
    return found


def _number_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{shown(value)} is not a number with a unit")


def _range(low: str, high: str, or_zero: bool) -> str:
    return f"write {low} to {high}{', or 0' if or_zero else ''}"
