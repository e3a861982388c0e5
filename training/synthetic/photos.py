"""A user's own neutral photographs, animated: the same actions and truth on real faces."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from training.synthetic.camera import crop, crop_transform, five_points, sample_camera
from training.synthetic.canvas import Canvas, Image, blurred
from training.synthetic.clip import SyntheticClip
from training.synthetic.face import Identity, make_identity
from training.synthetic.options import SyntheticOptions
from training.synthetic.paint import Painting
from training.synthetic.plan import plan_clip, stream
from training.synthetic.render import canvas_for, render_frames
from training.synthetic.truth import EXTENT
from training.synthetic.workers import on_one_thread


@dataclass(frozen=True)
class Photo:
    """One face of a photograph.

    Attributes:
        name: file and number of the face, for messages.
        image: uint8 [height, width], luma.
        landmarks: float64 [68, 2], iBUG order, pixels of the image.
    """

    name: str
    image: NDArray[np.uint8]
    landmarks: NDArray[np.float64]


def read_photos(folder: Path) -> list[Photo]:
    """Read the photographs that `folder`/landmarks.json lists: {file: [{box, landmarks}]}.

    Raises:
        InputError: the list is missing, not of that form, or names a picture that cannot be read.
    """
    import cv2

    path = folder / "landmarks.json"
    if not path.is_file():
        raise InputError(
            f"The folder of photographs must hold landmarks.json, got {folder} without it; "
            "write {file: [{landmarks: 68 points}]} there."
        )
    photos: list[Photo] = []
    for name, faces in json.loads(path.read_text(encoding="utf-8")).items():
        image = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise InputError(
                f"Every picture in landmarks.json must be readable, got {folder / name}; "
                "check the file or take it out of the list."
            )
        for i, face in enumerate(faces):
            points = np.asarray(face.get("landmarks", ()), np.float64)
            if points.shape != (68, 2):
                raise InputError(
                    f"Each face must have 68 landmarks (x, y), got shape {points.shape} for face "
                    f"{i} of {name}; correct landmarks.json."
                )
            photos.append(Photo(f"{name}#{i}", np.asarray(image, np.uint8), points))
    if not photos:
        raise InputError(f"landmarks.json must list a face, got none in {folder}; add one.")
    return photos


def _canonical(photo: Photo) -> NDArray[np.float64]:
    """Transform [2, 3] from the photograph to canonical units."""
    transform = crop_transform(five_points(photo.landmarks))
    transform[:, 2] -= 63.5
    return transform


def _paint(photo: Photo, canvas: Canvas) -> Painting:
    import cv2

    matrix = _canonical(photo) * canvas.density
    matrix[:, 2] += canvas.extent * canvas.density
    size = (canvas.size, canvas.size)
    reduce = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    image: Image = photo.image.astype(np.float32) / np.float32(255)
    if reduce < 0.8:
        image = blurred(image, 0.42 / reduce)
    gray, cover = (
        np.asarray(cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
        for layer in (image, np.ones_like(image))
    )
    return Painting(canvas, gray, cover)


def _identity(photo: Photo, number: int) -> Identity:
    matrix = _canonical(photo)
    points = photo.landmarks @ matrix[:, :2].T + matrix[:, 2]
    return replace(make_identity(number), number=number, points=points)


@on_one_thread
def make_photo_clip(
    photos: list[Photo],
    seed: int,
    options: SyntheticOptions = SyntheticOptions(),  # noqa: B008
) -> SyntheticClip:
    """A clip of one of the photographs, chosen by the seed; its identity is the photo's index.

    The photograph already has a pose, a light and perhaps glasses: the head turns by at most
    5 degrees from there, and nobody blinks, since what is under the lids is not known.
    """
    calm = replace(options, pose_degrees=min(options.pose_degrees, 5.0), p_blink=0.0)
    rng = stream(seed, calm, 3)
    number = int(rng.integers(len(photos)))
    photo = photos[number]
    plan = plan_clip(seed, calm, _identity(photo, number), still_face=True)
    canvas = canvas_for(float(plan.truth.motion.scale[0]), EXTENT)
    painting = _paint(photo, canvas)
    camera = sample_camera(rng, calm.noise)
    frames = render_frames(plan.truth, lambda _: painting, camera, plan.frame_size, rng)
    crops = [crop(f, m) for f, m in zip(frames, plan.truth.transforms, strict=True)]
    landmarks = np.stack([plan.truth.landmarks(t) for t in range(len(frames))])
    return SyntheticClip(
        np.stack(crops), landmarks.astype(np.float32), plan.timestamps_ns, plan.emotion,
        plan.kind, plan.aus, plan.amplitude, number, plan.truth,
    )  # fmt: skip
