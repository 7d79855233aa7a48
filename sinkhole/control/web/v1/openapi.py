"""The description of the API (OpenAPI 3.1), made of the table of routes and the models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from sinkhole import __version__
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.web.locations import Method, Needs
from sinkhole.control.web.refusals import PROBLEM
from sinkhole.control.web.v1.answers import encoded, json_answer
from sinkhole.control.web.v1.entry import Entry
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.model.actor import Permission

_REF: Final = "#/components/schemas/{model}"
_SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of `sinkhole token`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sinkhole",
        "description": "The session of the page, with a prefix in its name over HTTPS. What "
        "changes something needs the Origin of the page as well.",
    },
}
_REFUSALS: Final = {
    400: "The request can't be understood.",
    401: "Nobody has said who asks: sign in, or send a token.",
    403: "Who asks may not, or a foreign page asks.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "It does not fit what is there now: somebody was quicker, or something else holds it.",
    410: "It is not there any more.",
    413: "The body is too large.",
    415: "The body is of another type than it must be.",
    421: "This server is not known by that name.",
    422: "Values do not fit; `errors` has each of them.",
    429: "Too much at once, or too often: see Retry-After.",
    503: "It can't be had just now: see Retry-After.",
}
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). `code` is for programs.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "where", "text"],
                "properties": {
                    **{key: {"type": "string"} for key in ("key", "where", "text")},
                    "item": {
                        "type": "string",
                        "description": "Of a keyed collection of settings; empty for all.",
                    },
                },
            },
        },
    },
    "examples": [
        {
            "type": "urn:sinkhole:problem:held_by_file",
            "title": "Conflict",
            "status": 409,
            "detail": "held by /etc/sinkhole/sinkhole.yaml:14",
            "code": "held_by_file",
        }
    ],
}

Schemas = dict[str, Any]


class Description:
    """The document, made when it is first asked for and kept from then on."""

    def __init__(self, routes: Collection[ApiRoute], entries: Collection[Entry]) -> None:
        self.entry = Entry(
            *("GET", "/openapi.json", "openapi", Permission.STATUS_READ, Nothing, None, self.serve)
        )
        self._routes = routes
        self._entries = (*entries, self.entry)
        self._body: bytes | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Describe this API (OpenAPI 3.1)."""
        if self._body is None:
            self._body = await asyncio.to_thread(self.made)
        return await json_answer(request, self._body)

    def made(self) -> bytes:
        """The document, as JSON."""
        return encoded(describe(self._routes, self._entries))


def describe(routes: Iterable[ApiRoute], entries: Iterable[Entry]) -> dict[str, Any]:
    """The document; addresses are relative to that of the API, as a proxy may stand before it."""
    routes, entries = list(routes), list(entries)
    schemas = _Schemas(routes, entries)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _of_route(route, schemas)
    for entry in entries:
        paths.setdefault(entry.path, {})[entry.method.lower()] = _of_entry(entry, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sinkhole",
            "version": __version__,
            "description": "Everything a person or a program can do. Errors are problems "
            "(RFC 9457) with a code. Root and the server's user need no token at the socket "
            "`sinkhole.sock` in the data folder.",
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "security": [{name: []} for name in _SECURITY],
        "components": {
            "schemas": {**schemas.components, "Problem": _PROBLEM_SCHEMA},
            "securitySchemes": _SECURITY,
            "responses": {str(status): _refusal(status) for status in _REFUSALS},
        },
    }


class _Schemas:
    """The schemas of all models, with names of their own."""

    def __init__(self, routes: Iterable[ApiRoute], entries: Iterable[Entry]) -> None:
        inputs = {each.operation.input for each in routes} | {each.input for each in entries}
        outputs = {each.operation.output for each in routes if not each.gives_file}
        outputs |= {each.output for each in entries if each.output is not None}
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
            *((each, "validation") for each in sorted(inputs, key=_order)),
            *((each, "serialization") for each in sorted(outputs, key=_order)),
        ]
        self._found, definitions = models_json_schema(wanted, ref_template=_REF)
        every = definitions.get("$defs", {})
        self._names = {key: ref["$ref"].rpartition("/")[2] for key, ref in self._found.items()}
        self._every = every
        # What an input has is written out where it is taken, but for what stands in another one.
        used = json.dumps(every)
        names = {self._names[model, "validation"] for model in inputs}
        hidden = {name for name in names if f'"{_REF.format(model=name)}"' not in used}
        self.components = {key: each for key, each in every.items() if key not in hidden}

    def of_output(self, model: type[BaseModel]) -> Schemas:
        """A reference to the schema of what is given."""
        return self._found[model, "serialization"]

    def of_input(self, model: type[BaseModel], keys: Collection[str]) -> Schemas:
        """The schema of an input with these of its fields only."""
        whole = self._every[self._names[model, "validation"]]
        fields = {key: each for key, each in whole.get("properties", {}).items() if key in keys}
        required = [key for key in whole.get("required", ()) if key in keys]
        schema = {**whole, "properties": fields, "additionalProperties": False}
        schema.pop("required", None)
        return {**schema, "required": required} if required else schema


def _order(model: type[BaseModel]) -> tuple[str, str]:
    return model.__module__, model.__name__


def _of_route(route: ApiRoute, schemas: _Schemas) -> dict[str, Any]:
    operation = route.operation
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": operation.summary,
        "x-permission": str(operation.permission),
    }
    if operation.description:
        described["description"] = operation.description
    if parameters := list(_parameters(route, schemas)):
        described["parameters"] = parameters
    if route.takes_file:
        content: dict[str, Any] = {"application/octet-stream": {}}
        described["requestBody"] = {"required": True, "content": content}
    elif route.in_body or route.method not in ("GET", "DELETE"):
        schema = schemas.of_input(operation.input, route.in_body)
        described["requestBody"] = _json_body(schema)
    if route.gives_file:
        answer = {"description": "The file.", "content": {"*/*": {}}}
    else:
        answer = _answer(schemas.of_output(operation.output))
    described["responses"] = {"200": answer, **_common(route.method)}
    return described


def _of_entry(entry: Entry, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": entry.name,
        "tags": [entry.tag],
        "summary": entry.summary,
    }
    if isinstance(entry.needs, Permission):
        described["x-permission"] = str(entry.needs)
    elif entry.needs is not Needs.SOMEBODY:
        described["security"] = []
    fields = entry.input.model_fields
    if entry.method == "GET" and fields:
        schema = schemas.of_input(entry.input, fields)
        described["parameters"] = [*_described(schema, dict.fromkeys(fields, "query"))]
    elif entry.method != "GET":
        described["requestBody"] = _json_body(schemas.of_input(entry.input, fields))
    if entry.output is not None:
        answer = _answer(schemas.of_output(entry.output))
    else:
        answer = {"description": entry.summary, "content": {entry.media_type: {}}}
    described["responses"] = {"200": answer, **_common(entry.method)}
    return described


def _parameters(route: ApiRoute, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    places = {key: route.where(key) for key in route.fields if route.where(key) != "body"}
    schema = schemas.of_input(route.operation.input, places)
    yield from _described(schema, places)


def _described(schema: Schemas, places: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    required = schema.get("required", ())
    for key, where in places.items():
        field = schema["properties"][key]
        parameter = {"name": key, "in": where, "schema": field}
        if where == "path" or key in required:
            parameter["required"] = True
        if "description" in field:
            parameter["description"] = field["description"]
        yield parameter


def _json_body(schema: Schemas) -> dict[str, Any]:
    return {
        "required": bool(schema.get("required")),
        "content": {"application/json": {"schema": schema}},
    }


def _answer(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": "Done, or what was asked for.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": schema}},
    }


def _common(method: Method) -> dict[str, Any]:
    """What every operation may answer besides."""
    common: dict[str, Any] = {"304": {"description": "As it was."}} if method == "GET" else {}
    common |= {str(each): {"$ref": f"#/components/responses/{each}"} for each in _REFUSALS}
    return common


def _refusal(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _REFUSALS[status],
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    headers = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
    if status in headers:
        described["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return described
