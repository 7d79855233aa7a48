from __future__ import annotations

from sinkhole.control.settings.environment import read_environment
from sinkhole.control.settings.layers import Problem


def read(environ: dict[str, str]) -> tuple[list[object], list[str]]:
    problems: list[Problem] = []
    layers = read_environment(environ, problems)
    return [layer.plain() for layer in layers], [str(problem) for problem in problems]


def test_a_variable_is_a_path_in_capitals_with_a_yaml_value() -> None:
    environ = {"SINKHOLE__DNS__LISTEN": '["127.0.0.1:5353"]', "SINKHOLE__DATA_DIR": "/data"}
    assert read(environ) == (
        [{"data_dir": "/data"}, {"dns": {"listen": ["127.0.0.1:5353"]}}],
        [],
    )


def test_other_variables_are_not_ours() -> None:
    assert read({"HOME": "/root", "SINKHOLE_PORT": "1", "SINKHOLE": "x"}) == ([], [])


def test_whole_sections_come_before_single_keys() -> None:
    environ = {"SINKHOLE__UPSTREAM__TIMEOUT": "3s", "SINKHOLE__UPSTREAM": "{timeout: 1s}"}
    assert read(environ)[0] == [{"upstream": {"timeout": "1s"}}, {"upstream": {"timeout": "3s"}}]


def test_an_empty_variable_has_no_value() -> None:
    assert read({"SINKHOLE__UPSTREAM__TIMEOUT": ""}) == ([{"upstream": {"timeout": None}}], [])


def test_broken_yaml_names_the_variable() -> None:
    assert read({"SINKHOLE__DNS__LISTEN": "\n\n[1"}) == (
        [],
        [
            "environment SINKHOLE__DNS__LISTEN: dns.listen:"
            " the list that begins here with [ lacks a comma or its ]"
        ],
    )


def test_bytes_that_are_no_text_name_the_variable() -> None:
    problems = read({"SINKHOLE__DATA_DIR": "\udcff"})[1]
    assert problems == [
        "environment SINKHOLE__DATA_DIR: data_dir: the character U+DCFF is not allowed in YAML"
    ]


def test_a_name_with_a_gap_is_a_problem() -> None:
    layers, problems = read({"SINKHOLE__": "1", "SINKHOLE__DNS____X": "1"})
    assert layers == []
    assert problems == [
        f"environment {name}: the name of a setting is missing,"
        " write for instance SINKHOLE__DNS__LISTEN"
        for name in ("SINKHOLE__", "SINKHOLE__DNS____X")
    ]
