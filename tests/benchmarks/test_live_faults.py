import subprocess
import sys

import pytest

from tests.mol_edge.conftest import DEMO

pytest.importorskip("cv2")


def test_readers_that_crash_hang_and_are_killed_leave_nothing_behind() -> None:
    command = [sys.executable, "-m", "benchmarks.live_faults", "--faults", "9", "--warm-up", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=DEMO.parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("9 faults, ")
    assert "child processes 1 -> 1" in done.stdout
