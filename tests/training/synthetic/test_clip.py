"""The truth of clips, held against their pixels."""

import cv2
import numpy as np
import pytest

from mol_edge import _core
from training.synthetic import SyntheticOptions, make_clip, make_still
from training.synthetic.camera import five_points

CLEAN = SyntheticOptions(
    noise=False, p_blink=0.0, p_none=0.0, p_macro=0.0, amplitude_micro=(2.0, 2.5),
    protocol="event", scale=(1.2, 1.8),
)  # fmt: skip


def _sample(field: np.ndarray, at: np.ndarray) -> np.ndarray:
    x, y = at.T.astype(np.float32)
    return np.stack([cv2.remap(c, x, y, cv2.INTER_LINEAR).ravel() for c in field], 1)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_frame_warped_by_its_flow_meets_the_next(seed: int) -> None:
    clip = make_clip(seed, CLEAN)
    y, x = np.mgrid[:128, :128].astype(np.float32)
    left: dict[float, list[float]] = {share: [] for share in (0.0, 0.7, 1.0, 1.3)}
    for k in range(7):
        flow, mask = clip.flow(k), clip.flow_mask(k)
        assert mask.mean() > 0.25
        first, second = clip.frames[k].astype(np.float32), clip.frames[k + 1].astype(np.float32)
        moving = mask & (np.hypot(*flow) > 0.25)
        if moving.sum() < 200:
            continue
        for share, differences in left.items():
            back = cv2.remap(second, x + share * flow[0], y + share * flow[1], cv2.INTER_LINEAR)
            differences.append(float(np.abs(back - first)[moving].mean()))
    assert len(left[1.0]) >= 2
    mean = {share: float(np.mean(differences)) for share, differences in left.items()}
    # What is left is rounding to whole gray levels and two resamplings; it is least at the truth.
    assert mean[1.0] < 0.7 * mean[0.0]
    assert mean[1.0] < min(mean[0.7], mean[1.3])


@pytest.mark.parametrize("alignment", ["anchored", "per_frame"])
def test_landmarks_carried_by_the_flow_meet_the_next(alignment: str) -> None:
    options = SyntheticOptions(p_blink=0.0, p_macro=1.0, p_none=0.0, alignment=alignment)
    for seed in range(3):
        clip = make_clip(seed, options)
        for k in range(7):
            now, following = clip.landmarks[k], clip.landmarks[k + 1]
            inside = ((now > 1) & (now < 126)).all(1)
            assert inside.sum() > 40
            carried = now[inside] + _sample(clip.flow(k), now[inside])
            assert np.abs(carried - following[inside]).max() < 0.05


def test_actions_move_the_face_by_their_amplitude() -> None:
    options = SyntheticOptions(p_none=0.0, p_macro=0.0, drift=0.0, protocol="event", jitter=0.0,
                               pose_degrees=0.0, p_blink=0.0, fps=(200.0, 200.0))  # fmt: skip
    moved, asked = [], []
    for seed in range(6):
        clip = make_clip(seed, options)
        truth = clip.truth
        grid = np.stack(np.meshgrid(np.arange(-60, 61, 2.0), np.arange(-60, 61, 2.0))).reshape(
            2, -1
        )
        start = truth.crop_maps[0].forward(grid)
        reach = max(np.hypot(*(m.forward(grid) - start)).max() for m in truth.crop_maps)
        moved.append(reach)
        asked.append(clip.amplitude)
    assert np.abs(np.array(moved) / np.array(asked) - 1.0).max() < 0.35


def test_crop_is_the_alignment_of_the_sdk() -> None:
    clip = make_clip(0, SyntheticOptions(jitter=0.0, drift=0.0, p_none=1.0, p_macro=0.0))
    points = five_points(clip.landmarks[0].astype(np.float64))
    transform = np.array(_core.alignment_transform(np.ascontiguousarray(points)))
    # Aligned anew, an aligned face stays where it is (beside the crop's own offset).
    expected = np.array([[1.0, 0.0, 8.0], [0.0, 1.0, 8.0]])
    assert np.abs(transform - expected).max() < 0.02


def test_clip_without_event_moves_rigidly_and_has_no_label() -> None:
    clip = make_clip(4, SyntheticOptions(p_none=1.0, p_macro=0.0))
    assert clip.kind == clip.emotion == "none"
    assert clip.aus == ()
    assert clip.label5_casme is clip.label5_samm is clip.label3 is None
    assert clip.truth.motion.strength.shape == (8, 0)


def test_blink_moves_lids_and_is_masked() -> None:
    options = SyntheticOptions(p_blink=1.0)
    blinking = [clip for clip in (make_clip(s, options) for s in range(4))
                if np.ptp(clip.truth.motion.lids) > 0.5]  # fmt: skip
    assert blinking
    clip = blinking[0]
    lids = clip.truth.motion.lids
    k = int(np.abs(np.diff(lids)).argmax())
    opening = [np.hypot(*(m[41] - m[37])) for m in clip.landmarks]
    assert min(opening) < 0.5 * max(opening)
    eye = clip.landmarks[k][36:42].mean(0).round().astype(int)
    assert not clip.flow_mask(k)[eye[1], eye[0]]
    assert clip.face_mask[eye[1], eye[0]]


def test_same_seed_same_bytes() -> None:
    one, two = make_clip(11), make_clip(11)
    assert one.frames.tobytes() == two.frames.tobytes()
    assert one.landmarks.tobytes() == two.landmarks.tobytes()
    assert one.flow(3).tobytes() == two.flow(3).tobytes()
    assert one.frames.tobytes() != make_clip(12).frames.tobytes()
    assert make_still(3)[0].tobytes() == make_still(3)[0].tobytes()


def test_splits_share_no_face_and_no_camera() -> None:
    train = [make_clip(s, SyntheticOptions(split="train")) for s in range(3)]
    held = [make_clip(s, SyntheticOptions(split="eval")) for s in range(3)]
    assert max(c.identity for c in train) < 1_000_000 <= min(c.identity for c in held)
    for a, b in zip(train, held, strict=True):
        assert not np.allclose(a.truth.motion.angles, b.truth.motion.angles)
        assert a.truth.motion.distance != b.truth.motion.distance


@pytest.mark.parametrize("protocol", ["event", "official", "sliding", "mixed"])
def test_timestamps_are_ascending_and_from_zero(protocol: str) -> None:
    clip = make_clip(2, SyntheticOptions(protocol=protocol))
    steps = np.diff(clip.timestamps_ns)
    assert clip.timestamps_ns[0] == 0
    assert (steps > 0).all()
    if protocol in ("official", "sliding"):
        assert np.ptp(steps) <= 1


def test_still_is_a_visible_face() -> None:
    picture, points = make_still(8)
    assert picture.shape == (128, 128)
    assert picture.dtype == np.uint8
    assert picture.std() > 5
    eyes = points[36:48].mean(0)
    mouth = points[48:68].mean(0)
    assert 15 < eyes[1] < 60 < mouth[1] < 115
    assert abs(eyes[0] - 63.5) < 25
