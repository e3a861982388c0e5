"""Small videos cut from the demo video, and the command line as its users run it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DEMO = Path(__file__).parents[2] / "examples" / "data" / "demo.mp4"

FAKE_NVIDIA = Path(__file__).parent / "backends" / "fake_nvidia"
_OURS = ("tensorrt_", "tensorrt_build", "tensorrt_engine")

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
def mol_edge_command(tmp_path: Path, session_cache: Path) -> RunCommand:
    """Run `mol-edge` in a process of its own, in an empty folder, with an almost empty cache.

    What is in the cache is the device that the session's first run with ``auto`` took, so that
    the later ones try none. `without` names packages that shall look as if they were not installed,
    `planted` is a folder of modules that come before those that are.
    """

    def run(
        *arguments: str | Path, without: Sequence[str] = (), planted: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        block = f"import sys; sys.modules.update(dict.fromkeys({list(without)!r}))"
        if planted is not None:
            block += f"; sys.path.insert(0, {str(planted)!r})"
        program = f"{block}; from mol_edge.cli import main; sys.exit(main(sys.argv[1:]))"
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        ours, kept = session_cache / "devices.json", tmp_path / "cache" / "devices.json"
        if ours.exists() and not kept.exists() and planted is None:
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(ours, kept)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MOL_EDGE_")},
            "MOL_EDGE_CACHE": str(tmp_path / "cache"),
            "COLUMNS": "100",
        }
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            timeout=120,
        )
        if kept.exists() and not ours.exists() and planted is None:
            shutil.copy(kept, ours)
        return done

    return run


@pytest.fixture
def fake_nvidia(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """The modules `tensorrt` and `cuda.bindings.runtime`, both fakes at the API's boundary."""
    pytest.importorskip("onnxruntime", reason="the fake runs graphs with it")
    monkeypatch.syspath_prepend(FAKE_NVIDIA)

    def forget() -> None:
        for name in list(sys.modules):
            ours = name.rpartition("mol_edge.backends.")[2] in _OURS
            if name in ("tensorrt", "cuda") or name.startswith("cuda.") or ours:
                del sys.modules[name]

    forget()
    importlib.invalidate_caches()
    trt = importlib.import_module("tensorrt")
    assert Path(trt.__file__).is_relative_to(FAKE_NVIDIA)
    yield trt, importlib.import_module("cuda.bindings.runtime").world
    forget()
