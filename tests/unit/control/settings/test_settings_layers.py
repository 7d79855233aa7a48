from __future__ import annotations

from sinkhole.control.settings import Settings
from sinkhole.control.settings.document import Origin, Problem
from sinkhole.control.settings.layers import (
    all_keys,
    as_value,
    leaf_origins,
    read_environment,
    section_of,
    stack,
)
from sinkhole.control.settings.upstream_schema import UpstreamSettings

STORED = Origin("stored")
FILE = Origin("file s.yaml", 3)


def test_a_higher_layer_replaces_single_keys() -> None:
    lower = as_value({"upstream": {"timeout": "1s", "servers": ["192.0.2.1"]}}, STORED)
    upper = as_value({"upstream": {"timeout": "2s"}, "data_dir": "x"}, FILE)
    tree = stack(Settings, [lower, upper])
    assert tree.plain() == {
        "upstream": {"timeout": "2s", "servers": ["192.0.2.1"]},
        "data_dir": "x",
    }
    assert dict(leaf_origins(Settings, tree)) == {
        "upstream.timeout": "file s.yaml:3",
        "upstream.servers": "stored",
        "data_dir": "file s.yaml:3",
    }


def test_lists_and_records_are_one_value_and_replaced_whole() -> None:
    lower = as_value({"local": {"records": {"a.home": ["192.0.2.1"]}}}, STORED)
    upper = as_value({"local": {"records": {"b.home": ["192.0.2.2"]}}}, FILE)
    assert stack(Settings, [lower, upper]).plain() == {
        "local": {"records": {"b.home": ["192.0.2.2"]}}
    }


def test_a_section_that_is_left_empty_says_nothing() -> None:
    lower = as_value({"upstream": {"timeout": "1s"}, "filtering": {"blocking": None}}, STORED)
    upper = as_value({"upstream": None, "dns": None}, FILE)
    tree = stack(Settings, [lower, upper])
    assert tree.plain() == {
        "upstream": {"timeout": "1s"},
        "filtering": {"blocking": {}},
        "dns": {},
    }
    assert dict(leaf_origins(Settings, tree)) == {"upstream.timeout": "stored"}


def test_a_section_that_is_no_mapping_stays_to_be_reported() -> None:
    wrong = as_value({"upstream": 5}, STORED)
    right = as_value({"upstream": {"timeout": "1s"}}, FILE)
    for layers in ([wrong, right], [right, wrong]):
        tree = stack(Settings, layers)
        assert tree.plain() == {"upstream": 5}
        assert tree.origin_at(("upstream",)) == STORED


def test_sections_are_told_from_values() -> None:
    assert section_of(Settings, "upstream") is UpstreamSettings
    assert section_of(Settings, "data_dir") is None
    assert section_of(Settings, "nonsense") is None


def test_all_keys_names_every_leaf_once() -> None:
    keys = all_keys(Settings)
    assert len(keys) == len(set(keys))
    assert {"dns.listen", "filtering.lists", "filtering.blocking.mode", "data_dir"} <= set(keys)
    assert "filtering.blocking" not in keys


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
