"""Where an export goes: made beside its folder, held against other exports, moved there whole."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mol_edge.bundle import MANIFEST
from mol_edge.commands.folder_lock import HeldError, lock_folder
from mol_edge.errors import InputError, OutputError
from mol_edge.sink_base import cannot_write

_DRAFT = ".export-"
_BUNDLE, _REPLACED = "bundle", "replaced"


@dataclass(frozen=True)
class Draft:
    """A bundle that is being made.

    Attributes:
        target: the folder that it is for.
        path: the hidden folder beside that one, in which it is made.
    """

    target: Path
    path: Path

    @property
    def bundle(self) -> Path:
        """The folder to write into."""
        return self.path / _BUNDLE

    def put(self, folder: Path) -> None:
        """Move the bundle to `folder`, in place of an older one.

        Raises:
            InputError: `folder` holds something else.
        """
        check_target(folder)
        if folder.exists():
            # Beside it until the new one is in place, so that there is one at any moment.
            (self.path / _REPLACED).mkdir(exist_ok=True)
            folder.rename(self.path / _REPLACED / folder.name)
        self.bundle.rename(folder)

    def clear(self) -> None:
        """Remove what is left of an export; an older bundle that it was to replace goes back."""
        for replaced in self.path.glob(f"{_REPLACED}/*"):
            if not self.target.with_name(replaced.name).exists():
                replaced.rename(self.target.with_name(replaced.name))
        for name in (_BUNDLE, _REPLACED):
            shutil.rmtree(self.path / name, ignore_errors=True)


@contextmanager
def drafting(target: Path) -> Iterator[Draft]:
    """A place to make a bundle for `target`, which no other process does at the same time.

    It is gone afterwards; what an export that was killed has left there is removed first.

    Raises:
        OutputError: another process exports to `target` now.
    """
    draft, lock = _held(target)
    try:
        draft.clear()
        draft.bundle.mkdir()
        yield draft
    finally:
        draft.clear()
        with suppress(OSError):
            draft.path.rmdir()
        if lock is not None:
            os.close(lock)


def _held(target: Path) -> tuple[Draft, int | None]:
    path = target.with_name(f"{_DRAFT}{target.name}")
    while True:
        path.mkdir(exist_ok=True)
        try:
            lock = lock_folder(path)
        except HeldError:
            raise OutputError(
                f"One export at a time writes a bundle, and another one writes {target} now: wait "
                "for it, or name another folder with --output."
            ) from None
        if lock is None:
            # Nothing tells then whether somebody else writes there.
            return Draft(target, Path(tempfile.mkdtemp(dir=target.parent, prefix=_DRAFT))), None
        if _is_still(path, lock):
            return Draft(target, path), lock
        # Whoever held it has removed it in between.
        os.close(lock)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def check_target(folder: Path) -> None:
    """Raise InputError if a folder holds something else than a bundle."""
    if not _may_replace(folder):
        raise InputError(
            f"The bundle must go to a new folder or replace a bundle, and {folder} holds "
            "something else: name another folder."
        )


def place_of_failed(folder: Path) -> Path:
    """Beside the folder that was asked for, and where nothing of somebody else's lies."""
    first = f"{folder.name}-failed"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(place for place in map(folder.with_name, names) if _may_replace(place))


def _may_replace(folder: Path) -> bool:
    """Whether there is nothing in a folder or a bundle."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return True
    return (folder / MANIFEST).is_file()


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Raise OutputError that names a folder where a write inside fails for want of room."""
    try:
        yield
    except OSError as error:
        # A write that fails does not know the path of its file.
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise cannot_write(folder, error) from error
