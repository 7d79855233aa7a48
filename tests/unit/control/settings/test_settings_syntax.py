from __future__ import annotations

import pytest
import yaml

from sinkhole.control.settings.syntax import explain


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize(
    ("text", "line", "explanation"),
    [
        ("a:\n\tb: 1", 2, "a tab is used for indentation, write spaces"),
        ("a: 1\nrules:\n - @@||x^", 3, 'text that begins with "@" must be in quotes'),
        ("a: `x`", 1, 'text that begins with "`" must be in quotes'),
        ("rules:\n - ||ads.example^", 2, "text that begins with | or > must be in quotes"),
        ("*.nas.home: 1", 1, "text that begins with * or & must be in quotes"),
        ("a: 1\nb: 'x\n\n\n", 2, "the text in quotes that begins here is not closed"),
        ('a: "\\q"', 1, r"a \ in double quotes has a meaning, write \\ or use single quotes"),
        ("a: [1,\n2\nb: 3", 1, "the list that begins here with [ lacks a comma or its ]"),
        (
            "a: 1\nb: {c: 1\n\n",
            2,
            "the keys that begin here with { lack a comma, a ':' or the }",
        ),
        ("a: ]", 1, 'unexpected "]": text with : [ ] or { } belongs in quotes'),
        (
            "a: 1\n b: 2",
            2,
            "unexpected ':': check the indentation, and put text that holds ': ' in quotes",
        ),
        ("a: 1\nb\nc", 2, "a ':' is missing behind the key"),
        ("a: [::1]", 1, 'unexpected ":": text with : [ ] or { } belongs in quotes'),
        ("a: 1\n- b", 2, "this line fits nothing above it, check its indentation"),
        ("- a\nb: 1", 2, "this line fits nothing above it, check its indentation"),
        ("a: !<x\nb: 1", 1, "text that begins with ! or % must be in quotes"),
    ],
)
def test_mistakes_are_explained_at_the_line_to_look_at(
    loader: type, text: str, line: int, explanation: str
) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        list(yaml.parse(text, Loader=loader))
    assert explain(caught.value, text) == (line, explanation)


def test_an_error_nobody_explained_is_quoted_on_one_line() -> None:
    error = yaml.MarkedYAMLError(problem="something\n  else")
    assert explain(error, "") == (1, "this is not YAML: something else")
