"""Settings of safe search: which search engines leave out what is not for children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from sinkhole.control.settings.fields import Section, choice, flag
from sinkhole.control.settings.shipped import read_shipped

FILE = "blocklists/safesearch.yaml"

YoutubeLevel = Literal["off", "moderate", "strict"]


def _off_for_false(value: Any) -> Any:
    """False, as JSON may have it, is a way to say "off"."""
    return "off" if value is False else value


class SafeSearchSettings(Section):
    """One key an engine; the names of the keys are those of the data file."""

    bing: Annotated[bool, flag()] = False
    brave: Annotated[bool, flag()] = False
    duckduckgo: Annotated[bool, flag()] = False
    ecosia: Annotated[bool, flag()] = False
    google: Annotated[bool, flag()] = False
    pixabay: Annotated[bool, flag()] = False
    yandex: Annotated[bool, flag()] = False
    youtube: Annotated[
        YoutubeLevel, choice("off", "moderate", "strict"), BeforeValidator(_off_for_false)
    ] = "off"


def known_engines() -> Mapping[str, Any]:
    """What the data file knows of each engine: name, hosts, and the host of each level.

    SettingsError if it can't be read.
    """
    engines: Mapping[str, Any] = read_shipped(FILE)
    return engines
