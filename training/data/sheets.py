"""Coding sheets: which frames of which clip show what, from .xlsx or .csv."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mol_edge.errors import InputError, MissingExtraError
from training.data.classes import normal_emotion

# Spellings of the sheets that are handed out, letters and digits only.
_COLUMNS = {
    "subject": ("subject",),
    "clip": ("filename",),
    "onset": ("onsetframe", "onsetf", "onset"),
    "apex": ("apexframe", "apexf", "apex"),
    "offset": ("offsetframe", "offsetf", "offset"),
    "emotion": ("estimatedemotion", "emotion"),
}
_NEEDED = ("subject", "clip", "onset", "offset")
# SAMM's sheet has 13 lines of explanation above its header.
_HEADER_WITHIN = 40

Cells = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Row:
    """One expression of a coding sheet; a number is None where the cell holds none.

    `line` counts from 1, as a spreadsheet shows it.
    """

    line: int
    subject: str
    clip: str
    onset: int | None
    apex: int | None
    offset: int | None
    emotion: str


def read_sheet(path: Path) -> list[Row]:
    """The rows of a coding sheet, found by its column names wherever they begin.

    Raises:
        InputError: the file cannot be read, or has no such columns.
        MissingExtraError: an .xlsx file without openpyxl.
    """
    for cells in _tables(path):
        found = _header(cells)
        if found:
            line, columns = found
            rows = [_row(number, cells[number - 1], columns) for number in _below(cells, line)]
            return [row for row in rows if row is not None]
    raise InputError(
        f"A coding sheet has the columns Subject, Filename, onset and offset frame, and {path} "
        "has not: name the right file with --sheet."
    )


def _tables(path: Path) -> list[Cells]:
    suffix = path.suffix.lower()
    try:
        if suffix == ".xlsx":
            return _workbook(path)
        if suffix == ".csv":
            return _delimited(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError as error:
        raise InputError(
            f"The coding sheet {path} cannot be read ({error.strerror}): check --sheet."
        ) from None
    raise InputError(
        f"A coding sheet must be an .xlsx or .csv file, got {path}: save it as one of them."
    )


def _delimited(text: str) -> list[Cells]:
    """The text's rows by the delimiter that gives it a sheet's header, if one does."""
    for delimiter in ",;\t":
        top = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        if _header(list(itertools.islice(top, _HEADER_WITHIN))):
            return [list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))]
    return []


def _workbook(path: Path) -> list[Cells]:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("openpyxl", "train", f"Reading {path.name}") from None
    try:
        book = openpyxl.load_workbook(path, data_only=True)
        return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    except OSError:
        raise
    except Exception as error:  # a damaged workbook fails in zip, XML and openpyxl's own ways
        raise InputError(
            f"The coding sheet {path} is no whole .xlsx file ({type(error).__name__}): "
            "open it in a spreadsheet and save it again."
        ) from None


def _header(cells: Cells) -> tuple[int, dict[str, int]] | None:
    """Line of the header, from 1, and the place of each column."""
    for index, line in enumerate(cells[:_HEADER_WITHIN]):
        names = [re.sub(r"[^a-z0-9]", "", str(cell or "").lower()) for cell in line]
        columns = {}
        for field, spellings in _COLUMNS.items():
            places = [names.index(spelling) for spelling in spellings if spelling in names]
            if places:
                columns[field] = places[0]
        if all(field in columns for field in _NEEDED):
            return index + 1, columns
    return None


def _below(cells: Cells, line: int) -> range:
    return range(line + 1, len(cells) + 1)


def _row(line: int, cells: Sequence[Any], columns: dict[str, int]) -> Row | None:
    """A row, or None where the line names no clip."""

    def cell(field: str) -> Any:
        place = columns.get(field, len(cells))
        return cells[place] if place < len(cells) else None

    clip = str(cell("clip") or "").strip()
    subject = re.search(r"\d+", str(cell("subject") or ""))
    if not clip and not subject:
        return None
    return Row(
        line=line,
        subject=subject[0] if subject else "",
        clip=clip,
        onset=_whole(cell("onset")),
        apex=_whole(cell("apex")),
        offset=_whole(cell("offset")),
        emotion=normal_emotion(str(cell("emotion") or "")),
    )


def _whole(cell: Any) -> int | None:
    try:
        number = float(str(cell).strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
