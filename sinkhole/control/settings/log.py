"""Settings of the program's own messages, which go to standard error."""

from __future__ import annotations

from typing import Annotated, Literal

from sinkhole.control.settings.fields import Section, choice

LogLevel = Literal["debug", "info", "warning", "error"]


class LogSettings(Section):
    """How much sinkhole says about itself; queries are not part of it."""

    level: Annotated[LogLevel, choice("debug", "info", "warning", "error")] = "info"
