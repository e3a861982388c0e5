"""Short real videos, and a clock."""

import shutil
import subprocess

import pytest

from tests.mol_edge.live_sources import HeldClock

SIZE = (64, 48)


@pytest.fixture(scope="session")
def ffmpeg():
    """Runs ffmpeg with the arguments given."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")

    def run(*arguments):
        command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, timeout=60)

    return run


@pytest.fixture(scope="session")
def video(tmp_path_factory, ffmpeg):
    """90 frames of noise at 30 per second, MP4 with its index in front."""
    path = tmp_path_factory.mktemp("video") / "whole.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size={SIZE[0]}x{SIZE[1]}:rate=30:duration=3"),
        *("-vf", "noise=alls=40:allf=t", "-c:v", "mpeg4", "-q:v", "2"),
        *("-movflags", "+faststart", path),
    )
    return path


@pytest.fixture
def clock():
    """A clock that the test holds."""
    return HeldClock()
