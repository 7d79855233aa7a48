"""What a child makes of itself where the platform has no means for it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sinkhole.control.lists import child


def test_what_the_platform_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refused(what: str) -> object:
        def refuse(*given: object) -> object:
            asked.append(what)
            raise OSError(1, "Operation not permitted")

        return refuse

    monkeypatch.setattr(os, "nice", refused("nice"))
    monkeypatch.setattr(Path, "write_bytes", refused("oom_score_adj"))
    monkeypatch.setattr(resource, "setrlimit", refused("limit"))
    child.humble(1 << 30)
    assert asked == ["nice", "oom_score_adj", "limit", "limit"]


def test_a_lower_limit_that_is_there_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(os, "nice", lambda more: 0)
    monkeypatch.setattr(Path, "write_bytes", lambda path, data: 4)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (5 << 20, 7 << 20))
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    child.humble(1 << 30)
    assert limits[resource.RLIMIT_DATA] == (7 << 20, 7 << 20)
    child.humble(1 << 20)
    assert limits[resource.RLIMIT_DATA] == (1 << 20, 7 << 20)


def test_the_module_gets_its_arguments_and_its_exit_code_counts(tmp_path: Path) -> None:
    (tmp_path / "stand_in.py").write_text(
        "import sys\nprint(__name__, *sys.argv[1:])\nraise SystemExit(3)\n"
    )
    command = [sys.executable, "-m", "sinkhole.control.lists.child", str(1 << 30), "stand_in"]
    done = subprocess.run(
        [*command, "a", "b"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, b"__main__ a b\n")


STARTS_ONE = """
import subprocess, sys
subprocess.run([sys.executable, "-m", "sinkhole.control.lists.child", str(1 << 30), "stand_in"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "stand_in.py").write_text(
        "import os, signal\nprint(os.getppid(), flush=True)\nsignal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) == parent.pid
        parent.kill()
        assert parent.stdout.read() == b"", "the pipe is closed, as both have ended"
