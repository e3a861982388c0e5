"""Whatever ends a command is one sentence and an exit code, and faults of ours keep a traceback."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mol_edge import _loading
from mol_edge.commands.ending import ended
from mol_edge.errors import InputError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("A video must be one."), 2, "error: A video must be one."),
        (KeyboardInterrupt(), 130, "interrupted"),
        (
            PermissionError(errno.EACCES, "Permission denied", "a b.txt"),
            2,
            "error: a b.txt must be readable, or writable where results go, and is not "
            "(Permission denied): check the path and its permissions.",
        ),
        (
            MemoryError("Unable to allocate 9 GiB"),
            2,
            "error: More memory is needed than there is (Unable to allocate 9 GiB): give it less "
            "at a time, or free some.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            2,
            "error: What is written needs room on its disk, and has none (No space left on "
            "device): free some.",
        ),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch.nn"),
            2,
            "error: tool needs the package torch, which is not installed: run `pip install "
            '"mol-edge[train]"`.',
        ),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(
    error: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # That of pytest has no buffer, so that it might be what has no room.
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert ended("tool", error, "train") == code
    assert capsys.readouterr().err == f"tool: {said}\n"


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        TypeError("x"),
        OSError(errno.EBADF, "Bad file descriptor"),
        ModuleNotFoundError("No module named 'mol_edge.nothing'", name="mol_edge.nothing"),
        ModuleNotFoundError("No module named 'examples.nothing'", name="examples.nothing"),
        SystemExit(3),
    ],
)
def test_faults_of_ours_are_not_told_as_if_a_user_had_made_them(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("tool", error, "train") is None
    assert capsys.readouterr().err == ""


_PACKAGE = """
from mol_edge.commands.ending import end_in_words

end_in_words("pack", "train")
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a package `pack`, whose modules end as `end_in_words` has it."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text(_PACKAGE)
    return tmp_path


def _started(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[3]
    path = os.pathsep.join((str(root), str(folder)))
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("import not_there", 2, "pack.tool: error: pack.tool needs the package not_there, which"),
        ("open('/nothing')", 2, "pack.tool: error: /nothing must be readable"),
        ("raise KeyboardInterrupt", 130, "pack.tool: interrupted"),
        ("raise SystemExit(7)", 7, ""),
    ],
)
def test_a_module_of_a_package_ends_in_words(
    package: Path, source: str, code: int, said: str
) -> None:
    (package / "pack" / "tool.py").write_text(source)
    done = _started(package, "-m", "pack.tool", "--option")
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == (1 if said else 0)


def test_a_fault_of_a_module_keeps_its_traceback(package: Path) -> None:
    (package / "pack" / "tool.py").write_text("{}['x']")
    done = _started(package, "-m", "pack.tool")
    assert done.returncode == 1
    assert done.stderr.endswith("KeyError: 'x'\n")
    assert "Traceback" in done.stderr


def test_who_imports_such_a_package_keeps_their_own_endings(package: Path) -> None:
    done = _started(package, "-c", "import sys, pack; print(sys.excepthook is sys.__excepthook__)")
    assert done.stdout == "True\n"


_HELD = """
import os, signal, sys
sys.argv = [{name!r}]
sys.path.insert(0, {folder!r})
import mol_edge
"""


@pytest.mark.parametrize(
    ("name", "code", "quiet"),
    [("/usr/bin/mol-edge", 130, True), ("tool.py", -signal.SIGINT, False)],
)
def test_ctrl_c_while_the_command_is_loaded_is_quiet(
    tmp_path: Path, name: str, code: int, quiet: bool
) -> None:
    # Stands for what takes long to load: the process gets the signal in the midst of imports.
    (tmp_path / "numpy.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    done = _started(tmp_path, "-c", _HELD.format(name=name, folder=str(tmp_path)))
    assert done.returncode == code
    assert ("Traceback" not in done.stderr) is quiet
    assert (done.stderr == "") is quiet


def test_ctrl_c_is_an_exception_again_once_loaded() -> None:
    before = signal.signal(signal.SIGINT, _loading._end)
    try:
        _loading.finish()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
