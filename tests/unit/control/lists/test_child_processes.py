"""Child processes: compiling a list, and ending them with all that belongs to them."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from sinkhole.control.lists import child_processes
from sinkhole.control.lists.child_processes import (
    MEMORY_BASE,
    MEMORY_PER_BYTE,
    compile_list,
    count_unique_names,
    end,
)
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError

LIST = "||ads.example^\n0.0.0.0 tracker.example\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(LIST)
    return path


def instead(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Run `program` where the compiler would run."""
    (folder / "stand_in.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(child_processes, "COMPILER", "stand_in")


async def test_the_child_compiles_a_list_that_can_be_mapped(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "list.trie"
    await compile_list("Test", source, target, "block")
    assert CompiledList.map(target, "Test", "block", source).rules == 2


async def test_the_kind_reaches_the_child(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "list.trie"
    await compile_list("Test", source, target, "allow")
    with pytest.raises(ListError, match="kind"):
        CompiledList.map(target, "Test", "block", source)


async def test_the_compilers_last_words_become_the_error(tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        await compile_list("Test", tmp_path / "none.txt", tmp_path / "list.trie", "block")
    assert caught.value.list_name == "Test"
    assert caught.value.reason.startswith("can't read")


async def test_a_child_that_dies_silently_is_an_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, tmp_path, "import os\nos.abort()\n")
    with pytest.raises(ListError, match="the compiler was ended by SIGABRT"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")
    instead(monkeypatch, tmp_path, "raise SystemExit(7)\n")
    with pytest.raises(ListError, match="the compiler ended with status 7"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")


async def test_a_child_that_talks_without_end_is_heard_out_in_bounded_memory(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys\nsys.stderr.write('x\\n' * 500_000 + 'out of memory\\n')\nsys.exit(1)\n"
    instead(monkeypatch, tmp_path, program)
    with pytest.raises(ListError, match="out of memory"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")


WHAT_IT_IS = """
import os, resource, sys
told = [os.nice(0), resource.getrlimit(resource.RLIMIT_DATA)[0]]
told.append(int(open("/proc/self/oom_score_adj").read()))
print(*told, file=sys.stderr)
sys.exit(1)
"""


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="a file of Linux")
async def test_the_child_is_humble(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, tmp_path, WHAT_IT_IS)
    with pytest.raises(ListError) as caught:
        await compile_list("Test", source, tmp_path / "list.trie", "block")
    nice, data, oom_score_adj = map(int, caught.value.reason.split())
    assert (nice, oom_score_adj) == (min(19, os.nice(0) + 10), 1000)
    assert data == MEMORY_BASE + MEMORY_PER_BYTE * len(LIST)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit may count nothing")
@pytest.mark.parametrize("mebibytes", [16, 20])  # where it hits, Python notices, or the library
async def test_a_list_that_needs_more_memory_than_there_is_for_it_fails_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mebibytes: int
) -> None:
    monkeypatch.setattr(child_processes, "MEMORY_BASE", mebibytes << 20)
    monkeypatch.setattr(child_processes, "MEMORY_PER_BYTE", 0)
    source = tmp_path / "list.txt"
    source.write_text("".join(f"||ads{number}.example{number}.net^\n" for number in range(60_000)))
    with pytest.raises(ListError, match=rf"needs more than {mebibytes} MiB of memory"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")
    assert os.listdir(tmp_path) == ["list.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit may count nothing")
async def test_counting_is_bounded_too(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await compile_list("Test", source, tmp_path / "list.trie", "block")
    assert await count_unique_names([tmp_path / "list.trie"]) == [2]
    monkeypatch.setattr(child_processes, "MEMORY_BASE", 1 << 20)
    with pytest.raises(StorageError, match="the child ended with status"):
        await count_unique_names([tmp_path / "list.trie"])


async def test_a_child_that_hangs_is_killed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, tmp_path, "import signal\nsignal.pause()\n")
    with pytest.raises(ListError, match=r"not compiled within 0\.2 s"):
        await compile_list("Test", source, tmp_path / "list.trie", "block", limit_s=0.2)


async def test_a_cancelled_compilation_leaves_no_child_behind(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "started"
    program = f"import os, signal\nopen({str(pipe)!r}, 'w').write(str(os.getpid()))\nsignal.pause()"
    instead(monkeypatch, tmp_path, program)
    os.mkfifo(pipe)
    work = asyncio.create_task(compile_list("Test", source, tmp_path / "list.trie", "block"))
    child = int(await asyncio.to_thread(pipe.read_text))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_a_python_that_is_missing_is_an_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ListError, match="can't be started"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")


WRITES_ON = "import sys\nwhile True: sys.stdout.write('x' * 1000)"


async def test_a_child_that_writes_without_end_is_ended_with_its_pipe() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITES_ON, stdout=PIPE)
    assert child.stdout is not None
    await child.stdout.read(1)
    await end(child)
    assert child.returncode == -9
    assert child.stdout.at_eof()


async def test_a_child_that_has_ended_is_left_as_it_is() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
    await child.wait()
    await end(child)
    assert child.returncode == 3
