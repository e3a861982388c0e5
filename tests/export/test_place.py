"""Where exports go, and what is left of those that do not come to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from export.place import drafting, naming_full_disk
from mol_edge.bundle import MANIFEST
from mol_edge.errors import OutputError

_ROOT = Path(__file__).parents[2]


def _write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(text)


def test_one_export_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with drafting(target) as first, drafting(tmp_path / "other"):
        _write(first.bundle, "first")
        with (
            pytest.raises(OutputError, match=f"another one writes {target} now: wait for it, or"),
            drafting(target),
        ):
            pass
        first.put(target)
    assert (target / MANIFEST).read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    with drafting(target) as second:
        _write(second.bundle, "second")
        second.put(target)
    assert (target / MANIFEST).read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_what_an_export_that_was_killed_left_is_removed(tmp_path: Path) -> None:
    stale = tmp_path / ".export-bundle"
    _write(stale / "bundle", "half")
    _write(stale / "replaced" / "bundle", "of before")
    with drafting(tmp_path / "bundle") as draft:
        assert list(draft.bundle.iterdir()) == []
        # It was killed after it had moved the older bundle away.
        assert (tmp_path / "bundle" / MANIFEST).read_text() == "of before"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_older_bundle_is_back_where_the_new_one_does_not_come_in_place(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    _write(target, "of before")
    with pytest.raises(FileNotFoundError), drafting(target) as draft:
        draft.bundle.rmdir()
        draft.put(target)
    assert (target / MANIFEST).read_text() == "of before"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_request_to_terminate_leaves_nothing(lite_checkpoint: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "export", str(lite_checkpoint), "-o", str(tmp_path / "b")]
    process = subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (tmp_path / ".export-b" / "bundle").exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    assert process.communicate()[1].splitlines()[-1] == "export: terminated"
    assert process.returncode == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no device here that is always full")
    with (
        pytest.raises(OutputError, match=f"Cannot write {tmp_path} .*make room there, or name"),
        naming_full_disk(tmp_path),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"weights")
