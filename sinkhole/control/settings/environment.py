"""Settings from the environment: `SINKHOLE__DNS__LISTEN='["127.0.0.1:5353"]'`.

The name is the key's path in capitals, joined by two underscores; the value is YAML.
"""

from __future__ import annotations

from collections.abc import Mapping

from sinkhole.control.settings.document import read_document
from sinkhole.control.settings.layers import Origin, Problem, Value

PREFIX = "SINKHOLE__"


def read_environment(environ: Mapping[str, str], problems: list[Problem]) -> list[Value]:
    """One layer for every variable that begins with `PREFIX`; problems name the variable.

    Shorter paths come first, so that SINKHOLE__DNS__LISTEN overrules what SINKHOLE__DNS says.
    """
    layers = []
    variables = [name for name in environ if name.startswith(PREFIX)]
    for variable in sorted(variables, key=lambda name: (name.count("__"), name)):
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        source = f"environment {variable}"
        if not all(path):
            problem = f"the name of a setting is missing, write for instance {PREFIX}DNS__LISTEN"
            problems.append(Problem(Origin(source), (), problem))
        elif value := read_document(environ[variable], source, problems, path):
            layers.append(_nested(path, value))
        elif not any(problem.origin.source == source for problem in problems):
            layers.append(_nested(path, Value(None, Origin(source))))
    return layers


def _nested(path: tuple[str, ...], value: Value) -> Value:
    for key in reversed(path):
        value = Value({key: value}, value.origin)
    return value
