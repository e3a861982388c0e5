"""How the light on a face changes: flicker of lamps, exposure that hunts, too little of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A rolling shutter turns flicker into bands that move over the picture, whose mean stands still.
_BANDS = 4
_SLOWEST_HZ = 0.4
_MAINS_HZ = (100.0, 120.0)


@dataclass(frozen=True)
class Light:
    """The light on a face.

    Attributes:
        luma: mean, 0 to 255.
        clipped: share of the pixels at either end of the range.
        flicker_percent: amplitude of the strongest oscillation of a part of the face's luma, in
            percent of its mean.
        flicker_hz: its frequency as the camera sees it.
        mains_hz: rate of lamps, 100 or 120 flashes per second, that this frame rate would make
            look like that, or None.
        drift_percent: half of the slow change of luma over the time watched, percent.
    """

    luma: float
    clipped: float
    flicker_percent: float
    flicker_hz: float
    mains_hz: float | None
    drift_percent: float


def measure_light(times_ns: NDArray[np.int64], crops: NDArray[np.float32], fps: float) -> Light:
    """Follow the luma of a face.

    Args:
        times_ns: int64 [n], timestamps.
        crops: float32 [n, 128, 128], luma 0 to 255.
        fps: true rate of the camera.
    """
    seconds = (times_ns - times_ns[0]) / 1e9
    face = crops[:, :, 24:104]
    bands = face.reshape(len(crops), _BANDS, -1).mean(axis=2)
    means = np.maximum(bands.mean(axis=0), 1.0)
    relative = bands / means - 1
    trends = _slow_part(seconds, relative)
    flicker, at_hz = _strongest(seconds, relative - trends, fps)
    lasting = seconds[-1] if seconds[-1] > 0 else 1.0
    return Light(
        luma=float(face.mean()),
        clipped=float(((face <= 1) | (face >= 254)).mean()),
        flicker_percent=100 * flicker,
        flicker_hz=at_hz,
        mains_hz=_mains(at_hz, fps, tolerance=max(0.5, 2 / lasting)),
        drift_percent=float(100 * np.ptp(trends, axis=0).max() / 2),
    )


def _slow_part(seconds: NDArray[np.float64], series: NDArray[np.float64]) -> NDArray[np.float64]:
    """A polynomial that follows what is slower than the slowest flicker."""
    degree = int(np.clip(2 * _SLOWEST_HZ * seconds[-1], 1, 8))
    basis = np.polynomial.legendre.legvander(2 * seconds / max(seconds[-1], 1e-9) - 1, degree)
    return np.asarray(basis @ np.linalg.lstsq(basis, series, rcond=None)[0])


def _strongest(
    seconds: NDArray[np.float64], series: NDArray[np.float64], fps: float
) -> tuple[float, float]:
    """Amplitude and frequency of the strongest oscillation of any column of `series`."""
    lasting = max(seconds[-1], 1e-9)
    frequencies = np.arange(_SLOWEST_HZ, fps / 2 + 1e-9, 1 / (4 * lasting))
    if len(frequencies) == 0:
        return 0.0, 0.0
    waves = np.exp(-2j * np.pi * frequencies[:, None] * seconds)
    amplitudes = np.abs(waves @ series) * 2 / len(seconds)
    # At half the frame rate there is a cosine and no sine: the sum counts it twice.
    amplitudes[frequencies > fps / 2 - 0.5 / lasting] /= 2
    best = np.unravel_index(int(amplitudes.argmax()), amplitudes.shape)
    return float(amplitudes[best]), float(frequencies[best[0]])


def _mains(seen_hz: float, fps: float, tolerance: float) -> float | None:
    """The lamps whose flashes, sampled at `fps`, look like `seen_hz`."""
    distances = {mains: abs(abs(mains - round(mains / fps) * fps) - seen_hz) for mains in _MAINS_HZ}
    best = min(distances, key=distances.__getitem__)
    return best if distances[best] <= tolerance else None
