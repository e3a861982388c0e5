"""Checks JSON against that part of JSON Schema that mol-edge's own schemas use.

A device has no jsonschema package; the tests hold this against it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def find_fault(value: object, schema: Schema) -> str | None:
    """What does not fit, with its place, or None where everything fits.

    Args:
        value: what `json.load` gave.
        schema: uses ``type``, ``const``, ``enum``, ``anyOf``, ``properties``, ``required``,
            ``additionalProperties``, ``items``, ``minItems``, ``maxItems``, ``minimum``,
            ``exclusiveMinimum``, ``maximum``, ``pattern`` and ``$ref`` to its own ``$defs``.

    Example:
        >>> find_fault({"rounds": 0}, {"properties": {"rounds": {"minimum": 1}}})
        'rounds must be at least 1, got 0'
    """
    return _fault(value, schema, schema, "")


def _fault(value: Any, schema: Schema, root: Schema, place: str) -> str | None:
    if "$ref" in schema:
        return _fault(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    if "anyOf" in schema:
        faults = [_fault(value, each, root, place) for each in schema["anyOf"]]
        return None if None in faults else " or ".join(fault for fault in faults if fault)
    wrong = _plain_fault(value, schema)
    if wrong is not None:
        return f"{place or 'the whole'} must be {wrong}, got {_short(value)}"
    if isinstance(value, Mapping):
        return _object_fault(value, schema, root, place)
    if isinstance(value, list):
        return _array_fault(value, schema, root, place)
    return None


def _plain_fault(value: Any, schema: Schema) -> str | None:
    """What a value should be, by the words that need no look inside."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_TYPES[name](value) for name in types):
        return f"of type {' or '.join(types)}"
    if "const" in schema and not _equal(value, schema["const"]):
        return repr(schema["const"])
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        return f"one of {', '.join(map(repr, schema['enum']))}"
    if _is_number(value):
        if value < schema.get("minimum", -math.inf):
            return f"at least {schema['minimum']}"
        if value > schema.get("maximum", math.inf):
            return f"at most {schema['maximum']}"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            return f"above {schema['exclusiveMinimum']}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        return f"of the form {schema['pattern']}"
    return None


def _object_fault(value: Mapping[str, Any], schema: Schema, root: Schema, place: str) -> str | None:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", []):
        if name not in value:
            return f"{_below(place, name)} must be given"
    for name, item in value.items():
        if name not in known and others is False:
            return f"{_below(place, name)} is unknown"
        inner = known.get(name, others)
        fault = _fault(item, inner, root, _below(place, name)) if inner is not True else None
        if fault is not None:
            return fault
    return None


def _array_fault(value: list[Any], schema: Schema, root: Schema, place: str) -> str | None:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
        return f"{place or 'the whole'} must have another number of items than {len(value)}"
    faults = (
        _fault(item, schema.get("items", {}), root, f"{place}[{index}]")
        for index, item in enumerate(value)
    )
    return next((fault for fault in faults if fault is not None), None)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _equal(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
