"""Child processes: compiling a list, and ending them with all that belongs to them."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sinkhole.control.lists import child_processes
from sinkhole.control.lists.child_processes import (
    MEMORY_BASE,
    MEMORY_PER_BYTE,
    Child,
    compile_list,
    count_unique_names,
)
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError

LIST = "||ads.example^\n0.0.0.0 tracker.example\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(LIST)
    return path


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Have a module `stand_in` that children can run."""
    (folder / "stand_in.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def instead(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Run `program` where the compiler would run."""
    stand_in(monkeypatch, folder, program)
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
    instead(monkeypatch, tmp_path, "import os\nos.kill(os.getpid(), 9)\n")
    with pytest.raises(ListError, match=r"ended by SIGKILL: .* memory ran out, or somebody ended"):
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


async def test_a_child_that_writes_without_end_is_ended_with_its_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, "import sys\nwhile True: sys.stdout.write('x' * 1000)")
    child = Child(MEMORY_BASE, "stand_in")
    with pytest.raises(TimeoutError):
        await child.run("stdout", limit_s=0.2)
    assert child._process is not None and child._process.stdout is not None
    assert child._process.returncode == -9 and child._process.stdout.closed


async def test_what_was_given_up_before_it_began_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads are at work when it is to be started, and nobody waits for it any more."""
    stand_in(monkeypatch, tmp_path, "raise SystemExit(3)")
    gate = threading.Event()
    with ThreadPoolExecutor(1) as busy:
        asyncio.get_running_loop().set_default_executor(busy)
        waiting = asyncio.get_running_loop().run_in_executor(None, gate.wait)
        child = Child(MEMORY_BASE, "stand_in")
        work = asyncio.create_task(child.run("stderr", limit_s=60))
        await asyncio.sleep(0)
        work.cancel()
        while not child._is_given_up:
            await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert await waiting
    assert child._process is None


async def test_a_child_that_has_ended_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, "print('12 7')\nraise SystemExit(3)")
    assert await Child(MEMORY_BASE, "stand_in").run("stdout", limit_s=60) == (3, b"12 7\n")
