"""What every test of the settings does: write a file, load it, look at what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import PlainValidator, TypeAdapter, ValidationError

from sinkhole.control.settings import Settings, load
from sinkhole.model.errors import SettingsError

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Load a text as the file "s.yaml"."""

    def load_text(text: str | bytes, environ: Mapping[str, str] | None = None) -> Settings:
        file = tmp_path / "s.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(file, environ or {})

    return load_text


@pytest.fixture
def problems(loaded: Load, tmp_path: Path) -> Problems:
    """The problems of a text, with its path cut to "s.yaml"."""

    def problems_of(text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            loaded(text, environ)
        return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return problems_of


def _read(kind: PlainValidator, value: Any) -> Any:
    return TypeAdapter(Annotated[object, kind]).validate_python(value)


@pytest.fixture
def read() -> Callable[[PlainValidator, Any], Any]:
    """Read one value of a kind."""
    return _read


@pytest.fixture
def refusal() -> Callable[[PlainValidator, Any], str]:
    """Why a kind does not take a value."""

    def refusal_of(kind: PlainValidator, value: Any) -> str:
        with pytest.raises(ValidationError) as caught:
            _read(kind, value)
        (error,) = caught.value.errors()
        return str(error["ctx"]["error"])

    return refusal_of
