"""Data files that travel with the package: `blocklists/services.yaml` and its likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sinkhole
from sinkhole.control.settings.document import read_document
from sinkhole.control.settings.layers import Problem
from sinkhole.model.errors import SettingsError

_PACKAGE = Path(sinkhole.__file__).parent
# An installed package carries its files inside; a checkout has them beside the package.
ROOTS = (_PACKAGE / "_shipped", _PACKAGE.parent)


def read_shipped(path: str) -> Any:
    """The plain values of a YAML file, such as "blocklists/services.yaml".

    Takes 8 ms for the services, and is not remembered. Raises SettingsError if the file is missing
    or damaged.
    """
    found = next((root / path for root in ROOTS if (root / path).exists()), Path(path))
    problems: list[Problem] = []
    try:
        value = read_document(found.read_text("utf-8"), f"file {found}", problems)
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{found}: cannot be read: {error}; it comes with sinkhole, install that again"
        raise SettingsError([reason]) from None
    if problems or value is None:
        raise SettingsError([str(problem) for problem in problems] or [f"{found}: is empty"])
    return value.plain()
