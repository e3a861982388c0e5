"""Reading what `torch.save` wrote without running anything in it, and saying why that fails."""

from __future__ import annotations

import errno
import pickle
import re
import warnings
import zipfile
import zlib
from pathlib import Path

import torch

_FAULTS = (
    OSError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, IndexError,
    AttributeError, TypeError, OverflowError, AssertionError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What `torch.load` and `zipfile` raise for files that are no checkpoint."""

_NAMED = re.compile(r"(?:GLOBAL|class|function|module)\s+`?([A-Za-z_]\w*(?:\.\w+)+)")
"""How PyTorch names what it does not unpickle."""


class UnreadableError(Exception):
    """A file is no checkpoint; the message says why in a few words."""


def load_file(path: Path) -> object:
    """What a file of `torch.save` holds: tensors and plain values, on the CPU.

    Raises:
        UnreadableError: it is none, is damaged, or holds objects of other classes.
    """
    try:
        _check_sums(path)
        with warnings.catch_warnings():
            # Of formats that are refused in words.
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except _FAULTS as error:
        raise UnreadableError(_reason(path, error)) from None


def _check_sums(path: Path) -> None:
    """Compare the checksums of an archive's parts, which PyTorch does not."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        # All are 0 where torch was told to save without.
        if any(part.CRC for part in archive.infolist()) and archive.testzip() is not None:
            raise zipfile.BadZipFile


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:
        return error.strerror
    if path.stat().st_size == 0:
        return "it is empty"
    with path.open("rb") as file:
        head = file.read(2)
    if head != b"PK" and head[:1] != b"\x80":
        return "torch.save did not write it"
    if "TorchScript" in str(error):
        return "it is a TorchScript archive"
    if not isinstance(error, pickle.UnpicklingError):
        return "it is cut off or damaged"
    if named := _NAMED.search(str(error)):
        return f"it holds {named.group(1)}, which is no tensor"
    if "Unsupported operand" in str(error):
        return "it is a pickle that torch.save did not write"
    return "it is cut off or damaged"
