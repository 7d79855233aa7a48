"""From a request to the input of an operation, or to a refusal that names every mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sinkhole.control.operations.misfits import misfits
from sinkhole.control.web.bodies import read_body, read_json
from sinkhole.control.web.refusals import Refused
from sinkhole.control.web.v1.route import ApiRoute, is_list

_MOST_SHOWN: Final = 40


_NO_FILE: Final = Path("-")
"""Stands for a file that is still to be sent: what is wrong with the rest is told before."""


async def read_input(route: ApiRoute, request: web.Request) -> BaseModel:
    """What an operation is given, but for a file. Raises Refused."""
    given: dict[str, Any] = dict(request.match_info)
    given |= read_query({key: route.fields[key] for key in route.in_query}, request)
    if route.method in ("GET", "DELETE"):
        if await read_body(request) not in (b"", b"{}"):
            raise Refused(400, "body_not_taken", "this takes no body")
    elif route.takes_file:
        given["file"] = _NO_FILE
    else:
        given |= _members(route, await read_json(request))
    try:
        read: BaseModel = route.operation.input.model_validate(given)
    except ValidationError as error:
        raise refusal_of_input(error, route.where) from None
    return read


def read_query(fields: Mapping[str, FieldInfo], request: web.Request) -> dict[str, Any]:
    """The fields in the query; what is none, or given twice where one is wanted, is Refused."""
    given: dict[str, Any] = {}
    for key in dict.fromkeys(request.query):
        if key not in fields:
            raise _wrong(key, "query", _unknown(key, fields))
        values = request.query.getall(key)
        if is_list(fields[key].annotation):
            given[key] = values
        elif len(values) > 1:
            raise _wrong(key, "query", f"{key} is given {len(values)} times")
        else:
            given[key] = values[0]
    return given


def _members(route: ApiRoute, body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused(400, "not_an_object", "the body is no JSON object; send one such as {}")
    for key in body:
        if key not in route.in_body:
            raise _wrong(key, "body", _unknown(key, route.in_body))
    return body


def _unknown(key: str, known: Any) -> str:
    names = ", ".join(sorted(known)) or "nothing"
    return f"unknown {key[:_MOST_SHOWN]!r}; accepted: {names}"


def _wrong(key: str, where: str, text: str) -> Refused:
    error = {"key": key[:_MOST_SHOWN], "where": where, "text": text}
    return Refused(422, "invalid_input", text, errors=[error])


def _in_body(key: str) -> str:
    return "body"


def refusal_of_input(error: ValidationError, where: Callable[[str], str] = _in_body) -> Refused:
    """Every mistake with its field, and what is accepted."""
    errors = []
    for each in misfits(error):
        path = [part[:_MOST_SHOWN] for part in each.path]
        place = where(path[0]) if path else "body"
        errors.append({"key": ".".join(path), "where": place, "text": each.text})
    told = "; ".join(f"{each['key']}: {each['text']}" for each in errors)
    return Refused(422, "invalid_input", told, errors=errors)
