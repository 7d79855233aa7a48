from __future__ import annotations

from sinkhole.control.settings.layers import (
    Origin,
    Problem,
    Value,
    all_keys,
    as_value,
    leaf_origins,
    section_of,
    stack,
)
from sinkhole.control.settings.model import Settings
from sinkhole.control.settings.upstream import UpstreamSettings

STORED = Origin("stored")
FILE = Origin("file s.yaml", 3)


def test_origins_and_problems_read_well() -> None:
    assert str(FILE) == "file s.yaml:3"
    assert str(STORED) == "stored"
    problem = Problem(FILE, ("upstream", "timeout"), "is wrong")
    assert str(problem) == "s.yaml:3: upstream.timeout: is wrong"
    assert str(Problem(STORED, (), "is wrong")) == "stored: is wrong"


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


def test_the_origin_of_what_is_not_there_is_that_of_what_surrounds_it() -> None:
    tree = Value({"a": Value([Value(1, Origin("file s.yaml", 2))], FILE)}, STORED)
    assert tree.origin_at(("a", 0, "x")) == Origin("file s.yaml", 2)
    assert tree.origin_at(("a", 7)) == tree.origin_at(("a", "x")) == FILE
    assert tree.origin_at(("b", "c")) == STORED


def test_sections_are_told_from_values() -> None:
    assert section_of(Settings, "upstream") is UpstreamSettings
    assert section_of(Settings, "data_dir") is None
    assert section_of(Settings, "nonsense") is None


def test_all_keys_names_every_leaf_once() -> None:
    keys = all_keys(Settings)
    assert len(keys) == len(set(keys))
    assert {"dns.listen", "filtering.lists", "filtering.blocking.mode", "data_dir"} <= set(keys)
    assert "filtering.blocking" not in keys
