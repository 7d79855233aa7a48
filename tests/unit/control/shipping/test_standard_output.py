"""Standard output: whole lines, whoever reads it when, and nothing waits for long."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sinkhole.control.shipping import standard_output
from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.standard_output import StandardOutput


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for each in (reading, writing):
        os.close(each)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_output, "PATIENCE_S", 0.05)


def drained(reading: int) -> bytes:
    os.set_blocking(reading, False)
    found = b""
    while True:
        try:
            found += os.read(reading, 1 << 16)
        except BlockingIOError:
            return found


async def test_lines_are_written(pipe: tuple[int, int]) -> None:
    output = StandardOutput(pipe[1])
    await output.send([b"one\n", b"x" * 3000 + b"\n"])
    await output.close()
    assert drained(pipe[0]) == b"one\n" + b"x" * 3000 + b"\n"
    assert os.get_blocking(pipe[1]), "others share it"


async def test_who_reads_later_gets_whole_lines(pipe: tuple[int, int]) -> None:
    output, lines = StandardOutput(pipe[1]), [f"{n} {'x' * 996}\n".encode() for n in range(100)]
    with pytest.raises(NotSentError, match="nobody reads it") as error:
        await output.send(lines)
    sent = error.value.sent
    assert 0 < sent < 100 and error.value.lost == 0
    with pytest.raises(NotSentError) as again:
        await output.send(lines[sent:])
    assert again.value.sent == 0
    found = drained(pipe[0])
    await output.send(lines[sent : sent + 20])
    assert found + drained(pipe[0]) == b"".join(lines[: sent + 20])


async def test_a_reader_that_has_gone_is_told(pipe: tuple[int, int]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(NotSentError, match="broken pipe"):
        await StandardOutput(writing).send([b"one\n"])
    os.close(writing)
