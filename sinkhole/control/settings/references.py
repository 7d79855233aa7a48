"""Names in the settings that stand for something else in them: is there such a thing?

Each that is not is a mistake of its own, at its place, saying who names it: so it is told who is
in a group that somebody would remove or rename.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from sinkhole.control.settings.clients_schema import ClientSettings
from sinkhole.control.settings.groups_schema import (
    ALL_LISTS,
    DEFAULT_GROUP,
    GroupSettings,
    PolicyFields,
)
from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.control.settings.upstream_schema import USUAL_SERVERS
from sinkhole.control.settings.values import conflict, is_elsewhere

_FEW = 8


class _Layer(NamedTuple):
    """What somebody says, where it stands, and who that is, as people call him."""

    fields: PolicyFields
    path: tuple[str | int, ...]
    who: str


def refuse_dangling(items: Sequence[GroupSettings | ClientSettings], info: ValidationInfo) -> None:
    """Raise ValidationError, a mistake for each name among the groups or clients that stands for
    nothing in the other sections, as far as those are right."""
    found = [InitErrorDetails(type=error, loc=(), input=None) for error in _dangling(items, info)]
    if found:
        raise ValidationError.from_exception_data(str(info.field_name), found)


def _dangling(
    items: Sequence[GroupSettings | ClientSettings], info: ValidationInfo
) -> Iterator[PydanticCustomError]:
    key, data = str(info.field_name), info.data
    groups: Sequence[GroupSettings] | None = data.get("groups")
    for position, item in enumerate(items):
        who, path = shown(item.name), (key, position)
        below = [data["filtering"].blocking] if "filtering" in data else []
        if isinstance(item, ClientSettings):
            if groups is not None:
                yield from _no_group(item, groups, path, info)
                below += [each.blocking for each in groups if _is_in(item, each)]
            below.append(None)
        yield from _of_layer(_Layer(item, path, who), below, info)
        for number, entry in enumerate(item.schedules):
            here = (*path, "schedules", number)
            if "schedules" in data:
                yield from _missing(
                    entry.when,
                    [each.name for each in data["schedules"]],
                    (f"is no schedule, but {who} has something for it", "a schedule", "schedules"),
                    (*here, "when"),
                    info,
                )
            yield from _of_layer(_Layer(entry, here, who), [*below, item.blocking], info)


def _of_layer(
    layer: _Layer, below: Iterable[Any], info: ValidationInfo
) -> Iterator[PydanticCustomError]:
    """What is wrong with what one says; `below` are the ways of blocking that it stands on."""
    (fields, path, who), data = layer, info.data
    if "filtering" in data and fields.lists is not None and fields.lists != ALL_LISTS:
        known = [each.name for each in data["filtering"].lists]
        for position, name in enumerate(fields.lists):
            words = (f"is no list, but {who} names it", "a list", "filtering.lists")
            yield from _missing(name, known, words, (*path, "lists", position), info)
    if "upstream" in data and fields.upstream is not None:
        known = [USUAL_SERVERS, *data["upstream"].sets]
        words = (f"is no upstream set, but {who} asks it", "a set", "upstream.sets")
        yield from _missing(fields.upstream, known, words, (*path, "upstream"), info, exact=True)
    yield from _no_address(layer, below)


def _no_group(
    client: ClientSettings,
    groups: Sequence[GroupSettings],
    path: tuple[str | int, ...],
    info: ValidationInfo,
) -> Iterator[PydanticCustomError]:
    if client.group is not None:
        known = [DEFAULT_GROUP, *(each.name for each in groups)]
        words = (f"is no group, but {shown(client.name)} is in it", "a group", "groups")
        yield from _missing(client.group, known, words, (*path, "group"), info)


def _is_in(client: ClientSettings, group: GroupSettings) -> bool:
    return (client.group or DEFAULT_GROUP).casefold() == group.name.casefold()


def _missing(
    name: str,
    known: Collection[str],
    words: tuple[str, str, str],
    path: tuple[str | int, ...],
    info: ValidationInfo,
    *,
    exact: bool = False,
) -> Iterator[PydanticCustomError]:
    """A mistake where nothing is called so; `words` say what it means, what would be meant, and
    where such things stand."""
    if name in known or (not exact and name.casefold() in {each.casefold() for each in known}):
        return
    what, one, where = words
    if is_elsewhere(info, where, name):
        return
    by_fold = {each.casefold(): each for each in known}
    near = nearest(name, known) or by_fold.get(nearest(name, by_fold), "")
    if near:
        hint = f"did you mean {quoted(near)}?"
    elif known and len(known) <= _FEW:
        hint = f"write {listing(map(quoted, known))}, or make {one} of that name in {where}"
    else:
        hint = f"make {one} of that name in {where}"
    yield conflict(f"{shown(name)} {what}: {hint}", *path)


def _no_address(layer: _Layer, below: Iterable[Any]) -> Iterator[PydanticCustomError]:
    blocking = layer.fields.blocking
    if blocking is None or blocking.mode != "custom_ip":
        return
    ways: list[Any] = [blocking, *(each for each in below if each is not None)]
    if all(each.custom_ipv4 is None and each.custom_ipv6 is None for each in ways):
        message = "custom_ip needs an address, set custom_ipv4, custom_ipv6 or both"
        yield conflict(message, *layer.path, "blocking", "mode")
