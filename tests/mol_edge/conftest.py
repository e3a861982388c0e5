"""Small videos cut from the demo video, and the command line as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

DEMO = Path(__file__).parents[2] / "examples" / "data" / "demo.mp4"

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def demo_frames() -> list[np.ndarray]:
    """The first 30 frames of the demo video, half a second."""
    cv2 = pytest.importorskip("cv2")
    capture = cv2.VideoCapture(str(DEMO))
    frames = [capture.read()[1] for _ in range(30)]
    capture.release()
    assert all(frame is not None and frame.shape == (480, 640, 3) for frame in frames)
    return frames


def write_video(path: Path, frames: Sequence[np.ndarray], fps: float = 60.0) -> Path:
    """Write frames as MPEG-4 or, where the name ends in .avi, as Motion JPEG: any OpenCV can."""
    import cv2

    code = "MJPG" if path.suffix == ".avi" else "mp4v"
    size = (frames[0].shape[1], frames[0].shape[0])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), fps, size)
    assert writer.isOpened()
    for frame in frames:
        writer.write(np.ascontiguousarray(frame))
    writer.release()
    return path


@pytest.fixture
def mol_edge_command(tmp_path: Path) -> RunCommand:
    """Run `mol-edge` in a process of its own, in an empty folder, with an empty cache.

    `without` names packages that shall look as if they were not installed.
    """

    def run(
        *arguments: str | Path, without: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        block = f"import sys; sys.modules.update(dict.fromkeys({list(without)!r}))"
        program = f"{block}; from mol_edge.cli import main; sys.exit(main(sys.argv[1:]))"
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MOL_EDGE_")},
            "MOL_EDGE_CACHE": str(tmp_path / "cache"),
            "COLUMNS": "100",
        }
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            timeout=120,
        )

    return run
