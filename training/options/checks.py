"""What every table of a configuration checks its values with."""

from __future__ import annotations

from typing import Any, get_args

from mol_edge.errors import OptionError


def require(fits: bool, name: str, wanted: str, came: object) -> None:
    """Raise an `OptionError` that names the field, unless the value fits."""
    if not fits:
        raise OptionError(f"{name} must be {wanted}, got {came!r}: change it in the configuration.")


def require_choice(name: str, value: object, kind: Any) -> None:
    """Raise an `OptionError` unless the value is one of those of a `Literal`."""
    require(value in get_args(kind), name, f"one of {', '.join(get_args(kind))}", value)
