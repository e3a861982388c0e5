"""The report of a benchmark: JSON of a form that `schema/benchmark.schema.json` states."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mol_edge._json import parse_json
from mol_edge.benchmark.schema_check import find_fault
from mol_edge.errors import InputError, OutputError

FORMAT = "mol-edge-benchmark"
VERSION = 2

_SCHEMA = Path(__file__).parents[1] / "schema" / "benchmark.schema.json"
_LIMIT = 64 << 20


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The schema of a report."""
    content: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return content


@dataclass(frozen=True)
class Report:
    """A report whose form was checked; docs/benchmark.md tells every field.

    Attributes:
        content: the JSON object.

    Raises:
        InputError: the content has another form; the message names the place.
    """

    content: Mapping[str, Any]

    def __post_init__(self) -> None:
        fault = find_fault(self.content, schema())
        if fault is not None:
            raise InputError(
                f"A report of `mol-edge benchmark` must have the form of its schema, and {fault}: "
                "measure again."
            )

    @property
    def configurations(self) -> list[dict[str, Any]]:
        """One object for each device and precision."""
        found: list[dict[str, Any]] = self.content["configurations"]
        return found

    @classmethod
    def from_json(cls, value: object) -> Report:
        """A report from what `json.load` gave.

        Raises:
            InputError: it is no report, of another version, or damaged.

        Example:
            >>> Report.from_json({"format": "something else"})
            Traceback (most recent call last):
                ...
            mol_edge.errors.InputError: A report must be what `mol-edge benchmark` wrote, ...
        """
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise InputError(
                f"A report must be what `mol-edge benchmark` wrote, with the format {FORMAT!r}, "
                f"and this is something else ({_what(value)}): name another file."
            )
        if value.get("version") != VERSION:
            raise InputError(
                f"A report must be of version {VERSION}, which this mol-edge reads, got version "
                f"{value.get('version')!r}: use the mol-edge that wrote it, or measure again."
            )
        return cls(value)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Report:
        """Read a report from a file.

        Raises:
            InputError: there is no such file, or it is no report; the message names it.
        """
        try:
            with Path(path).open("rb") as file:
                content = file.read(_LIMIT + 1)
        except OSError as error:
            raise InputError(
                f"The report {path} cannot be read ({error.strerror}): check the path."
            ) from None
        if len(content) > _LIMIT:
            raise InputError(
                f"A report has at most {_LIMIT} bytes, and {path} has more: name the "
                "benchmark.json that `mol-edge benchmark` wrote."
            )
        try:
            value = parse_json(content)
        except ValueError as error:
            raise InputError(
                f"A report must be JSON, and {path} is not ({error}): name the benchmark.json "
                "that `mol-edge benchmark` wrote."
            ) from None
        try:
            return cls.from_json(value)
        except InputError as error:
            raise InputError(f"In {path}: {error}") from None

    def write(self, path: Path) -> None:
        """Write the report, whole or not at all.

        Raises:
            OutputError: it cannot be written there.
        """
        write_whole(path, json.dumps(self.content, indent=1, allow_nan=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; raises OutputError where that cannot be."""
    draft = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _cannot_write(path, error) from None


def check_writable(folder: Path) -> None:
    """Make a folder and try it, without touching what is there; raises OutputError if it fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _cannot_write(folder, error) from None


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written ({error.strerror}): name another folder to write to."
    )


def _what(value: object) -> str:
    if isinstance(value, Mapping):
        return f"format {value.get('format')!r}"
    return type(value).__name__
