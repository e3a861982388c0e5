"""Clips: from videos, and never the same for calibration and judging."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.precision.clips import Clips, check_apart, open_calibration, open_judging, tell_fewer
from export.precision.ranges import Histogram
from export.precision.videos import clips_of_videos
from mol_edge.errors import InputError
from mol_edge.manifest import Alignment
from tests.mol_edge.scenes import Scripted, face, scene, shifted
from training.datasets import open_prepared


def test_shared_frames_are_refused_by_their_hash(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 256, (3, 8, 128, 128)).astype(np.uint8)
    one = Clips("these", frames[:2])
    check_apart(one, Clips("those", frames[2:]))
    mixed = frames[2:].copy()
    mixed[0, 5] = frames[1, 0]
    with pytest.raises(InputError, match="1 frame is in both these and those: give"):
        check_apart(one, replace(one, source="those", frames=mixed))


def write_video(path: Path, frames: int) -> Path:
    import cv2

    picture = scene()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, (320, 240))
    for index in range(frames):
        writer.write(shifted(picture, 0.2 * index))
    writer.release()
    return path


def test_videos_give_aligned_crops_and_short_ones_none(tmp_path: Path) -> None:
    videos = [write_video(tmp_path / "a.avi", 60), write_video(tmp_path / "b.avi", 5)]
    detector = Scripted(lambda index: [face(0.2 * index)])
    found = clips_of_videos(videos, 4, Alignment("anchored"), detector)
    assert found.shape == (2, 8, 128, 128)
    assert found.dtype == np.uint8
    assert found.std() > 10
    # The clips begin at different places of the video, and each of them moves.
    assert np.abs(found[0].astype(int) - found[1]).mean() > 1
    assert np.abs(found[0, 0].astype(int) - found[0, 7]).mean() > 0.2


def test_a_video_gives_no_more_clips_than_differ(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_video(tmp_path / "a.avi", 60)
    found = clips_of_videos(
        [tmp_path / "a.avi"],
        4000,
        Alignment("anchored"),
        Scripted(lambda index: [face(0.2 * index)]),
    )
    # They begin at 0, 9, 18, 27 and 36, the last one that leaves 24 frames.
    assert len(found) == 5
    assert len({clip.tobytes() for clip in found}) == 5
    with caplog.at_level("INFO", logger="export"):
        tell_fewer("my-videos", 5, 4000)
        tell_fewer("my-videos", 5, 5)
    assert caplog.messages == ["my-videos gives 5 clips, and 4000 were asked for: all are taken."]


def test_a_prepared_set_that_has_fewer_clips_gives_them_all(
    prepared_set: Path, caplog: pytest.LogCaptureFixture
) -> None:
    labels = ("happiness", "disgust", "repression", "surprise", "others")
    with caplog.at_level("INFO", logger="export"):
        clips = open_judging(str(prepared_set), labels, 200)
    there = len(open_prepared(prepared_set))
    assert len(clips) == there < 200 and clips.frames.shape[1:] == (8, 128, 128)
    assert f"gives {there} clips, and 200 were asked for: all are taken." in caplog.text


def test_what_gives_no_clip_is_told(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", 12)
    with pytest.raises(InputError, match="none of 1 does"):
        clips_of_videos([video], 2, Alignment(), Scripted(lambda index: []))
    with pytest.raises(InputError, match="'nowhere' is neither"):
        open_calibration("nowhere", ("a", "b"), 2, Alignment())


def test_histograms_find_the_range_that_costs_least(rng: np.random.Generator) -> None:
    histogram = Histogram()
    for _ in range(4):
        histogram.add(rng.normal(size=20_000).astype(np.float32))
    histogram.add(np.array([40.0], np.float32))
    best = histogram.best(signed=True)
    assert histogram.high == 40.0
    assert 3 < best.largest < 40
    positive = Histogram()
    positive.add(rng.uniform(0, 6, 50_000).astype(np.float32))
    assert positive.best(signed=False).high == pytest.approx(6, rel=0.01)
    leaky = Histogram()
    leaky.add(rng.uniform(-6, 6, 50_000).astype(np.float32))
    assert leaky.best(False).low == pytest.approx(-6, rel=0.01)
    assert leaky.best(False, slope=0.0).low > -1.5
