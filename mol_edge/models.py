"""Model files that mol-edge does not carry: where they lie, and how they get there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mol_edge.errors import DownloadError, OptionError
from mol_edge.paths import user_cache_dir

YUNET_VARIABLE = "MOL_EDGE_YUNET"
YUNET_URL_VARIABLE = "MOL_EDGE_YUNET_URL"
YUNET_COMMAND = "mol-edge models get yunet"

_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo"
_CHUNK = 1 << 16


@dataclass(frozen=True)
class ModelFile:
    """A file that can be downloaded.

    Attributes:
        name: what `mol-edge models get` calls it.
        filename: its name in the cache.
        url: its public address.
        sha256: checksum of its bytes, lower-case hex.
        size: length in bytes.
        license: SPDX identifier.
        purpose: what it is for, in a few words.
    """

    name: str
    filename: str
    url: str
    sha256: str
    size: int
    license: str
    purpose: str

    @property
    def path(self) -> Path:
        """Where it lies in the user's cache once it was downloaded."""
        return user_cache_dir() / "models" / self.filename

    def matches(self, data: bytes) -> bool:
        """Whether `data` is this file, byte for byte."""
        return len(data) == self.size and hashlib.sha256(data).hexdigest() == self.sha256


# The address names a commit, so that it goes on delivering this file when the zoo moves on.
YUNET = ModelFile(
    name="yunet",
    filename="face_detection_yunet_2023mar.onnx",
    url=f"{_ZOO}/82b38c8f98e7b52aa171400f3e4c722352d0669f"
    "/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    size=232_589,
    license="MIT",
    purpose="face detector with the five alignment points",
)


@dataclass(frozen=True)
class ModelStatus:
    """A downloadable file and whether it is in the cache.

    Attributes:
        file: what it is.
        path: where it lies, or would lie.
        state: ``ready``, ``absent``, ``damaged`` (other bytes lie at `path` in the cache), or
            ``named``: `MOL_EDGE_YUNET` names a file that is used instead, and it is there.
    """

    file: ModelFile
    path: Path
    state: str


def list_models() -> list[ModelStatus]:
    """Every downloadable model with its state: in the user's cache, or where a variable names it.

    Example:
        >>> [status.file.name for status in list_models()]
        ['yunet']
    """
    named = os.environ.get(YUNET_VARIABLE)
    if named:
        path = Path(named).expanduser()
        return [ModelStatus(YUNET, path, "named" if path.is_file() else "absent")]
    return [ModelStatus(YUNET, YUNET.path, _state(YUNET))]


def _state(file: ModelFile) -> str:
    try:
        data = file.path.read_bytes()
    except OSError:
        return "absent"
    return "ready" if file.matches(data) else "damaged"


def get_yunet(url: str | None = None, timeout: float = 30.0) -> Path:
    """Download the YuNet face detector into the user's cache, unless it is there.

    The bytes are checked against a fixed SHA-256 before the file appears under its name.

    Args:
        url: address to use; `MOL_EDGE_YUNET_URL` if None, else opencv_zoo's public address.
        timeout: seconds without an answer after which it gives up.

    Returns:
        Path of the file.

    Raises:
        DownloadError: it could not be fetched, or is not the file it should be.
        OptionError: the address is not http, https or file, or the timeout is not above 0.

    Example:
        >>> path = get_yunet()  # doctest: +SKIP
        >>> path.name  # doctest: +SKIP
        'face_detection_yunet_2023mar.onnx'
    """
    if timeout <= 0:
        raise OptionError(f"timeout must be above 0 seconds, got {timeout}.")
    if _state(YUNET) == "ready":
        return YUNET.path
    address = (os.environ.get(YUNET_URL_VARIABLE) or YUNET.url) if url is None else url
    if not address.startswith(("http://", "https://", "file://")):
        raise OptionError(
            f"The address of {YUNET.name} must begin with http://, https:// or file://, "
            f"got {address!r}."
        )
    _store(YUNET, _fetch(YUNET, address, timeout))
    return YUNET.path


def _fetch(file: ModelFile, address: str, timeout: float) -> bytes:
    # Imported here because they take a tenth of the time of `import mol_edge`.
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(address, timeout=timeout) as response:
            data = _read_at_most(response, file.size + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DownloadError(
            _by_hand(file, f"{address} cannot be read ({_reason(error)})")
        ) from error
    if len(data) > file.size:
        raise DownloadError(_by_hand(file, f"{address} gave more than {file.size} bytes"))
    if not file.matches(data):
        raise DownloadError(
            _by_hand(file, f"{address} gave {len(data)} bytes that are not {file.filename}")
        )
    return data


def _read_at_most(response: IO[bytes], limit: int) -> bytes:
    """The first `limit` bytes, so that a wrong address cannot fill the memory."""
    data = bytearray()
    while len(data) < limit and (chunk := response.read(min(_CHUNK, limit - len(data)))):
        data += chunk
    return bytes(data)


def _reason(error: BaseException) -> str:
    import urllib.error

    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__


def _by_hand(file: ModelFile, problem: str) -> str:
    return (
        f"{problem}: put the file with SHA-256 {file.sha256} at {file.path}, or set "
        f"{YUNET_VARIABLE} to its path, or {YUNET_URL_VARIABLE} to a mirror."
    )


def _store(file: ModelFile, data: bytes) -> None:
    """Write under a temporary name, then rename: nobody ever sees half a file."""
    temporary = None
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=file.path.parent, prefix=f".{file.filename}.", delete=False
        ) as handle:
            temporary = Path(handle.name)
            handle.write(data)
        os.replace(temporary, file.path)
    except OSError as error:
        raise DownloadError(
            _by_hand(file, f"{file.filename} cannot be written to {file.path.parent} ({error})")
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
