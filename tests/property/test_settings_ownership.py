"""Whatever file, environment and stored values say: each item is whose it is.

The environment's collection replaces the file's, either those of the default; what is stored stands
beside them, and is used where nobody wrote an item of that name. Stored values never make settings
fail that load without them.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.settings import Settings
from sinkhole.control.settings.differences import items_of
from sinkhole.control.settings.keyed import COLLECTIONS, Keyed
from sinkhole.control.settings.load import _items_of, load, resolve
from sinkhole.control.settings.sources import read_written
from sinkhole.control.state.stored import REMOVED, Place

NAMES = ("a", "B", "b", "c.example", "*.d", "Starter", "unqualified")


def item(keyed: Keyed, name: str, number: int) -> Any:
    """An item that fits alone; two of one collection can clash by their addresses."""
    if keyed.key == "clients":
        return {"name": name, "ids": [f"id-{number}"]}
    if keyed.key == "groups":
        return {"name": name, "rate_limit": number}
    if keyed.key == "schedules":
        return {"name": name, "windows": [f"daily {number % 24:02}:00-24:00"]}
    if keyed.key == "filtering.lists":
        return {"name": name, "url": f"file:{number}.txt"}
    if keyed.key == "upstream.sets":
        return {"servers": [f"192.0.2.{number}"]}
    return [f"192.0.2.{number}"] if keyed.shape == "mapping" else name


def collection(keyed: Keyed, names: list[str], first: int) -> Any:
    made = [item(keyed, name, first + at) for at, name in enumerate(names)]
    return dict(zip(names, made, strict=True)) if keyed.shape == "mapping" else made


def unique(keyed: Keyed, names: list[str]) -> list[str]:
    return list({keyed.id_of(name): name for name in names}.values())


def usable(keyed: Keyed) -> st.SearchStrategy[list[str]]:
    if keyed.key == "filtering.services":
        words = ["tiktok", "facebook", "group:gambling"]
    elif keyed.key == "upstream.sets":
        words = ["a", "B", "b", "c"]
    else:
        words = list(NAMES)
    return st.lists(st.sampled_from(words), max_size=4).map(lambda names: unique(keyed, names))


KEYED = st.sampled_from(list(COLLECTIONS.values()))
LAYERS = KEYED.flatmap(
    lambda keyed: st.tuples(
        st.just(keyed),
        st.none() | usable(keyed),
        st.none() | usable(keyed),
        usable(keyed),
        st.sets(st.sampled_from(NAMES), max_size=2),
    )
)


@settings(deadline=None, max_examples=150)
@given(LAYERS)
def test_each_item_is_whose_it_is(
    layers: tuple[Keyed, list[str] | None, list[str] | None, list[str], set[str]],
) -> None:
    keyed, in_file, in_environ, in_store, removed = layers
    tree: Any = {}
    if in_file is not None:
        section, _, key = keyed.key.rpartition(".")
        value = collection(keyed, in_file, 10)
        tree = {section: {key: value}} if section else {key: value}
    environ = {}
    if in_environ is not None:
        variable = "SINKHOLE__" + keyed.key.upper().replace(".", "__")
        environ[variable] = json.dumps(collection(keyed, in_environ, 20))
    stored: dict[Place, Any] = {
        (keyed.key, keyed.id_of(name)): item(keyed, name, 30 + at)
        for at, name in enumerate(in_store)
    }
    for name in removed:
        stored.setdefault((keyed.key, keyed.id_of(name)), REMOVED)
    found = loaded(tree, environ, stored)
    written = in_file if in_environ is None else in_environ
    default = [name for name, _ in items_of(Settings(), keyed).values()]
    base = default if written is None else written
    by = "default" if written is None else "file" if in_environ is None else "environment"
    expected = {keyed.id_of(name): by for name in base}
    for (_, name), value in stored.items():
        if value is REMOVED:
            expected.pop(name, None) if written is None else None
        elif written is None or name not in expected:
            expected[name] = "stored"
    items = items_of(found, keyed)
    origins = {i: found.origin_of(keyed.key, name).split(" ")[0] for i, (name, _) in items.items()}
    assert origins == expected
    assert list(items)[: len(base)] == [keyed.id_of(name) for name in base][: len(items)] or removed


def loaded(tree: Any, environ: dict[str, str], stored: dict[Place, Any]) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "s.yaml")
        file.write_text(json.dumps(tree))
        written = read_written(file, environ)
    return resolve(written, stored).settings


PLACES = st.tuples(
    st.sampled_from(
        [
            *COLLECTIONS,
            *("dns.tls", "dns.certificate", "dns.certificate_key", "cache.min_ttl"),
            *("cache.max_ttl", "upstream.bootstrap", "upstream.servers", "no.such", "data_dir"),
        ]
    ),
    st.sampled_from(["", "a", "b"]),
)
VALUES = st.sampled_from(
    [
        *("1s", "2d", "x", "", 5, None, True, [], ["192.0.2.1:853"], ["dns.example.org"]),
        *({}, {"name": "a", "ids": ["x"]}, {"servers": ["9.9.9.9"]}, "a", REMOVED, [[["x"]]]),
    ]
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(PLACES, VALUES, max_size=6), st.booleans())
def test_stored_values_never_make_settings_fail(stored: dict[Place, Any], has_file: bool) -> None:
    tree = {"cache": {"min_ttl": "1h"}, "clients": [{"name": "c", "ids": ["x"]}]}
    text = tree if has_file else {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "s.yaml")
        file.write_text(json.dumps(text))
        written = read_written(file, {})
        alone = load(file, {})
    found = resolve(written, stored)
    if has_file:
        assert found.settings.cache.min_ttl == alone.cache.min_ttl
        assert found.settings.clients[0] == alone.clients[0]
    left = {each.place for each in found.left_out}
    assert left <= stored.keys()
    # What is left out may still be referred to: a route is not lost with a set that does not fit.
    rest = {place: each for place, each in stored.items() if place not in left}
    again = resolve(written, rest, elsewhere=_items_of(found.left_out))
    assert again.settings == found.settings and not again.left_out
