"""Still expressions of the whole face: what a clip starts from, and what stills vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.shape import EYE_L, EYE_R, Points


@dataclass(frozen=True)
class Expression:
    """A still expression; 0 everywhere is neutral, 1 is strong.

    Attributes:
        smile: corners of the mouth out and up, lower lids raised.
        gap: lips apart, with teeth or the dark of the mouth between.
        jaw: jaw dropped.
        pucker: mouth narrow.
        frown: corners of the mouth down.
        brow_raise, brow_lower: brows up, or down and together.
        lids: 0 open as in the neutral face, 1 closed, below 0 wider.
        skew: how much stronger the right half (as seen) is than the left, -1 to 1.
    """

    smile: float = 0.0
    gap: float = 0.0
    jaw: float = 0.0
    pucker: float = 0.0
    frown: float = 0.0
    brow_raise: float = 0.0
    brow_lower: float = 0.0
    lids: float = 0.0
    skew: float = 0.0


def sample_expression(rng: np.random.Generator, strength: float) -> Expression:
    """Draw an expression; `strength` 0 is neutral, 1 what photographs show.

    Example:
        >>> import numpy as np
        >>> sample_expression(np.random.default_rng(0), 0.0) == Expression()
        True
    """
    if strength <= 0:
        return Expression()
    kind = rng.random(6)
    u = rng.random(9) * strength
    smiling = kind[0] < 0.55
    open_mouth = kind[1] < (0.75 if smiling else 0.25)
    return Expression(
        smile=1.15 * u[0] ** 0.6 if smiling else 0.0,
        gap=(0.15 + 0.85 * u[1]) * min(1.0, 2.0 * strength) if open_mouth else 0.0,
        jaw=u[2] * (0.35 if smiling else 1.0) if open_mouth else 0.0,
        pucker=u[3] if not smiling and kind[2] < 0.15 else 0.0,
        frown=u[4] if not smiling and kind[2] > 0.7 else 0.0,
        brow_raise=u[5] if kind[3] < 0.25 else 0.0,
        brow_lower=u[6] if kind[3] > 0.75 else 0.0,
        lids=_lids(kind[4], u[7], strength),
        skew=float(rng.uniform(-0.3, 0.3)) * strength,
    )


def _lids(kind: float, amount: float, strength: float) -> float:
    if kind < 0.07 * strength:
        return 1.0
    if kind < 0.4:
        return 0.7 * amount
    return -0.35 * amount if kind > 0.9 else 0.0


def apply_expression(points: Points, expression: Expression) -> Points:
    """Move neutral points [68, 2] as the expression asks; returns new points."""
    e = expression
    moved = points.copy()
    side = np.where(points[:, 0] < points[33, 0], 1.0 - e.skew, 1.0 + e.skew)
    outward = np.where(points[:, 0] < points[33, 0], -1.0, 1.0)
    _mouth(moved, e, side, outward)
    brows = slice(17, 27)
    inner = np.array([0.1, 0.3, 0.5, 0.8, 1.0, 1.0, 0.8, 0.5, 0.3, 0.1])
    moved[brows, 1] -= 5.5 * e.brow_raise * side[brows]
    moved[brows, 1] += 5.5 * e.brow_lower * inner * side[brows]
    moved[brows, 0] -= 2.8 * e.brow_lower * inner * outward[brows]
    moved[31:36, 0] += 1.8 * e.smile * outward[31:36] * np.array([1, 0.6, 0, 0.6, 1])
    closing = e.lids + (1 - abs(e.lids)) * 0.38 * e.smile
    return close_lids(moved, float(np.clip(closing, -0.5, 1.0)))


def _mouth(moved: Points, e: Expression, side: Points, outward: Points) -> None:
    def shift(indices: list[int], dx: float, dy: float) -> None:
        i = np.array(indices)
        moved[i, 0] += dx * outward[i] * side[i]
        moved[i, 1] += dy * side[i]

    corners, next_up, next_low = [48, 54, 60, 64], [49, 53], [55, 59]
    shift(corners, 6.0 * e.smile - 7.0 * e.pucker, -4.5 * e.smile + 4.0 * e.frown)
    shift(next_up, 4.0 * e.smile - 5.0 * e.pucker, -2.8 * e.smile + 2.2 * e.frown)
    shift(next_low, 4.0 * e.smile - 5.0 * e.pucker, -2.6 * e.smile + 1.6 * e.frown)
    shift([50, 52, 61, 63], 1.5 * e.smile - 2.0 * e.pucker, -0.8 * e.smile)
    shift([56, 58, 65, 67], 2.0 * e.smile - 2.0 * e.pucker, -0.5 * e.smile)
    upper, lower = 1.8 * e.gap * (0.4 + e.smile), (8.0 + 2.5 * e.smile) * e.gap + 10.0 * e.jaw
    moved[[61, 62, 63], 1] -= upper
    moved[[50, 51, 52], 1] -= 0.9 * upper
    moved[[65, 66, 67], 1] += lower
    moved[[56, 57, 58], 1] += lower - 0.8 * e.gap
    moved[[55, 59], 1] += 0.6 * lower
    moved[[48, 54, 60, 64], 1] += (0.25 - 0.15 * min(e.smile, 1.0)) * lower
    below = np.clip((moved[:17, 1] - 5.0) / 60.0, 0.0, 1.0)
    moved[:17, 1] += below * (9.0 * e.jaw + 3.5 * e.gap * (1 - 0.5 * e.smile))
    moved[:17, 0] += 1.2 * e.smile * outward[:17] * below * (1 - below) * 4


def close_lids(points: Points, closing: float) -> Points:
    """Lids closed by `closing` (0 as they are, 1 shut, below 0 wider): new points [68, 2]."""
    if closing == 0.0:
        return points
    moved = points.copy()
    for eye in (EYE_L, EYE_R):
        part = moved[eye]
        gap = part[[5, 4], 1] - part[[1, 2], 1]
        part[[1, 2], 1] += 0.82 * closing * gap
        if closing > 0:
            part[[5, 4], 1] -= 0.13 * closing * gap
    return moved
