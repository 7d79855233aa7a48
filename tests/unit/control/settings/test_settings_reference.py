"""The reference is made of the schema: what is committed is what is made, and loads to the
defaults."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, load
from sinkhole.control.settings.describe import field_of
from sinkhole.control.settings.differences import value_of
from sinkhole.control.settings.document import read_document
from sinkhole.control.settings.layers import all_keys, leaf_origins, stack
from sinkhole.control.settings.reference import reference_document, reference_yaml, schema_text
from sinkhole.control.settings.shipped import known_services
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

ROOT = Path(__file__).parents[4]
DOCUMENT = ROOT / "docs" / "settings.md"
INSTALLED = ROOT / "config" / "sinkhole.yaml"
SCHEMA = ROOT / "config" / "sinkhole.schema.json"
WITHOUT_DEFAULT = {key for key in all_keys(Settings) if value_of(Settings(), key) is None}


def test_the_committed_document_is_what_is_made() -> None:
    made = reference_document()
    assert DOCUMENT.read_text() == made, "write it anew: sinkhole settings reference --markdown"


def test_the_committed_schema_is_what_is_made() -> None:
    assert SCHEMA.read_text() == schema_text(), "write it anew: sinkhole settings schema"
    assert "sinkhole.schema.json" in INSTALLED.read_text().splitlines()[0]


def test_the_yaml_of_the_document_loads_to_the_defaults(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for number, text in enumerate(("\n".join(blocks), reference_yaml())):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        assert load(file, {}) == Settings()


def test_the_installed_file_says_nothing() -> None:
    assert load(INSTALLED, {}) == Settings()
    uncommented = re.sub("^# ((?:  )?[a-z]+:)", r"\1", INSTALLED.read_text(), flags=re.MULTILINE)
    written = read_document(uncommented, "file installed", [])
    assert written is not None and set(written.plain()) == {"upstream", "web"}


def test_the_reference_has_every_key_and_no_other() -> None:
    text = reference_yaml()
    written = read_document(text, "file reference", [])
    assert written is not None
    keys = {key for key, _ in leaf_origins(Settings, stack(Settings, [written]))}
    assert keys == set(all_keys(Settings)) - WITHOUT_DEFAULT
    for key in WITHOUT_DEFAULT:
        assert re.search(rf"^ +# {key.split('.')[-1]}: ", text, re.MULTILINE)


def test_the_commented_out_keys_are_valid(tmp_path: Path) -> None:
    names = "|".join(key.split(".")[-1] for key in WITHOUT_DEFAULT)
    text = re.sub(rf"^( +)# ({names}): ", r"\1\2: ", reference_yaml(), flags=re.MULTILINE)
    file = tmp_path / "s.yaml"
    file.write_text(text.replace("mode: null_ip", "mode: custom_ip"))
    settings = load(file, {})
    assert not [key for key in WITHOUT_DEFAULT if value_of(settings, key) is None]


WITH_EXAMPLES = [key for key in all_keys(Settings) if field_of(key)[1].examples]
BESIDE = {
    "dns.certificate": {"dns.certificate_key": "key.pem"},
    "dns.certificate_key": {"dns.certificate": "certificate.pem"},
    "web.certificate": {"web.certificate_key": "key.pem"},
    "web.certificate_key": {"web.certificate": "certificate.pem"},
}
"""What an example needs beside it."""


@pytest.mark.parametrize("key", WITH_EXAMPLES)
def test_the_examples_are_valid(key: str) -> None:
    examples = field_of(key)[1].examples or []
    for example in examples:
        values = {key: json.dumps(example), **BESIDE.get(key, {})}
        variables = {f"SINKHOLE__{k.upper().replace('.', '__')}": v for k, v in values.items()}
        settings = load(None, variables)
        assert settings.origin_of(key).startswith("environment ")
        assert value_of(settings, key) != value_of(Settings(), key)


def test_the_reference_names_every_tag_and_every_group_of_services() -> None:
    words = set(re.findall(r"[a-z_]+", reference_yaml()))
    assert words.issuperset(CLIENT_TAGS)
    assert words.issuperset(service.group for service in known_services().values())


def test_every_key_has_a_comment_above_it() -> None:
    lines = reference_yaml().splitlines()
    sections = {f"{name}:" for name in Settings.model_fields}
    for above, line in pairwise(lines):
        if re.match(r" *[a-z_0-9]+:", line) and line not in sections:
            assert above.strip().startswith("#"), line


def test_the_schema_knows_every_key() -> None:
    schema = json.loads(schema_text())
    for key in all_keys(Settings):
        found = schema
        for part in key.split("."):
            found = found["properties"][part]
        assert found["description"], key
