from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from training.synthetic import make_clip, make_event, make_still
from training.synthetic.__main__ import main
from training.synthetic.cache import open_clips, open_stills, write_clips, write_stills
from training.synthetic.options import SyntheticOptions
from training.synthetic.packing import pack, unpack
from training.synthetic.photos import make_photo_clip, read_photos


def test_set_gives_back_what_was_made_for_any_number_of_workers(tmp_path: Path) -> None:
    write_clips(tmp_path / "one", 3, seed=5, workers=1)
    write_clips(tmp_path / "two", 3, seed=5, workers=2)
    for name in ("frames.npy", "landmarks.npy", "truth.npy", "offsets.npy", "set.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    stored, made = open_clips(tmp_path / "one"), make_clip(6)
    assert len(stored) == 3
    clip = stored[1]
    assert clip.frames.tobytes() == made.frames.tobytes()
    assert clip.flow(2).tobytes() == made.flow(2).tobytes()
    assert np.array_equal(clip.flow_mask(2), made.flow_mask(2))
    assert (clip.emotion, clip.aus, clip.identity) == (made.emotion, made.aus, made.identity)
    assert np.array_equal(clip.timestamps_ns, made.timestamps_ns)
    assert (clip.label5_casme, clip.label3) == (made.label5_casme, made.label3)


def test_stills_are_stored_as_made(tmp_path: Path) -> None:
    write_stills(tmp_path / "stills", 2, seed=9)
    frames, landmarks = open_stills(tmp_path / "stills")
    picture, points = make_still(10)
    assert np.array_equal(frames[1], picture)
    assert np.array_equal(landmarks[1], points)


def test_unfinished_or_occupied_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="finished set of clips"):
        open_clips(tmp_path)
    write_stills(tmp_path, 1)
    with pytest.raises(InputError, match="finished set of clips"):
        open_clips(tmp_path)
    with pytest.raises(InputError, match="empty of other sets"):
        write_stills(tmp_path, 1)
    with pytest.raises(OptionError, match="count of 0"):
        write_clips(tmp_path / "none", 0)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["clips", "--seed", "-3"], "--seed: must be a whole number from 0, got '-3'"),
        (["videos", "--fps", "x"], "--fps: must be a rate or two, such as 30 or 30..200, got 'x'"),
    ],
)
def test_numbers_that_are_none_are_told_with_their_option(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main([*words, "--out", str(tmp_path / "set")])
    assert f"argument {reason}\n" in capsys.readouterr().err


def test_packed_truth_is_exact_and_damage_is_found() -> None:
    truth = make_clip(1).truth
    vector = pack(truth)
    assert vector.nbytes < 20000
    again = unpack(vector)
    assert np.array_equal(again.flow(1), truth.flow(1))
    for damaged in (vector[:-1], np.append(vector, 0.0)):
        with pytest.raises(InputError, match="packed truth"):
            unpack(damaged)


def test_event_is_whole_and_as_asked() -> None:
    options = SyntheticOptions(fps=(100.0, 100.0), p_macro=0.0)
    event = make_event(3, options, emotion="disgust", identity=42)
    assert event.emotion == "disgust"
    assert event.identity == 42
    assert 0 == event.onset < event.apex < event.offset == len(event.frames) - 1
    assert event.frames.ndim == 3
    side = event.frames.shape[1]
    eyes = event.landmarks[:, 36:48].mean(1)
    assert ((eyes > 0.1 * side) & (eyes < 0.9 * side)).all()


def _photos(folder: Path) -> Path:
    import json

    event = make_event(3, SyntheticOptions(fps=(30.0, 30.0), noise=False), identity=4)
    cv2.imwrite(str(folder / "face.png"), event.frames[0])
    faces = [{"box": [0, 0, 1, 1], "landmarks": event.landmarks[0].tolist()}]
    (folder / "landmarks.json").write_text(json.dumps({"face.png": faces}))
    return folder


def test_photograph_is_animated_with_exact_truth(tmp_path: Path) -> None:
    photos = read_photos(_photos(tmp_path))
    assert len(photos) == 1
    options = SyntheticOptions(noise=False, p_none=0.0, p_macro=1.0, protocol="event")
    clip = make_photo_clip(photos, 3, options)
    assert clip.frames.shape == (8, 128, 128)
    y, x = np.mgrid[:128, :128].astype(np.float32)
    still, warped = 0.0, 0.0
    for k in range(7):
        flow, mask = clip.flow(k), clip.flow_mask(k)
        first, second = clip.frames[k].astype(np.float32), clip.frames[k + 1].astype(np.float32)
        back = cv2.remap(second, x + flow[0], y + flow[1], cv2.INTER_LINEAR)
        still += float(np.abs(second - first)[mask].mean())
        warped += float(np.abs(back - first)[mask].mean())
    assert warped < 0.6 * still


def test_bad_photographs_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="landmarks.json"):
        read_photos(tmp_path)
    (tmp_path / "landmarks.json").write_text('{"gone.png": []}')
    with pytest.raises(InputError, match="gone.png"):
        read_photos(tmp_path)
    cv2.imwrite(str(tmp_path / "gone.png"), np.zeros((20, 20), np.uint8))
    (tmp_path / "landmarks.json").write_text('{"gone.png": [{"landmarks": [[1, 2]]}]}')
    with pytest.raises(InputError, match="68 landmarks"):
        read_photos(tmp_path)


def test_command_line_draws_a_sheet_and_reports_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sheet.png"
    assert main(["sheet", "--out", str(path), "--count", "2"]) == 0
    assert cv2.imread(str(path)).shape == (256, 2560, 3)
    assert main(["clips", "--out", str(tmp_path / "x"), "--count", "0"]) == 1
    assert "count of 0" in capsys.readouterr().err
