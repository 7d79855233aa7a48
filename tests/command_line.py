"""The command line within a test: no settings but the test's, no environment but its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner
from places import nobodys_place

from sinkhole.cli.commands import main


class Result(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it wrote, read as JSON."""
        return json.loads(self.out)


class CommandLine:
    """`command("explain", "example.org")` runs a command with the settings in `folder`, if any.

    A command that ends by any exception but SystemExit fails the test.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "sinkhole.yaml"
        self.environ: dict[str, str] = {}

    def settle(self, text: str = "", **sections: Any) -> None:
        """Write the settings file: as text, or as sections, with the data in `folder`.

        No server is where the page would be: the default is where somebody's may run.
        """
        own = {"data_dir": str(self.folder / "data"), "web": {"listen": str(nobodys_place())}}
        text = text or json.dumps(own | sections)
        self.config.write_text(text)

    def __call__(self, *words: str, stdin: str | bytes | None = None) -> Result:
        theirs = {name: None for name in os.environ if "SINKHOLE" in name}
        ours = {"SINKHOLE_CONFIG": str(self.config)} if self.config.exists() else {}
        done = CliRunner().invoke(
            main, words, input=stdin, env={**theirs, **ours, **self.environ}, catch_exceptions=False
        )
        return Result(done.exit_code, done.stdout, done.stderr)
