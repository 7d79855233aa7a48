from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sinkhole.control.settings import units
from sinkhole.control.settings.units import Duration, Size

Read = Callable[..., Any]
Refusal = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "seconds", "canonical"),
    [
        ("500ms", 0.5, "500ms"),
        ("2s", 2, "2s"),
        ("1.5h", 5400, "90m"),
        ("24h", 86400, "1d"),
        ("90d", 90 * 86400, "90d"),
        ("90s", 90, "90s"),
        ("0", 0, "0s"),
        ("0.0", 0, "0s"),
        ("0d", 0, "0s"),
        ("007s", 7, "7s"),
    ],
)
def test_durations_are_read_and_written_in_the_largest_whole_unit(
    text: str, seconds: float, canonical: str
) -> None:
    duration = Duration.parse(text)
    assert duration == seconds
    assert str(duration) == f"{duration}" == canonical


@pytest.mark.parametrize(
    ("text", "size", "canonical"),
    [
        ("512KiB", 512 << 10, "512KiB"),
        ("32MiB", 32 << 20, "32MiB"),
        ("1.5GiB", 3 << 29, "1536MiB"),
        ("2048GiB", 2 << 40, "2TiB"),
        ("100MB", 10**8, "100MB"),
        ("1024000B", 1_024_000, "1000KiB"),
        ("1500B", 1500, "1500B"),
        ("0", 0, "0B"),
    ],
)
def test_sizes_are_read_and_written_with_the_smallest_whole_number(
    text: str, size: int, canonical: str
) -> None:
    assert Size.parse(text) == size
    assert str(Size.parse(text)) == canonical


def test_both_are_plain_numbers_to_everything_else() -> None:
    assert Duration.parse("2s") * 2 == 4.0
    assert json.dumps([Duration.parse("2s"), Size.parse("1KiB")]) == "[2.0, 1024]"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2 sec", 'is not a duration, write "2s"'),
        ("2 s", 'is not a duration, write "2s"'),
        ("5Minutes", 'is not a duration, write "5m"'),
        ("2H", 'is not a duration, write "2h"'),
        ("2w", 'is not a duration, write "14d"'),
        ("1 year", 'is not a duration, write "365d"'),
        ("2", 'has no unit, write for instance "2s" or "2h"'),
        ("soon", 'is not a duration, write one such as "2s", "500ms", "10m", "24h" or "90d"'),
        ("2 moons", 'is not a duration, write one such as "2s", "500ms", "10m", "24h" or "90d"'),
        ("-2s", 'is not a duration, write one such as "2s", "500ms", "10m", "24h" or "90d"'),
        ("", 'is not a duration, write one such as "2s", "500ms", "10m", "24h" or "90d"'),
        ("0.5ms", "is finer than a millisecond, write whole ms"),
    ],
)
def test_a_wrong_duration_says_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as caught:
        Duration.parse(text)
    assert str(caught.value) == f'"{text}" {advice}'


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("64 MiB", 'is not a size, write "64MiB"'),
        ("64mb", 'is not a size, write "64MB"'),
        ("64M", 'is not a size, write "64MiB"'),
        ("64 bytes", 'is not a size, write "64B"'),
        ("64", 'has no unit, write for instance "64MiB" or "64GiB"'),
        ("big", 'is not a size, write one such as "512KiB", "32MiB", "2GiB" or "100MB"'),
        ("1.0001B", "is not a whole number of bytes"),
    ],
)
def test_a_wrong_size_says_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as caught:
        Size.parse(text)
    assert str(caught.value) == f'"{text}" {advice}'


def test_a_very_long_text_is_cut_in_the_message() -> None:
    with pytest.raises(ValueError) as caught:
        Duration.parse("9" * 5000 + "s")
    assert len(str(caught.value)) < 200


def test_durations_have_bounds(read: Read, refusal: Refusal) -> None:
    kind = units.time_span("100ms", "10s")
    assert read(kind, "100ms") == 0.1
    assert read(kind, "10s") == read(kind, Duration(10)) == 10
    assert refusal(kind, "99ms") == "99ms is out of range, write 100ms to 10s"
    assert refusal(kind, "1h") == "1h is out of range, write 100ms to 10s"
    assert refusal(kind, 0) == "0s is out of range, write 100ms to 10s"


def test_zero_can_be_allowed_beside_the_bounds(read: Read, refusal: Refusal) -> None:
    kind = units.time_span("10m", "30d", or_zero=True)
    assert read(kind, 0) == read(kind, "0") == read(kind, "0s") == 0
    assert refusal(kind, "1s") == "1s is out of range, write 10m to 30d, or 0"


def test_sizes_have_bounds(read: Read, refusal: Refusal) -> None:
    kind = units.byte_count("1MiB", "4GiB")
    assert read(kind, "4GiB") == read(kind, Size(4 << 30)) == 4 << 30
    assert refusal(kind, "1KiB") == "1KiB is out of range, write 1MiB to 4GiB"
