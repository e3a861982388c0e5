"""A bundle's own clips, with which a device measures its accuracy, without a checkout or data.

`check/clips.npz` (plain arrays, never unpickled) holds for n clips of 8 frames what is true of
them and what the network gave in PyTorch, in float32. Flow is kept on every 8th pixel of the crop.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import Backend
from mol_edge.bundle import Bundle
from mol_edge.engine import run_clip
from mol_edge.errors import BundleError

FLOW_STEP, FLOW_START = 8, 4
"""Flow is kept at the crop's pixels 4, 12, …, 124 along x and y."""

NO_CLASS = -1

_GRID = 128 // FLOW_STEP
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_SHAPES: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "frames": ("uint8", ("n", 8, 128, 128)),
    "labels": ("int64", ("n",)),
    "landmarks": ("float32", ("n", 7, 68, 2)),
    "flow": ("float32", ("n", 7, 2, _GRID, _GRID)),
    "moving": ("bool", ("n", 7, _GRID, _GRID)),
    "given_logits": ("float32", ("n", "classes")),
    "given_landmarks": ("float32", ("n", 7, 68, 2)),
    "given_flow": ("float32", ("n", 7, 2, _GRID, _GRID)),
}


@dataclass(frozen=True)
class CheckSet:
    """Clips, what is true of them, and what the network gave in PyTorch.

    Attributes:
        frames: uint8 [n, 8, 128, 128], luma.
        labels: int64 [n], the true class, -1 where there is none.
        landmarks: float32 [n, 7, 68, 2], true, crop pixels, of the frames 2 to 8.
        flow: float32 [n, 7, 2, 16, 16], true, crop pixels.
        moving: bool [n, 7, 16, 16], where the face moves by itself.
        given_logits, given_landmarks, given_flow: the network's outputs, of the same shapes.

    Raises:
        BundleError: an array has another type or shape.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.int64]
    landmarks: NDArray[np.float32]
    flow: NDArray[np.float32]
    moving: NDArray[np.bool_]
    given_logits: NDArray[np.float32]
    given_landmarks: NDArray[np.float32]
    given_flow: NDArray[np.float32]

    def __post_init__(self) -> None:
        sizes: dict[str, int] = {}
        for name, (kind, wanted) in _SHAPES.items():
            array = getattr(self, name)
            fits = isinstance(array, np.ndarray) and array.dtype == kind
            fits = fits and array.ndim == len(wanted)
            for size, got in zip(wanted, getattr(array, "shape", ())):
                expected = sizes.setdefault(size, got) if isinstance(size, str) else size
                fits = fits and got == expected and got > 0
            if not fits:
                shape = ", ".join(str(sizes.get(str(size), size)) for size in wanted)
                came = f"{getattr(array, 'dtype', type(array).__name__)}"
                raise BundleError(
                    f"The check set's {name} must be {kind} of shape ({shape}), got {came} of "
                    f"{getattr(array, 'shape', ())}: fetch the bundle anew."
                )

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def of(cls, bundle: Bundle) -> CheckSet | None:
        """The check set of a bundle, or None where it has none.

        Raises:
            BundleError: it is damaged.
        """
        path = bundle.manifest.check_set
        return None if path is None else cls.from_bytes(bundle.read(path))

    @classmethod
    def from_bytes(cls, content: bytes) -> CheckSet:
        """Read what `to_bytes` gave; raises BundleError where it is anything else."""
        names = [field.name for field in fields(cls)]
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays: dict[str, Any] = {name: archive[name] for name in names}
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(
                f"A check set must hold the arrays {', '.join(names)}, and cannot be read "
                f"({error}): fetch the bundle anew."
            ) from None
        return cls(**arrays)

    def to_bytes(self) -> bytes:
        """The content of its file."""
        file = io.BytesIO()
        np.savez_compressed(
            file, **{field.name: getattr(self, field.name) for field in fields(self)}
        )
        return file.getvalue()


@dataclass(frozen=True)
class CheckFigures:
    """What a device makes of a check set.

    Attributes:
        clips: how many there are.
        agreement: share of the clips with the class that PyTorch gave.
        accuracy: share of the clips with a class where it is the true one, or None.
        nme: mean error of the landmarks by pupil distance.
        epe: mean endpoint error of flow where the face moves, crop pixels, or None.
        zero_epe: what saying "no motion" would have there, or None.
        logit_error, landmark_error_px, flow_error_px: largest difference from PyTorch.
        given_nme, given_epe: the errors of PyTorch's landmarks and flow, or None.
    """

    clips: int
    agreement: float
    accuracy: float | None
    nme: float
    epe: float | None
    zero_epe: float | None
    logit_error: float
    landmark_error_px: float
    flow_error_px: float
    given_nme: float | None = None
    given_epe: float | None = None

    def lost(self) -> dict[str, float]:
        """What is lost against PyTorch by task: other classes, rise of EPE, rise of NME.

        Shares of 1, below 0 where the device is better; tasks without truth are left out.

        Example:
            >>> CheckFigures(8, 0.75, None, 0.033, None, None, 0, 0, 0, given_nme=0.03).lost()
            {'classes': 0.25, 'landmarks': 0.1}
        """
        found = {"classes": 1 - self.agreement}
        for task, now, before in (
            ("flow", self.epe, self.given_epe),
            ("landmarks", self.nme, self.given_nme),
        ):
            if now is not None and before is not None and before > 0:
                found[task] = round(now / before - 1, 9)
        return found


def measure_accuracy(bundle: Bundle, backend: Backend) -> CheckFigures | None:
    """Run a bundle's check set on a device; None where the bundle has none.

    Raises:
        BundleError: the check set is damaged.
        DeviceError: the device failed.

    Example:
        >>> from mol_edge.backends import open_backend
        >>> bundle = Bundle.default()
        >>> measure_accuracy(bundle, open_backend(bundle, "onnxruntime")).agreement
        1.0
    """
    check = CheckSet.of(bundle)
    if check is None:
        return None
    luma = bundle.manifest.normalisation
    logits, landmarks, flow = [], [], []
    for frames in check.frames:
        crops = ((frames[:, None].astype(np.float32) - luma.mean) / luma.scale).astype(np.float32)
        output = run_clip(backend, crops)
        logits.append(output.logits)
        landmarks.append(output.landmarks)
        flow.append(on_grid(output.flow))
    return _figures(check, np.stack(logits), np.stack(landmarks), np.stack(flow))


def on_grid(flow: NDArray[np.generic]) -> NDArray[Any]:
    """Fields [..., 128, 128] at the pixels that a check set keeps, [..., 16, 16]."""
    return flow[..., FLOW_START::FLOW_STEP, FLOW_START::FLOW_STEP]


def _figures(
    check: CheckSet,
    logits: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    flow: NDArray[np.float32],
) -> CheckFigures:
    chosen = logits.argmax(1)
    classed = check.labels != NO_CLASS
    moving = check.moving

    def nme(points: NDArray[np.float32]) -> float:
        errors = np.linalg.norm(points - check.landmarks, axis=-1).mean(-1) / distance
        return float(errors.mean())

    def epe(fields: NDArray[np.float32]) -> float | None:
        error = np.linalg.norm(fields - check.flow, axis=2)
        return float(error[moving].mean()) if moving.any() else None

    eyes = [check.landmarks[..., eye, :].mean(-2) for eye in (_LEFT_EYE, _RIGHT_EYE)]
    distance = np.linalg.norm(eyes[0] - eyes[1], axis=-1)
    return CheckFigures(
        clips=len(check),
        agreement=float((chosen == check.given_logits.argmax(1)).mean()),
        accuracy=float((chosen == check.labels)[classed].mean()) if classed.any() else None,
        nme=nme(landmarks),
        epe=epe(flow),
        zero_epe=epe(np.zeros_like(check.flow)),
        logit_error=float(np.abs(logits - check.given_logits).max()),
        landmark_error_px=float(np.abs(landmarks - check.given_landmarks).max()),
        flow_error_px=float(np.abs(flow - check.given_flow).max()),
        given_nme=nme(check.given_landmarks),
        given_epe=epe(check.given_flow),
    )
