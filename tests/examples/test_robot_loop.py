"""The robot's loop: what it does with old and missing results, its beat, and a whole run."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from examples import robot_loop
from examples.robot_loop import Beat, Command, Mailbox, Robot, Seen, control, decide, see
from mol_edge import FaceResult, FrameResult

pytest.importorskip("cv2")
pytest.importorskip("onnxruntime")

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_in_it_holds() -> None:
    tried = doctest.testmod(robot_loop)
    assert (tried.attempted, tried.failed) == (2, 0)


def test_a_mailbox_holds_the_newest_letter() -> None:
    mailbox = Mailbox[int]()
    assert mailbox.latest() is None
    for number in range(3):
        mailbox.put(number, number / 10)
    assert mailbox.latest() == (2, 0.2)
    assert mailbox.latest() == (2, 0.2)


@pytest.mark.parametrize(
    ("letter", "now_s", "expected"),
    [
        (None, 1.0, Command(why="nothing yet")),
        ((Seen(), 1.0), 1.05, Command(why="no face")),
        ((Seen(-0.5, 0.25), 1.0), 1.1, Command(-0.4, 0.2, "face")),
        ((Seen(-0.5, 0.25), 1.0), 1.2, Command(why="late")),
    ],
)
def test_it_moves_only_on_what_is_new_enough(
    letter: tuple[Seen, float] | None, now_s: float, expected: Command
) -> None:
    assert decide(letter, now_s, deadline_s=0.15) == expected


def test_only_a_face_that_is_measured_is_seen() -> None:
    points = np.array([[300, 200], [340, 200], [320, 220], [305, 240], [335, 240.0]])
    face = FaceResult(
        track_id=0, box=(280, 180, 80, 80), score=1.0, points=points, transform=np.eye(2, 3)
    )
    result = FrameResult(index=0, timestamp_ns=0, faces=(face,))
    assert see(result, 640, 480) == Seen()
    landmarks = np.zeros((68, 2), np.float32)
    measured = FaceResult(
        track_id=0, box=(280, 180, 80, 80), score=1.0, points=points, transform=np.eye(2, 3),
        landmarks=landmarks,
    )  # fmt: skip
    seen = see(FrameResult(index=0, timestamp_ns=0, faces=(measured,)), 640, 480)
    assert (seen.x, seen.y) == pytest.approx((0.0, -1 / 12), abs=1e-9)


class Scripted(threading.Event):
    """Never waits: each wait lets the clock go on by what the script says, then it stops."""

    def __init__(self, late_s: list[float]) -> None:
        super().__init__()
        self.now_s, self._late_s = 100.0, late_s
        self.waits: list[float] = []

    def now(self) -> float:
        return self.now_s

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(round(timeout, 6))
        if not self._late_s:
            return True
        self.now_s += timeout + self._late_s.pop(0)
        return False


def test_a_late_turn_is_skipped_and_the_beat_is_kept() -> None:
    # The second turn's work takes 2.5 periods; the third comes at the next beat, not at once.
    script = Scripted([0.0, 0.25, 0.0, 0.0])
    beat = Beat(0.1, script.now)
    robot = Robot()
    mailbox = Mailbox[Seen]()
    mailbox.put(Seen(1.0, 0.0), 100.05)
    reasons = control(mailbox, robot, beat, script, deadline_s=0.2)
    assert script.waits == [0.1, 0.1, 0.05 - 0.05, 0.05, 0.1]
    assert beat.missed == 1
    assert reasons == {"face": 1, "late": 3}
    assert (robot.turns, robot.command) == (5, Command(why="stopped"))


def test_it_runs_on_the_demo() -> None:
    program = [sys.executable, "examples/robot_loop.py", "examples/data/demo.mp4"]
    done = subprocess.run(
        [*program, "--device", "onnxruntime", "--deadline-ms", "60000"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = re.fullmatch(r"(\d+) turns \((.*)\), \d+ missed; (\d+) results\n", done.stdout)
    assert told is not None, done.stdout
    assert int(told[1]) > 0
    assert int(told[3]) > 0
    assert "robot: ended" in done.stderr


def test_a_source_that_is_not_there_is_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "examples/robot_loop.py", "none.mp4", "--device", "onnxruntime"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "none.mp4" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [("--hertz", "0"), ("--hertz", "nan"), ("--size", "640"), ("--size", "0x480"),
     ("--deadline-ms", "-1"), ("--seconds", "soon")],
)  # fmt: skip
def test_options_that_no_loop_can_have(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        robot_loop.parse(["0", option, value])
    assert f"argument {option}: must be a" in capsys.readouterr().err
