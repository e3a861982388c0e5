"""Ears, neck, hair of many kinds, hats and scarves."""

from __future__ import annotations

import numpy as np

from training.synthetic.canvas import Canvas, Image, mix, smooth
from training.synthetic.face import Identity, Light
from training.synthetic.shape import Points
from training.synthetic.skin import head_outline


def strands(canvas: Canvas, rng: np.random.Generator, angle: float, curl: float) -> Image:
    """Texture of hair: noise drawn out along `angle` (radians from the vertical), mean 1."""
    import cv2

    size = canvas.size
    small = rng.standard_normal((size // 2 + 8, size // 2 + 8), np.float32)
    length = max(1.2, (9.0 - 7.5 * curl) * canvas.density / 2)
    drawn = cv2.GaussianBlur(small, (0, 0), sigmaX=0.7 + curl, sigmaY=length)
    coarse = cv2.GaussianBlur(small, (0, 0), sigmaX=2.5, sigmaY=2 * length)
    drawn = drawn / drawn.std() + 0.8 * coarse / coarse.std()
    c, s = np.cos(angle) * 0.5, np.sin(angle) * 0.5
    half = size / 2
    matrix = np.array([[c, s, size / 4 - half * (c + s)], [-s, c, size / 4 - half * (c - s)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(drawn, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, np.float32)


def paint_hair(
    canvas: Canvas, image: Image, cover: Image, points: Points, identity: Identity, light: Light,
    shade: Image, rng: np.random.Generator,
) -> tuple[Image, Image]:  # fmt: skip
    """Put neck, ears and hair (or a hat or scarf) around the painted face.

    Returns:
        The picture and its cover with all of that.
    """
    style = identity.rng(8)
    back, back_cover = _behind(canvas, points, identity, light, style)
    image = back + (image - back) * cover
    cover = np.maximum(cover, back_cover)
    front = _front_mask(canvas, points, identity, style)
    if front is None:
        return image, cover
    lit = np.clip(0.35 + 0.65 * canvas.blur(shade, 6.0), 0, 1.3)
    if identity.style in ("hat", "scarf"):
        cloth = float(style.uniform(0.05, 0.8)) * (1 + 0.06 * canvas.noise(rng, 2.5))
        under = canvas.blur(front, 4.0)
        image *= 1 - 0.45 * np.clip(under * 1.6, 0, 1)
        mix(image, cloth * lit, front)
    else:
        curl = 0.9 if identity.style == "curly" else float(style.uniform(0, 0.4))
        texture = strands(canvas, rng, float(style.normal(0, 0.5)), curl)
        contrast = float(style.uniform(0.12, 0.35))
        tone = identity.hair * np.clip(1 + contrast * texture, 0.2, 2.2) * lit
        image *= 1 - 0.3 * np.clip(canvas.blur(front, 2.5), 0, 1)
        mix(image, tone.astype(np.float32), front)
    return image, np.maximum(cover, front)


def _behind(
    canvas: Canvas, points: Points, identity: Identity, light: Light, style: np.random.Generator
) -> tuple[Image, Image]:
    """Neck, ears and the hair behind the head."""
    back = np.full((canvas.size, canvas.size), 0.3 * identity.tone, np.float32)
    jaw = points[0:17]
    middle = jaw[8, 0]
    chin = jaw[8, 1]
    half = 0.38 * (jaw[16, 0] - jaw[0, 0]) * float(style.uniform(0.85, 1.15))
    neck = np.array([[middle - half, 20], [middle + half, 20], [middle + 1.15 * half, 200],
                     [middle - 1.15 * half, 200]])  # fmt: skip
    cover = canvas.fill(neck, blur=0.6)
    lx = light.direction[0]
    round_neck = 1 - 0.45 * ((canvas.x - middle) / half - 0.4 * lx) ** 2
    under = 1 - float(style.uniform(0.1, 0.6)) * np.exp(-0.5 * ((canvas.y - chin) / 14.0) ** 2)
    mix(back, np.clip(identity.tone * round_neck * under * 0.8, 0.02, 1), cover)
    collar = chin + float(style.uniform(22, 60))
    shirt = float(style.uniform(0.05, 0.95)) * np.ones_like(back)
    below = np.clip((canvas.y - collar - 0.12 * np.abs(canvas.x)) * 0.8, 0, 1) * np.ones_like(back)
    mix(back, shirt, below.astype(np.float32))
    cover = np.maximum(cover, below.astype(np.float32))
    if identity.style in ("long", "scarf", "curly") or style.random() < 0.12:
        wide = head_outline(points, widen=float(style.uniform(6, 20)))
        wide[:, 1] = np.where(wide[:, 1] > 0, wide[:, 1] * style.uniform(1.0, 2.2), wide[:, 1])
        mass = canvas.fill(wide, blur=0.8)
        texture = strands(canvas, style, float(style.normal(0, 0.15)), 0.1)
        tone = identity.hair * np.clip(0.7 + 0.25 * texture, 0.1, 2)
        keep = 1 - cover if style.random() < 0.7 else np.ones_like(cover)
        mix(back, tone.astype(np.float32), mass * keep)
        cover = np.maximum(cover, mass)
    if identity.style not in ("long", "scarf", "hat") or style.random() < 0.3:
        for side, index in ((-1.0, 0), (1.0, 16)):
            ear = jaw[index] + np.array([side * 3.0, 6.0])
            angles = np.linspace(0, 2 * np.pi, 14)
            shape = ear + np.stack([6.5 * np.cos(angles), 15 * np.sin(angles)], 1)
            mask = canvas.fill(shape, blur=0.5)
            lit = 0.75 + 0.3 * side * lx
            inner = canvas.fill(ear + (shape - ear) * 0.55, blur=1.2)
            mix(back, identity.tone * lit * (1 - 0.4 * inner), mask)
            cover = np.maximum(cover, mask)
    return back, cover


def _front_mask(
    canvas: Canvas, points: Points, identity: Identity, style: np.random.Generator
) -> Image | None:
    """Cover of the hair (or hat) in front of the forehead and the temples."""
    kind = identity.style
    if kind == "bald":
        return None
    brow = float(points[17:27, 1].min())
    left, right = float(points[0, 0]), float(points[16, 0])
    ear = float(points[0, 1])
    line = brow - float(style.uniform(14, 34))
    part = float(style.uniform(-0.5, 0.5))
    temple = float(style.uniform(2, 9))
    depth = float(style.uniform(8, 30))
    if kind == "fringe":
        line = brow + float(style.uniform(-9, 4))
        depth = float(style.uniform(0, 8))
    elif kind == "receding":
        line, temple = brow - 42, 2.0
    elif kind in ("hat", "scarf"):
        line, depth, temple = brow - float(style.uniform(1, 16)), 3.0, 3.0
    xs = np.linspace(0, 1, 13)
    hair_y = (
        line
        - depth * 0.25 * np.cos((xs - 0.5 - 0.3 * part) * np.pi)
        + depth * np.abs(2 * xs - 1) ** 3
    )
    hair_y += style.normal(0, 1.6 if kind not in ("hat", "scarf") else 0.2, 13)
    if kind == "side":
        hair_y += (xs - 0.5) * np.sign(part) * float(style.uniform(10, 26))
    front = np.stack([left + 2 + (right - left - 4) * xs, hair_y], 1)
    drop_l, drop_r = _lengths(points, kind, style)
    edge_l = [
        (left - 14, -200),
        (left - 12, drop_l),
        (left + temple * 0.4, drop_l),
        (left + temple, points[0, 1] - 14),
    ]
    edge_r = [
        (right - temple, points[16, 1] - 14),
        (right - temple * 0.4, drop_r),
        (right + 12, drop_r),
        (right + 14, -200),
    ]
    outline = np.concatenate([np.array(edge_l), smooth(front, per=4), np.array(edge_r)])
    mask = canvas.fill(outline, blur=0.5 if kind in ("hat", "scarf") else 1.1)
    dome = canvas.fill(head_outline(points, widen=float(style.uniform(4, 11))), blur=1.0)
    mask *= np.maximum(dome, np.clip((canvas.y - ear + 8) / 10, 0, 1))
    if kind in ("hat", "scarf"):
        return mask
    ragged = 0.22 * strands(canvas, style, float(style.normal(0, 0.3)), 0.1)
    soft = canvas.blur(mask, float(style.uniform(0.8, 4.0)))
    edge = 1 - np.abs(2 * soft - 1)
    return np.clip((soft + ragged * edge - 0.5) * float(style.uniform(1.2, 2.4)) + 0.5, 0, 1)


def _lengths(points: Points, kind: str, style: np.random.Generator) -> tuple[float, float]:
    """How far down the hair hangs at the left and the right of the face."""
    ear = float(points[0, 1])
    if kind in ("long", "scarf"):
        low = float(points[8, 1]) + float(style.uniform(-10, 60))
        return low, low + float(style.normal(0, 6))
    reach = float(style.uniform(-14, 10)) if kind not in ("hat",) else -8.0
    return ear + reach, ear + reach + float(style.normal(0, 2))
