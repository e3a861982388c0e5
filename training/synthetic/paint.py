"""Paints one head over canonical coordinates: skin, features, hair and what is worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.beard import paint_beard
from training.synthetic.canvas import Canvas, Image
from training.synthetic.depth import details, relief
from training.synthetic.eyes import paint_brow, paint_eye
from training.synthetic.face import Identity, Light
from training.synthetic.hair import paint_hair
from training.synthetic.mouth import paint_mouth, paint_nostrils
from training.synthetic.shape import EYE_L, EYE_R, Points
from training.synthetic.skin import albedo, head_outline, shading
from training.synthetic.worn import paint_glasses


@dataclass(frozen=True)
class Look:
    """What the face does while its picture is painted.

    Attributes:
        points: [68, 2] canonical units, with the still expression.
        gaze: of both eyes, about -1 to 1 to the right and down.
        glasses: style of the glasses.
    """

    points: Points
    gaze: tuple[float, float]
    glasses: str


@dataclass(frozen=True)
class Painting:
    """A painted head.

    Attributes:
        canvas: its coordinates.
        gray: float32 [size, size], 0 to about 1.
        cover: float32 [size, size], how opaque the head is.
    """

    canvas: Canvas
    gray: Image
    cover: Image


def paint_head(
    canvas: Canvas, identity: Identity, look: Look, light: Light, rng: np.random.Generator
) -> Painting:
    """Paint the head of `identity` with the given look under the given light."""
    points = look.points
    fine = details(points, identity.rng(1), identity.age, identity.lips)
    cover = canvas.fill(head_outline(points), blur=0.7)
    shade, glint = shading(canvas, relief(points, identity.rng(5)), fine, cover, light)
    skin = albedo(canvas, identity, points)
    paint_mouth(canvas, skin, points, identity, np.ones_like(shade), rng)
    paint_beard(canvas, skin, points, identity, rng)
    for brow, outward in ((slice(17, 22), -1.0), (slice(22, 27), 1.0)):
        paint_brow(canvas, skin, points[brow], identity, outward, rng)
    image = skin * shade + np.float32(light.gloss) * glint * np.float32(
        identity.rng(6).uniform(0.3, 1)
    )
    paint_nostrils(canvas, image, points, rng)
    spark = (np.sign(light.direction[0]) * 0.6, -0.6)
    for eye in (EYE_L, EYE_R):
        paint_eye(canvas, image, points[eye], identity, shade, look.gaze, spark, identity.rng(7))
    image, cover = paint_hair(canvas, image, cover, points, identity, light, shade, rng)
    if look.glasses != "none":
        paint_glasses(canvas, image, points, look.glasses, identity, light, rng)
    inside = canvas.box(points[17:60], 0.0)
    image *= np.float32((light.level / max(float(image[inside].mean()), 0.02)) ** light.metered)
    return Painting(canvas, image, cover)
