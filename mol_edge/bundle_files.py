"""Files of a bundle, opened so that no path leaves its folder, and compared with its manifest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mol_edge._fields import PATH_RULE, is_safe_path
from mol_edge._json import parse_json
from mol_edge.errors import BundleError
from mol_edge.manifest_parts import FileInfo

MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 16 << 20
_CHUNK = 1 << 20


@contextmanager
def open_inside(folder: Path, path: str) -> Iterator[BinaryIO]:
    """Open a regular file below `folder` without following a link in any part of `path`.

    Raises:
        BundleError: the path is not safe, or there is no such file to read.
    """
    if not is_safe_path(path):
        raise BundleError(f"A file of a bundle must be {PATH_RULE}, got {path!r}.")
    *parents, name = path.split("/")
    handles = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for part in parents:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            handles.append(os.open(part, flags, dir_fd=handles[-1]))
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        handles.append(os.open(name, flags, dir_fd=handles[-1]))
        if not stat.S_ISREG(os.fstat(handles[-1]).st_mode):
            raise OSError("it is not a regular file")
        with os.fdopen(handles.pop(), "rb") as file:
            yield file
    except OSError as error:
        if isinstance(error, PermissionError):
            raise BundleError(
                f"The bundle's file {folder / path} cannot be read ({error.strerror}): check its "
                "permissions."
            ) from None
        raise BundleError(
            f"The bundle's file {folder / path} must be a readable file and no link "
            f"({error.strerror or error}): fetch the bundle anew."
        ) from None
    finally:
        for handle in handles:
            os.close(handle)


def measure_open(file: BinaryIO) -> FileInfo:
    """Size and SHA-256 of an open file, from where it is read next."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return FileInfo(size, digest.hexdigest())


def compare(path: str, wanted: FileInfo, came: FileInfo) -> None:
    """Raise BundleError unless a file is what the manifest says."""
    if came.bytes != wanted.bytes:
        raise BundleError(
            f"The bundle's file {path} must have {wanted.bytes} bytes, got {came.bytes}: "
            "fetch the bundle anew."
        )
    if came.sha256 != wanted.sha256:
        raise BundleError(
            f"The bundle's file {path} must have SHA-256 {wanted.sha256}, got {came.sha256}: "
            "it is damaged or was changed, fetch the bundle anew."
        )


def read_manifest(folder: Path) -> object:
    """The JSON of a bundle's manifest; raises BundleError where there is none."""
    if not folder.is_dir():
        raise BundleError(
            f"A bundle is a folder with a {MANIFEST}, and {folder} is no folder: check the path."
        )
    if not os.path.lexists(folder / MANIFEST):
        raise BundleError(
            f"A bundle is a folder with a {MANIFEST}, and {folder} has none: check the path, or "
            "fetch the bundle anew."
        )
    with open_inside(folder, MANIFEST) as file:
        text = file.read(_MANIFEST_LIMIT + 1)
    if len(text) > _MANIFEST_LIMIT:
        raise BundleError(
            f"A manifest has at most {_MANIFEST_LIMIT} bytes, and that of {folder} has more: "
            "fetch the bundle anew."
        )
    try:
        return parse_json(text)
    except ValueError as error:
        raise BundleError(
            f"{folder / MANIFEST} must be JSON and is not ({error}): fetch the bundle anew."
        ) from None
