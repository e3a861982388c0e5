"""Which detector to use: YuNet where its file is found, else OpenCV's cascades."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from mol_edge.errors import InputError, OptionError
from mol_edge.faces.base import FaceDetector
from mol_edge.faces.haar import HaarDetector
from mol_edge.faces.yunet import YunetDetector
from mol_edge.models import YUNET, YUNET_COMMAND, YUNET_VARIABLE

logger = logging.getLogger(__name__)


class _Once:
    """A warning that is given once per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said = False

    def warn(self, message: str, *values: object) -> None:
        with self._lock:
            said, self._said = self._said, True
        if not said:
            logger.warning(message, *values)


_embedded_notice = _Once()


def open_detector(
    choice: str | Path | None = None, score: float = 0.8, refine: bool = False
) -> FaceDetector:
    """The face detector to use.

    Args:
        choice: None for YuNet where its file is found and the embedded cascades otherwise (said
            once in the log); ``"yunet"`` or ``"haar"`` for exactly that one; a path for the YuNet
            file there. The file is sought in `MOL_EDGE_YUNET` (any version OpenCV can load), then
            in the user's cache, where its SHA-256 is checked.
        score: least confidence of a face for YuNet, 0 to 1; the cascades have none.
        refine: steadier points from a second look at each face, see `YunetDetector`; the cascades
            have none.

    Raises:
        OptionError: the choice is unknown or the score outside 0 to 1.
        InputError: YuNet is asked for and its file is missing, damaged, or another model.
        MissingExtraError: OpenCV is not installed.
        DeviceError: the installed OpenCV cannot do it.

    Example:
        >>> open_detector("haar").name
        'haar'
    """
    if not 0.0 <= score <= 1.0:
        raise OptionError(f"score must lie between 0 and 1, got {score}.")
    if isinstance(choice, Path):
        return YunetDetector(choice, score, refine)
    if choice not in (None, "yunet", "haar"):
        return YunetDetector(_path_or_refusal(str(choice)), score, refine)
    if choice == "haar":
        return HaarDetector()
    model = _find_yunet()
    if model is not None:
        return YunetDetector(model, score, refine)
    if choice == "yunet":
        raise InputError(
            f"The face detector yunet needs its file, which is neither named by {YUNET_VARIABLE} "
            f"nor at {YUNET.path}: run `{YUNET_COMMAND}`."
        )
    _embedded_notice.warn(
        "No YuNet file was found, so OpenCV's embedded face cascades are used, which are coarser: "
        "run `%s` for the better detector.",
        YUNET_COMMAND,
    )
    return HaarDetector()


def _path_or_refusal(choice: str) -> Path:
    path = Path(choice)
    if path.suffix == ".onnx" or path.is_file():
        return path
    raise OptionError(
        f"The face detector must be 'yunet', 'haar' or the path of a YuNet file, got {choice!r}."
    )


def _find_yunet() -> Path | bytes | None:
    """The file the user named, else the checked bytes of the one in the cache, else None."""
    named = os.environ.get(YUNET_VARIABLE)
    if named:
        return Path(named).expanduser()
    try:
        data = YUNET.path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(
            f"The YuNet file {YUNET.path} cannot be read ({error.strerror}): make it readable, or "
            f"delete it and run `{YUNET_COMMAND}`."
        ) from error
    if not YUNET.matches(data):
        raise InputError(
            f"The YuNet file {YUNET.path} does not have the SHA-256 {YUNET.sha256}: delete it and "
            f"run `{YUNET_COMMAND}`."
        )
    return data
