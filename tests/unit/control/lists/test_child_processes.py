"""Child processes: compiling a list, and ending them with all that belongs to them."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sinkhole.control.lists import child_processes
from sinkhole.control.lists.child_processes import Child, compile_list
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("||ads.example^\n0.0.0.0 tracker.example\n")
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
    with pytest.raises(ListError, match="the compiler ended with status -6"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")


async def test_a_child_that_talks_without_end_is_heard_out_in_bounded_memory(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys\nsys.stderr.write('x\\n' * 500_000 + 'out of memory\\n')\nsys.exit(1)\n"
    instead(monkeypatch, tmp_path, program)
    with pytest.raises(ListError, match="out of memory"):
        await compile_list("Test", source, tmp_path / "list.trie", "block")


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
    child = Child("stand_in")
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
        child = Child("stand_in")
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
    assert await Child("stand_in").run("stdout", limit_s=60) == (3, b"12 7\n")
