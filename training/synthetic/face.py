"""Who is shown and how: everything that a painted face is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.shape import Points, sample_shape

_IDENTITY_KEY = 0x6D6F6C


@dataclass(frozen=True)
class Identity:
    """One face: its points and what stays with it from clip to clip.

    Attributes:
        number: names the face; the same number is the same face.
        points: neutral points [68, 2], canonical units.
        tone: brightness of the skin under even light, 0 to 1.
        age: 0 smooth to 1 deeply lined.
        lips: fullness, about 1.
        hair: brightness of the hair, 0 to 1.
        iris: brightness of the iris.
        style: hair style.
        beard: style of the beard, "none" for none.
        glasses: style of the glasses, "none" for none.
    """

    number: int
    points: Points
    tone: float
    age: float
    lips: float
    hair: float
    iris: float
    style: str
    beard: str
    glasses: str

    def rng(self, part: int) -> np.random.Generator:
        """The identity's own chance for one part of the painting."""
        return np.random.default_rng([_IDENTITY_KEY, self.number, part])


STYLES = ("bald", "short", "receding", "side", "long", "fringe", "tied", "curly", "hat", "scarf")
_STYLE_P = (0.06, 0.22, 0.1, 0.12, 0.14, 0.12, 0.08, 0.06, 0.06, 0.04)
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
_BEARD_P = (0.62, 0.16, 0.07, 0.06, 0.09)
GLASSES = ("none", "thin", "thick", "rimless", "dark")
_GLASSES_P = (0.74, 0.1, 0.1, 0.04, 0.02)


def make_identity(number: int) -> Identity:
    """The face with this number.

    Example:
        >>> make_identity(7).points.shape
        (68, 2)
    """
    rng = np.random.default_rng([_IDENTITY_KEY, number, 0])
    tones = [rng.uniform(0.62, 0.82), rng.uniform(0.42, 0.65), rng.uniform(0.2, 0.45)]
    tone = float(rng.choice(tones, p=[0.5, 0.28, 0.22]))
    age = float(rng.beta(1.3, 2.5))
    light_hair = rng.random() < (0.35 if tone > 0.6 else 0.05) + 0.4 * max(0.0, age - 0.5)
    hair = float(rng.uniform(0.3, 0.8) if light_hair else rng.uniform(0.03, 0.22))
    return Identity(
        number=number,
        points=sample_shape(rng),
        tone=tone,
        age=age,
        lips=float(rng.uniform(0.6, 1.5)),
        hair=hair,
        iris=float(rng.uniform(0.25, 0.5) if light_hair else rng.uniform(0.05, 0.3)),
        style=str(rng.choice(STYLES, p=_STYLE_P)),
        beard=str(rng.choice(BEARDS, p=_BEARD_P)),
        glasses=str(rng.choice(GLASSES, p=_GLASSES_P)),
    )


@dataclass(frozen=True)
class Light:
    """How a face is lit.

    Attributes:
        direction: unit vector [3] from the face to the main light (x right, y down, z viewer).
        ambient: share of light that comes from all around.
        sky: how much brighter the light from above is than from below.
        wrap: softness of the main light.
        gloss: strength of highlights.
        level: brightness that the camera's exposure gives the face on average.
        metered: how far the exposure meets that level: 1 always, 0 not at all.
    """

    direction: tuple[float, float, float]
    ambient: float
    sky: float
    wrap: float
    gloss: float
    level: float
    metered: float


def sample_light(rng: np.random.Generator) -> Light:
    """Draw a light: mostly from the front and above, at times hard and from the side."""
    usual = rng.random() < 0.8
    azimuth = rng.normal(-np.pi / 2, 0.9) if usual else rng.uniform(-np.pi, np.pi)
    slope = rng.uniform(0.05, 1.25)
    z = np.cos(slope)
    side = np.sin(slope)
    return Light(
        direction=(float(side * np.cos(azimuth)), float(side * np.sin(azimuth)), float(z)),
        ambient=float(rng.uniform(0.2, 0.75)),
        sky=float(rng.uniform(0.0, 0.3)),
        wrap=float(rng.uniform(0.0, 0.5)),
        gloss=float(rng.gamma(1.5, 0.08)),
        level=float(np.clip(rng.normal(0.47, 0.13), 0.15, 0.85)),
        metered=float(rng.uniform(0.6, 1.0)),
    )
