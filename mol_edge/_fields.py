"""Checks of the fields of a manifest: a wrong one is named with its full path.

A dataclass calls `check` for each of its fields; `build` makes one from a JSON object and puts
the object's own place in front of the field that failed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from mol_edge.errors import BundleError

T = TypeVar("T")

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

PATH_RULE = "a relative path below the bundle's folder, of letters, digits, '_', '-', '.' and '/'"


class FieldError(BundleError):
    """One field of a manifest is not what the format asks for."""

    def __init__(self, field: str, expected: str, came: str) -> None:
        super().__init__(
            f"The manifest's field {field} must be {expected}, got {came}: "
            "export the bundle again or fetch it anew."
        )
        self.field, self.expected, self.came = field, expected, came

    def below(self, place: str) -> FieldError:
        """The same error, with `place` in front of the field's name."""
        return FieldError(_joined(place, self.field), self.expected, self.came)


class UnknownFieldError(FieldError):
    """A manifest has a field that the format does not have."""

    def __init__(self, field: str, known: str) -> None:
        BundleError.__init__(
            self,
            f"The manifest's field {field} is unknown (known there are {known}): take it out, "
            "or update mol-edge if a newer one wrote the bundle.",
        )
        self.field, self.expected, self.came = field, known, field

    def below(self, place: str) -> FieldError:
        """The same error, with `place` in front of the field's name."""
        return UnknownFieldError(_joined(place, self.field), self.expected)


def _joined(place: str, field: str) -> str:
    return f"{place}{'' if not field or field.startswith('[') else '.'}{field}"


def check(field: str, fits: bool, expected: str, value: object) -> None:
    """Raise FieldError unless `fits`."""
    if not fits:
        text = repr(value)
        raise FieldError(field, expected, text if len(text) <= 80 else f"{text[:77]}...")


def is_integer(value: object, least: int) -> bool:
    """Whether `value` is an integer (a boolean is none) of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_number(value: object) -> bool:
    """Whether `value` is a finite number (a boolean is none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_mapping_of(value: object, kind: type) -> bool:
    """Whether `value` maps strings to instances of `kind`."""
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(item, kind) for key, item in value.items()
    )


def is_safe_path(value: object) -> bool:
    """Whether `value` is a relative path that cannot leave the bundle's folder."""
    return isinstance(value, str) and _PATH.fullmatch(value) is not None


def as_tuple(value: object) -> object:
    """A list as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def build(
    kind: type[T],
    value: object,
    place: str,
    readers: Mapping[str, Callable[[Any], object]] | None = None,
    constants: Mapping[str, object] | None = None,
) -> T:
    """Make the dataclass `kind` from the JSON object `value` found at `place`.

    The object's keys are the fields of `kind`, those with defaults optional, and the keys of
    `constants`, which must have these values. `readers` turn JSON values into field values.

    Raises:
        FieldError: a key is missing, unknown, or its value does not fit.
    """
    if not isinstance(value, Mapping):
        raise FieldError(place or "(the whole)", "an object", type(value).__name__)
    content = dict(value)
    try:
        for name, wanted in (constants or {}).items():
            came = content.pop(name, None)
            check(name, came == wanted and type(came) is type(wanted), repr(wanted), came)
        known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
        for name in content:
            if name not in known:
                raise UnknownFieldError(str(name), ", ".join((*(constants or {}), *known)))
        for name, item in known.items():
            needed = item.default is MISSING and item.default_factory is MISSING
            if needed and name not in content:
                raise FieldError(name, "given", "nothing")
        for name, reader in (readers or {}).items():
            if name in content:
                content[name] = reader(content[name])
        return kind(**content)
    except FieldError as error:
        raise (error.below(place) if place else error) from None


def build_each(value: object, place: str, make: Callable[[object, str], T]) -> dict[str, T]:
    """Apply `make(item, place of the item)` to each value of a JSON object."""
    if not isinstance(value, Mapping):
        raise FieldError(place, "an object", type(value).__name__)
    return {str(key): make(item, f'{place}["{key}"]') for key, item in value.items()}
