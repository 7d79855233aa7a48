"""What shells complete: commands, and names that are told in time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CommandLine

NAMES = "_SINKHOLE_COMPLETE"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(command: CommandLine, shell: str) -> None:
    told = command("completion", shell)
    assert told.code == 0
    assert f"{NAMES}={shell}_complete" in told.out


def test_another_shell_is_told(command: CommandLine) -> None:
    assert command("completion", "csh").code == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_by_the_script(tmp_path: Path) -> None:
    """As bash does it for `sinkhole rules <Tab>`."""
    program = tmp_path / "sinkhole"
    program.write_text(
        f"#!{sys.executable}\nfrom sinkhole.cli import main\nmain(prog_name='sinkhole')\n"
    )
    program.chmod(0o755)
    script = (
        'eval "$(sinkhole completion bash)"; COMP_WORDS=(sinkhole rules ""); COMP_CWORD=2; '
        '_sinkhole_completion sinkhole; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True)
    assert done.stderr == ""
    assert {"list", "add", "remove", "test"} <= set(done.stdout.split())


def completed(command: CommandLine, *words: str) -> list[str]:
    """What is offered for the last of these words."""
    command.environ = {
        NAMES: "bash_complete",
        "COMP_WORDS": " ".join(("sinkhole", *words)),
        "COMP_CWORD": str(len(words)),
    }
    told = command()
    return [line.partition(",")[2] for line in told.out.splitlines()]


def test_settings_that_are_wrong_say_nothing_while_somebody_types(command: CommandLine) -> None:
    command.settle("dns: [")
    assert completed(command, "lists", "status", "A") == []
