import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.synthetic.long_video import Video, VideoOptions
from training.synthetic.schedule import own_time
from training.synthetic.videos import COLUMNS, write_videos

SHORT = VideoOptions(fps=(30.0, 30.0), seconds=6.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos")
    write_videos(path, 1, seed=3, options=SHORT)
    return path


def test_file_has_the_frames_that_the_index_says(folder: Path) -> None:
    with open(folder / "videos.csv", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    capture = cv2.VideoCapture(str(folder / row["file"]))
    count = 0
    while capture.read()[0]:
        count += 1
    assert count == int(row["frames"]) == 180
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(float(row["fps"]))
    landmarks = np.load(folder / "video_00003.npz")["landmarks"]
    assert landmarks.shape == (180, 68, 2)
    assert (landmarks[:, 36:48] > 0).all()
    assert (landmarks[:, 36:48] < [640, 480]).all()


def test_truth_is_in_order_and_within_the_video(folder: Path) -> None:
    with open(folder / "video_00003.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert tuple(rows[0]) == COLUMNS
    end = -1
    for row in rows:
        onset, apex, offset = (int(row[f"{m}_frame"]) for m in ("onset", "apex", "offset"))
        assert end < onset <= apex <= offset < 180
        assert int(row["apex_ns"]) == round(apex * 1e9 / 30)
        end = offset


def test_events_move_landmarks_and_stillness_does_not() -> None:
    seen = set()
    for seed in range(40):
        video = Video(seed, VideoOptions(fps=(60.0, 60.0), seconds=20.0))
        for h in video.happenings:
            if h.kind in seen:
                continue
            frames = [round(m * 0.06) for m in (h.onset_ms, h.apex_ms, h.offset_ms)]
            onset, apex, _ = (video.landmarks(min(f, video.count - 1)) for f in frames)
            moved = np.hypot(*(apex - onset).T).max()
            if h.kind == "still":
                assert moved < 1e-9
            elif h.kind == "blink":
                assert np.hypot(*(apex - onset)[[37, 38, 43, 44]].T).min() > 3.0
            elif h.kind != "brightness":
                assert h.aus
                assert moved > 0.4 * h.amplitude
            seen.add(h.kind)
        if len(seen) == 5:
            break
    assert seen == {"micro", "macro", "blink", "still", "brightness"}


def test_the_head_rests_in_still_stretches() -> None:
    video = next(v for v in (Video(s, VideoOptions(seconds=20.0)) for s in range(40))
                 if any(h.kind == "still" for h in v.happenings))  # fmt: skip
    stretch = next(h for h in video.happenings if h.kind == "still")
    times = np.array([stretch.onset_ms, stretch.offset_ms, stretch.offset_ms + 100])
    lived = own_time([stretch], times)
    assert lived[1] == pytest.approx(lived[0])
    assert lived[2] == pytest.approx(lived[1] + 100)


def test_same_seed_same_frames() -> None:
    one, two = (next(Video(5, SHORT).frames()) for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert one.shape == (480, 640, 3)
