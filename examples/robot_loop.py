"""A robot that keeps its head towards a face: a 30 Hz control loop beside a slower network.

    python examples/robot_loop.py 0                      # camera 0
    python examples/robot_loop.py examples/data/demo.mp4

Perception runs in the background at its own pace and leaves its newest result in a mailbox. The
loop never waits for it: each turn takes what lies there, holds still where that is older than the
deadline, and keeps to its own beat. `Robot.move` is where a real robot's driver goes.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mol_edge import Health, HealthState, MolEdgeError, Pipeline
from mol_edge.results import FrameResult

log = logging.getLogger("robot")
T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest letter only; a thread puts, another one looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letter: tuple[T, float] | None = None

    def put(self, value: T, taken_s: float) -> None:
        """Replace the letter by `value`, which was true at the time `taken_s`."""
        with self._lock:
            self._letter = value, taken_s

    def latest(self) -> tuple[T, float] | None:
        """The newest value and its time, or None before the first."""
        with self._lock:
            return self._letter


@dataclass(frozen=True)
class Command:
    """What the robot shall do until the next turn.

    Attributes:
        yaw: to the right, -1 to 1 of its fastest turn.
        pitch: down, likewise.
        why: for the log.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    why: str = ""


@dataclass
class Robot:
    """Turns the head; this one only remembers, a real one talks to its motors here."""

    command: Command = Command()
    turns: int = 0

    def move(self, command: Command) -> None:
        """Take a command; it must return at once."""
        self.command = command
        self.turns += 1


@dataclass(frozen=True)
class Seen:
    """Where the face is: x right and y down from the middle, -1 to 1; None without one."""

    x: float | None = None
    y: float | None = None


def see(result: FrameResult, width: int, height: int) -> Seen:
    """What the loop needs of a result."""
    tracked = [face for face in result.faces if face.landmarks is not None]
    if not tracked:
        return Seen()
    x, y = tracked[0].points.mean(axis=0)
    return Seen(2 * float(x) / width - 1, 2 * float(y) / height - 1)


def decide(letter: tuple[Seen, float] | None, now_s: float, deadline_s: float) -> Command:
    """Turn towards the face; hold still rather than act on what is old.

    Example:
        >>> decide((Seen(0.5, 0.0), 10.0), now_s=10.05, deadline_s=0.1).yaw
        0.4
        >>> decide((Seen(0.5, 0.0), 10.0), now_s=10.2, deadline_s=0.1)
        Command(yaw=0.0, pitch=0.0, why='late')
    """
    if letter is None:
        return Command(why="nothing yet")
    seen, taken_s = letter
    if now_s - taken_s > deadline_s:
        return Command(why="late")
    if seen.x is None or seen.y is None:
        return Command(why="no face")
    return Command(0.8 * seen.x, 0.8 * seen.y, "face")


@dataclass
class Beat:
    """Turns at a fixed rate; one that comes too late is skipped, never made up for in a burst.

    Attributes:
        period_s: time between turns.
        now: the clock, in seconds.
        missed: turns that were skipped.
    """

    period_s: float
    now: Callable[[], float] = time.monotonic
    missed: int = 0

    def __post_init__(self) -> None:
        self._due = self.now()

    def wait(self, stop: threading.Event) -> bool:
        """Wait for the next turn; False once `stop` is set."""
        self._due += self.period_s
        late = int(max(0.0, self.now() - self._due) / self.period_s)
        self.missed += late
        self._due += late * self.period_s
        return not stop.wait(max(0.0, self._due - self.now()))


def control(
    mailbox: Mailbox[Seen], robot: Robot, beat: Beat, stop: threading.Event, deadline_s: float
) -> dict[str, int]:
    """Command the robot at each beat until `stop`; returns how often for which reason."""
    reasons: dict[str, int] = {}
    while beat.wait(stop):
        command = decide(mailbox.latest(), beat.now(), deadline_s)
        robot.move(command)
        reasons[command.why] = reasons.get(command.why, 0) + 1
    robot.move(Command(why="stopped"))
    return reasons


def size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"must be a size such as 640x480, got {text!r}")
    return int(width), int(height)


def above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", help="camera number, video file or stream address")
    parser.add_argument("--bundle", help="model (default: the demo model)")
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--size", type=size, default=(640, 480), help="of the pictures (default: 640x480)"
    )
    parser.add_argument(
        "--hertz", type=above_0, default=30.0, help="turns per second (default: 30)"
    )
    parser.add_argument(
        "--deadline-ms", type=above_0, default=150.0, help="oldest picture to act on (default: 150)"
    )
    parser.add_argument("--seconds", type=above_0, help="stop after so long")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run until the source or the time ends, or a signal comes."""
    given = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    width, height = given.size
    stop, mailbox, robot = threading.Event(), Mailbox[Seen](), Robot()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def on_result(result: FrameResult) -> None:
        mailbox.put(see(result, width, height), time.monotonic() - (result.age_ms or 0.0) / 1e3)

    def on_health(health: Health) -> None:
        log.info("%s: %s", health.state.value, health.message)
        if health.state.final:
            stop.set()

    # Without flow the network takes an eighth of the time, and the loop has no use for it.
    with Pipeline(given.bundle, given.device) as pipe:
        with pipe.live(given.source, False, on_result=on_result, on_health=on_health) as run:
            beat = Beat(1 / given.hertz)
            if given.seconds:
                alarm = threading.Timer(given.seconds, stop.set)
                alarm.daemon = True
                alarm.start()
            reasons = control(mailbox, robot, beat, stop, given.deadline_ms / 1e3)
        health = run.health
    told = ", ".join(f"{count} {why}" for why, count in reasons.items())
    print(f"{sum(reasons.values())} turns ({told}), {beat.missed} missed; {health.results} results")
    return 1 if health.state is HealthState.FAILED else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MolEdgeError as error:
        sys.exit(str(error))
