"""Lists on the command line: what two versions differ in, and lists compiled by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click

from sinkhole.dns.filter.compiled.compile import compile_files
from sinkhole.model.errors import SinkholeError


def print_diff(told: Mapping[str, Any]) -> None:
    """A difference in words, added names with + and removed ones with -."""
    old, new = told["old"]["names"], told["new"]["names"]
    what = "held back against in use" if told["new_is"] == "held back" else "in use against before"
    click.echo(f"{told['name']} ({what}): {old:,} names before, {new:,} now")
    for sign, count, samples in (
        ("+", told["added"], told["added_samples"]),
        ("-", told["removed"], told["removed_samples"]),
    ):
        click.echo(f"{sign} {count:,} names" + (", such as" if count > len(samples) else ""))
        for sample in samples:
            click.echo(f"  {sign} {sample}")


def compile_to(sources: tuple[Path, ...], output: Path, kind: Literal["block", "allow"]) -> None:
    """Compile list files into one and print the report as JSON."""
    if any(source.exists() and output.exists() and source.samefile(output) for source in sources):
        raise SinkholeError(f"{output} is one of the lists; choose another file to write")
    report: dict[str, Any] = compile_files(sources, output, kind).as_dict()
    click.echo(json.dumps(report))
