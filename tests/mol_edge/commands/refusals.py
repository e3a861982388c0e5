"""What a command that refuses something says, and arguments with which it says nothing else."""

from __future__ import annotations

import subprocess

from tests.mol_edge.commands.run_results import FAST

BRIEFLY = (*FAST, "--no-video", "--quiet")


def assert_refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """One sentence on standard error that has the words; no traceback."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mol-edge: error: ")
    assert lines[0].endswith((".", "`."))
    assert ". " not in lines[0].partition("error: ")[2]
    for word in words:
        assert word in lines[0]
