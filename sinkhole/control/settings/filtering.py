"""Settings of the filter: which lists, rules and services, and how lists are kept up to date."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, PlainValidator, field_validator

from sinkhole.control.settings.blocking import BlockingSettings
from sinkhole.control.settings.builtin import BuiltinSettings
from sinkhole.control.settings.fields import (
    Section,
    byte_count,
    choice,
    conflict,
    flag,
    read_text,
    text,
    time_span,
)
from sinkhole.control.settings.guard import GuardSettings
from sinkhole.control.settings.safe_search import SafeSearchSettings
from sinkhole.control.settings.services import ServiceChoice
from sinkhole.control.settings.units import Duration, Size
from sinkhole.control.settings.words import shown

TAKEN_NAMES = {
    "own rules",
    "local records",
    "hosts file",
    "services",
    "safe search",
    "built-in",
    "rebinding protection",
    "bogus addresses",
}
"""What the log calls that which is no list: rules and records of the settings, and built-ins."""


def _list_url(value: Any) -> str:
    """Check where a list comes from: http, https or file, and nothing else."""
    url = read_text(value, 2048)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{shown(url)} is not a URL: {error}") from None
    if parts.scheme in ("http", "https"):
        if not host or port == 0 or any(char.isspace() for char in url):
            raise ValueError(f'{shown(url)} is not a URL, write "https://host/path"')
    elif parts.scheme == "file":
        if host or not parts.path.strip("/"):
            raise ValueError(f'{shown(url)} names no file, write "file:blocklists/mine.txt"')
    elif parts.scheme and "/" in url:
        raise ValueError(f"{shown(url)} cannot be fetched, lists come by https:, http: or file:")
    else:
        raise ValueError(f'{shown(url)} has no scheme, write "https://host/path" or "file:path"')
    return url


def _free_name(name: str) -> str:
    if name.casefold() in TAKEN_NAMES:
        raise ValueError(f"{shown(name)} already stands for something else, choose another name")
    return name


class ListSettings(Section):
    """One list: names to block, or names to allow whatever the others say."""

    name: Annotated[str, text(100), AfterValidator(_free_name)]
    url: Annotated[str, PlainValidator(_list_url)]
    kind: Annotated[Literal["block", "allow"], choice("block", "allow")] = "block"
    enabled: Annotated[bool, flag()] = True


class FilteringSettings(Section):
    """What is refused: lists, own rules, and how they are kept up to date."""

    lists: tuple[ListSettings, ...] = (
        ListSettings(name="Starter", url="file:blocklists/starter.txt"),
    )
    rules: tuple[Annotated[str, text(64 * 1024)], ...] = ()
    """Own rules, in the syntax of lists; what they mean is the filter's business."""
    services: ServiceChoice = ()
    """Services to block as a whole: ids, and "group:NAME" for all of a group."""
    safe_search: SafeSearchSettings = SafeSearchSettings()
    builtin: BuiltinSettings = BuiltinSettings()
    update_interval: Annotated[Duration, time_span("10m", "30d", or_zero=True)] = Duration.parse(
        "24h"
    )
    """How often lists are fetched again; 0 is never."""
    max_list_size: Annotated[Size, byte_count("1KiB", "4GiB")] = Size.parse("256MiB")
    """The most one list may have, unpacked."""
    private_sources: Annotated[bool, flag()] = False
    """Whether a list may come from a private or loopback address."""
    guard: GuardSettings = GuardSettings()
    blocking: BlockingSettings = BlockingSettings()

    @field_validator("lists", mode="after")
    @classmethod
    def _names_differ(cls, lists: tuple[ListSettings, ...]) -> tuple[ListSettings, ...]:
        seen: set[str] = set()
        for position, entry in enumerate(lists):
            if entry.name.casefold() in seen:
                message = f"{shown(entry.name)} is the name of another list too"
                raise conflict(message, "lists", position, "name")
            seen.add(entry.name.casefold())
        return lists
