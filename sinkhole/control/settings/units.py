"""Durations and sizes: what a person writes, and the number the program works with.

Both are numbers with a memory for how they are written: a `Duration` is a float of seconds, a
`Size` an int of bytes, and `str()` of either is the canonical text, which parses back to the
same number. A bare number is refused, because nobody can tell seconds from minutes by looking;
only 0 needs no unit. The annotations of both, as in values.py, come behind them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationInfo

from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.control.settings.values import Kind, conflict

# Largest unit first: the canonical text uses the first one that gives a whole number.
_MS_PER = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_BINARY = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}
_BYTES_PER = {**_BINARY, "TB": 10**12, "GB": 10**9, "MB": 10**6, "KB": 10**3, "B": 1}

# What people write instead, so that the error can say what they should have written.
_OTHER_TIMES = {
    **dict.fromkeys(("msec", "msecs", "milli", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **{unit.lower(): unit for unit in _MS_PER},
}
_OTHER_SIZES = {
    **dict.fromkeys(("byte", "bytes"), "B"),
    **{unit[0].lower(): unit for unit in _BINARY},
    **{unit.lower(): unit for unit in _BYTES_PER},
}
_LONGER_TIMES = {"w": 7, "week": 7, "weeks": 7, "y": 365, "year": 365, "years": 365}

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(\s*)([A-Za-z]*)", re.ASCII)


class Duration(float):
    """A time span in seconds, to the millisecond."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read "500ms", "2s", "1.5h", "90d" or "0"; ValueError says what to write instead."""
        number, unit = _split(text, _MS_PER, "duration", '"2s", "500ms", "10m", "24h" or "90d"')
        milliseconds = number * _MS_PER[unit or "ms"]
        if milliseconds != int(milliseconds):
            raise ValueError(f"{shown(text)} is finer than a millisecond, write whole ms")
        return cls(int(milliseconds) / 1000)

    def __str__(self) -> str:
        """The canonical text: the largest unit that gives a whole number; "0s" for none."""
        milliseconds = round(float(self) * 1000)
        if milliseconds == 0:
            return "0s"
        unit = next(unit for unit, size in _MS_PER.items() if milliseconds % size == 0)
        return f"{milliseconds // _MS_PER[unit]}{unit}"


class Size(int):
    """A number of bytes; KiB, MiB, GiB and TiB count in 1024s, KB, MB, GB and TB in 1000s."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read "512KiB", "32MiB", "1.5GiB", "100MB", "800B" or "0"; ValueError as `Duration`."""
        number, unit = _split(text, _BYTES_PER, "size", '"512KiB", "32MiB", "2GiB" or "100MB"')
        size = number * _BYTES_PER[unit or "B"]
        if size != int(size):
            raise ValueError(f"{shown(text)} is not a whole number of bytes")
        return cls(int(size))

    def __str__(self) -> str:
        """The canonical text: the unit that gives the smallest whole number."""
        whole = [unit for unit, size in _BYTES_PER.items() if int(self) % size == 0]
        unit = min(whole, key=lambda unit: int(self) // _BYTES_PER[unit]) if self else "B"
        return f"{int(self) // _BYTES_PER[unit]}{unit}"


def time_span(low: str, high: str, *, or_zero: bool = False) -> Kind:
    """A time span from `low` to `high`; with `or_zero` also 0, which then switches off."""

    def read(value: Any) -> Duration:
        return read_time_span(value, low, high, or_zero=or_zero)

    return Kind(read, accepts=_TIME, syntax=_span(low, high, or_zero), unit="time")


def read_time_span(value: Any, low: str, high: str, *, or_zero: bool = False) -> Duration:
    """The time span that `time_span` describes; ValueError if it is none or out of range."""
    span = value if isinstance(value, Duration) else Duration.parse(_number_text(value))
    if Duration.parse(low) <= span <= Duration.parse(high) or (or_zero and not span):
        return span
    raise ValueError(f"{span} is out of range, {_range(low, high, or_zero)}")


def time_span_by_mode(modes: Sequence[str], low: str, high: str) -> Kind:
    """One time span for all blocking modes, or a mapping with one for some of `modes`."""

    def read(value: Any, info: ValidationInfo) -> Duration | dict[str, Duration]:
        if not isinstance(value, Mapping):
            return read_time_span(value, low, high)
        if not value:
            example = 'write one time span, or for instance "nxdomain: 60s"'
            raise ValueError(f"no mode is named, {example}")
        spans = {}
        for mode, span in value.items():
            if mode not in modes:
                near = nearest(mode, modes)
                hint = f"did you mean {quoted(near)}?" if near else f"write {listing(modes)}"
                raise conflict(f"{shown(mode)} is no blocking mode, {hint}", info.field_name, mode)
            try:
                spans[mode] = read_time_span(span, low, high)
            except ValueError as error:
                raise conflict(str(error), info.field_name, mode) from None
        return spans

    by_mode = {"type": "object", "properties": dict.fromkeys(modes, _TIME)}
    accepts = {"anyOf": [_TIME, {**by_mode, "additionalProperties": False}]}
    return Kind(read, accepts=accepts, syntax=_span(low, high, False), unit="time")


def byte_count(low: str, high: str) -> Kind:
    """A number of bytes from `low` to `high`."""
    least, most = Size.parse(low), Size.parse(high)

    def read(value: Any) -> Size:
        count = value if isinstance(value, Size) else Size.parse(_number_text(value))
        if least <= count <= most:
            return count
        raise ValueError(f"{count} is out of range, {_range(low, high, False)}")

    return Kind(read, accepts=_SIZE, syntax=_span(low, high, False), unit="bytes")


def _split(text: str, units: dict[str, int], what: str, examples: str) -> tuple[Decimal, str]:
    """The number and the unit ("" only for zero) of a quantity."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{shown(text)} is not a {what}, write one such as {examples}")
    number, space, unit = found.groups()
    if not space and (unit in units or (not unit and Decimal(number) == 0)):
        return Decimal(number), unit
    if not unit:
        likely = ("s", "h") if "s" in units else ("MiB", "GiB")
        choices = " or ".join(f'"{number}{unit}"' for unit in likely)
        raise ValueError(f"{shown(text)} has no unit, write for instance {choices}")
    advice = _advice(number, unit.lower(), what) or f"one such as {examples}"
    raise ValueError(f"{shown(text)} is not a {what}, write {advice}")


def _advice(number: str, word: str, what: str) -> str:
    """What to write for a number behind a unit that is not ours, such as "2 sec"; "" if unclear."""
    if unit := (_OTHER_TIMES if what == "duration" else _OTHER_SIZES).get(word):
        return f'"{number}{unit}"'
    if what == "duration" and word in _LONGER_TIMES and number.isdigit():
        return f'"{int(number) * _LONGER_TIMES[word]}d"'
    return ""


def _number_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{shown(value)} is not a number with a unit")


def _range(low: str, high: str, or_zero: bool) -> str:
    return f"write {_span(low, high, or_zero)}"


def _span(low: str, high: str, or_zero: bool) -> str:
    return f"{low} to {high}{', or 0' if or_zero else ''}"


def _quantity(units: Mapping[str, int]) -> Mapping[str, Any]:
    """A number with a unit as JSON Schema; only 0 needs none."""
    pattern = rf"^\s*([0-9]+(\.[0-9]+)?({'|'.join(units)})|0)\s*$"
    return {"anyOf": [{"type": "string", "pattern": pattern}, {"const": 0}]}


_TIME, _SIZE = _quantity(_MS_PER), _quantity(_BYTES_PER)
