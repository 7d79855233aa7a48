"""Whoever is told of a problem is told what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sinkhole
from sinkhole.app.advice import ADVICE, sentence_of, told
from sinkhole.dns.upstream.forwarder import Forwarder

SOURCE = Path(sinkhole.__file__).parent


def calls(name: str, module: str) -> Iterator[tuple[str, ast.Call]]:
    """All calls of a function in files that import it from a module."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        names = [alias.name for node in imports if node.module == module for alias in node.names]
        if name in names:
            yield from (
                (f"{path.relative_to(SOURCE)}:{node.lineno}", node)
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
            )


def test_every_problem_comes_with_what_to_do() -> None:
    found = list(calls("Problem", "sinkhole.model.status"))
    assert len(found) > 8
    for where, call in found:
        assert len(call.args) == 4, f"{where}: code, severity, text, advice"
        assert getattr(call.args[3], "value", "said") != "", f"{where}: there is no advice"


def test_there_is_advice_for_all_that_is_told() -> None:
    codes = {call.args[0] for _, call in calls("told", "sinkhole.app.advice")}
    plain = {code.value for code in codes if isinstance(code, ast.Constant)}
    plain |= {f"upstreams.{about}" for about in (*Forwarder({}).troubles(), "unfound")}
    assert plain == set(ADVICE)
    assert all(ADVICE.values())


@pytest.mark.parametrize("code", ADVICE)
def test_a_sentence_says_what_to_do_once(code: str) -> None:
    (problem,) = told(code, ["", "this is wrong: do that"])
    assert problem[:4] == (code, "warning", "this is wrong: do that", ADVICE[code])
    sentence = sentence_of(problem)
    assert sentence in (problem.text, f"{problem.text}: {problem.advice}")


def test_whoever_shows_both_leaves_out_what_the_sentence_says() -> None:
    assert told("upstreams.crowded", ["this"])[0].is_in_text
    assert not told("bugs.met", ["this"])[0].is_in_text
