"""The coding sheet of a set: named by the user, or the one file that has its columns."""

from __future__ import annotations

from pathlib import Path

from mol_edge.errors import InputError
from training.data.report import Report
from training.data.sheets import Row, read_sheet

_SUFFIXES = {".xlsx", ".csv"}


def find_rows(root: Path, sheet: Path | None, report: Report) -> list[Row]:
    """Rows of `sheet`, or else of the one coding sheet in `root` or in the folder above.

    Raises:
        InputError: there is none, or more than one; the report has it too.
    """
    if sheet is not None:
        try:
            return read_sheet(sheet)
        except InputError as error:
            raise report.fatal("no_sheet", str(sheet), str(error)) from None
    tried: list[str] = []
    fitting: dict[str, list[Row]] = {}
    for folder in (root, root.resolve().parent):
        for path in _tables(folder):
            tried.append(path.name)
            try:
                fitting[path.name] = read_sheet(path)
            except InputError:
                continue
        if fitting:
            break
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    raise report.fatal(
        "no_sheet",
        str(root),
        "The original layout needs one .xlsx or .csv coding sheet with the columns Subject, "
        f"Filename, onset and offset frame in or beside {root}, got "
        f"{', '.join(fitting or tried) or 'no such file'}: name it with --sheet.",
    )


def _tables(folder: Path) -> list[Path]:
    """Spreadsheets in a folder, without hidden files and a spreadsheet program's locks."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith((".", "~$"))
    )
