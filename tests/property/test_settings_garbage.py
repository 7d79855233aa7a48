"""Any text as a settings file, and in the environment, gives Settings or a SettingsError.

Its problems are single lines that begin with the file or the variable.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.settings import Settings, document, effective, load
from sinkhole.control.settings.layers import all_keys
from sinkhole.control.settings.reference import reference_yaml
from sinkhole.model.errors import SettingsError

LINES = [
    line for line in reference_yaml().splitlines() if line and not line.lstrip().startswith("#")
]
WORDS = sorted({word for key in all_keys(Settings) for word in key.split(".")})

scalars = (
    st.sampled_from(
        ["1", "2s", "64MiB", "true", "~", "0", "-1", "192.0.2.1", "::1", "any", "a.home"]
    )
    | st.sampled_from(
        ["*x", "&x", "!x", "|", ">", "%", "@", "`", "\t", "[", "}", "'", '"', "\\", "---"]
    )
    | st.text(max_size=8)
)
values = st.recursive(
    scalars
    | scalars.map(
        lambda text: yaml.safe_dump(text).splitlines()[0] if text.isprintable() else text
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(WORDS) | scalars, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=6,
)
made_up = st.lists(
    st.tuples(st.sampled_from(["", "  ", "    "]), st.sampled_from(WORDS), values).map(
        lambda parts: f"{parts[0]}{parts[1]}: {parts[2]}"
    ),
    max_size=6,
).map("\n".join)
shuffled = st.lists(st.sampled_from(LINES) | made_up, max_size=12).map("\n".join)
texts = st.text() | values | made_up | shuffled


def check(path: Path | None, environ: Mapping[str, str], begin: str) -> None:
    try:
        found = load(path, environ)
    except SettingsError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.startswith(begin)
            assert problem.removeprefix(begin).isprintable()
    else:
        assert load(path, environ) == found


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True, scope="module")
def _either_parser(request: pytest.FixtureRequest) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "LOADER", getattr(yaml, request.param))
        yield


@settings(deadline=None, max_examples=100)
@given(texts | st.binary())
def test_any_file_gives_settings_or_problems(text: str | bytes) -> None:
    handle, name = tempfile.mkstemp(suffix=".yaml")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        check(Path(name), {}, name + ":")
    finally:
        os.unlink(name)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(all_keys(Settings)), texts | st.text(st.characters()))
def test_any_variable_gives_settings_or_problems(key: str, text: str) -> None:
    variable = "SINKHOLE__" + key.upper().replace(".", "__")
    check(None, {variable: text}, f"environment {variable}:")


@settings(deadline=None, max_examples=100)
@given(made_up | shuffled)
def test_settings_that_load_are_read_back_from_their_effective_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "s.yaml")
        file.write_bytes(text.encode(errors="replace"))
        try:
            found = load(file, {})
        except SettingsError:
            return
        file.write_text(effective(found))
        assert load(file, {}) == found
