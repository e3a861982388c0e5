"""What every table of a configuration checks its values with."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mol_edge._numbers import is_finite
from mol_edge.errors import OptionError

_WORDS = {
    int: "a whole number", float: "a finite number", str: "a text", bool: "true or false",
    tuple: "a list", Mapping: "a table", types.NoneType: "left out",
}  # fmt: skip


def require(fits: bool, name: str, wanted: str, came: object) -> None:
    """Raise an `OptionError` that names the field, unless the value fits."""
    if not fits:
        raise OptionError(f"{name} must be {wanted}, got {came!r}: change it in the configuration.")


def require_choice(name: str, value: object, kind: Any) -> None:
    """Raise an `OptionError` unless the value is one of those of a `Literal`."""
    require(value in get_args(kind), name, f"one of {', '.join(get_args(kind))}", value)


def require_types(kind: type, place: str, values: Mapping[str, Any]) -> None:
    """Raise an `OptionError` unless values have the types of a dataclass's fields.

    Args:
        kind: the dataclass.
        place: name of its table, or empty for the configuration itself.
        values: fields as TOML gives them; those that are dataclasses are passed over.
    """
    hints = get_type_hints(kind)
    for name, value in values.items():
        wanted = _kinds(hints[name])
        known = [each for each in wanted if each in _WORDS]
        if known and not any(_is(value, each) for each in known):
            words = " or ".join(_WORDS[each] for each in known)
            require(False, f"{place}.{name}" if place else name, words, value)


def _kinds(hint: Any) -> list[Any]:
    """The types that a hint allows, without what they hold."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return [kind for part in get_args(hint) for kind in _kinds(part)]
    if origin is Literal:
        return [str]
    return [origin or hint]


def _is(value: object, kind: Any) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        return is_finite(value)
    return isinstance(value, kind)
