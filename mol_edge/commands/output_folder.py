"""The folder that a run writes into: one run at a time, and what lies there is not lost."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from mol_edge.commands.folder_lock import HeldError, lock_folder
from mol_edge.errors import OutputError
from mol_edge.sink_base import cannot_write, draft_of

_log = logging.getLogger(__name__)
_EARLIER = "earlier"


def refuse_inputs(folder: Path, names: Sequence[str], inputs: Sequence[str | Path | None]) -> None:
    """Raise OutputError if a run would write over what it reads, or among its pictures.

    Args:
        folder: where the run writes; it need not exist.
        names: the files it writes there.
        inputs: what it reads; cameras and addresses lie nowhere.
    """
    for given in inputs:
        if given is None or not os.path.exists(given):
            continue
        if os.path.isdir(given):
            if _same(given, folder):
                raise OutputError(
                    f"Results must lie apart from the pictures they are made of, and {folder} "
                    "holds these: name another folder with --out."
                )
            continue
        for name in names:
            if _same(given, folder / name):
                raise OutputError(
                    f"A run must not write over what it reads, and {given} is where its {name} "
                    "would go: name another folder with --out."
                )


def _same(one: str | Path, other: Path) -> bool:
    return other.exists() and os.path.samefile(one, other)


class OutputFolder:
    """A folder held for one run, with the files of an earlier one put aside until this one is done.

    A run that ends well replaces them. One that fails before it has measured anything gives them
    back; one that fails later leaves both, the earlier files in a folder `earlier` beside its own,
    and so does one that ends well and has measured nothing. What a run that was killed left half
    written is removed.

    Args:
        path: the folder, made if it is not there.
        names: the files that runs write there, also those that this one does not.
        was_complete: tells of a folder whether the run that wrote it came to its end.

    Attributes:
        measured: whether the run has anything of its own to keep; set it as soon as it has.
        complete: whether it came to its end; set it there.
        partial: whether it came to the end of a source that should have had more: then it replaces
            one that did not come to its end either, and no other.
        given_back: afterwards, whether the earlier files are back.

    Raises:
        OutputError: nothing can be written there, or another run writes there now.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp())
        >>> _ = (path / "events.csv").write_text("of the first run")
        >>> with OutputFolder(path, ["events.csv"]):
        ...     _ = (path / "events.csv").write_text("of a run that finds no face")
        >>> (path / "events.csv").read_text()
        'of the first run'
    """

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        was_complete: Callable[[Path], bool] = lambda folder: True,
    ) -> None:
        self.path, self._names, self._was_complete = path, tuple(names), was_complete
        self.measured = self.complete = self.partial = self.given_back = False
        self._lock: int | None = None
        self._aside: Path | None = None

    def __enter__(self) -> OutputFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the folder {self.path} ({error.strerror}): name another one with "
                "--out."
            ) from None
        self._lock = _locked(self.path)
        try:
            self._put_aside()
        except OSError as error:
            self._restore()
            self._unlock()
            raise cannot_write(self.path, error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._aside is None:
                return
            ends_well = kind is None and self.complete
            further = kind is None and self.partial and not self._was_complete(self._aside)
            if (ends_well and self.measured) or further:
                shutil.rmtree(self._aside, ignore_errors=True)
            elif not (self.measured or ends_well) and self._give_back():
                self.given_back = True
                _log.warning("The files of an earlier run in %s are as they were.", self.path)
            else:
                _log.warning("The files of an earlier run are kept in %s.", self._aside)
        finally:
            self._unlock()

    def _put_aside(self) -> None:
        for name in self._names:
            draft_of(self.path / name).unlink(missing_ok=True)
        there = [name for name in self._names if (self.path / name).is_file()]
        if not there:
            return
        aside = _free_name(self.path)
        aside.mkdir()
        self._aside = aside
        for name in there:
            os.replace(self.path / name, aside / name)

    def _give_back(self) -> bool:
        """Put the earlier files in place, and what the run wrote there away; whether that went."""
        assert self._aside is not None
        try:
            for name in self._names:
                if not (self._aside / name).exists():
                    (self.path / name).unlink(missing_ok=True)
            self._restore()
        except OSError:
            return False
        return True

    def _restore(self) -> None:
        if self._aside is not None:
            for path in list(self._aside.iterdir()):
                os.replace(path, self.path / path.name)
            self._aside.rmdir()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _free_name(folder: Path) -> Path:
    names = itertools.chain([_EARLIER], (f"{_EARLIER}-{number}" for number in itertools.count(2)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def _locked(folder: Path) -> int | None:
    try:
        return lock_folder(folder)
    except HeldError:
        raise OutputError(
            f"One run at a time writes into a folder, and another one writes into {folder} now: "
            "name another folder with --out."
        ) from None
