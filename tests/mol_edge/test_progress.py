from __future__ import annotations

import errno
import io

import pytest

from mol_edge import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock in a list of one, for tests to set."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_stream_that_cannot_be_written_ends_nothing(clock: list[float]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with progress.open_progress(10, stream=Full()) as bar:
        for at in range(10):
            clock[0] = 10.0 * at
            bar.advance()


def test_plain_lines_come_ever_more_rarely(clock: list[float]) -> None:
    stream = io.StringIO()
    with progress.open_progress(1000, stream=stream) as bar:
        for at in range(1, 1001):
            clock[0] = at / 10
            bar.advance()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "20 of 1000 frames, 10.0 per second"
    assert 10 <= len(lines) <= 30
    assert all(line.endswith("frames, 10.0 per second") for line in lines)


def test_a_source_without_a_length_is_counted(clock: list[float]) -> None:
    stream = io.StringIO()
    with progress.open_progress(None, stream=stream) as bar:
        clock[0] = 4.0
        bar.advance()
    assert stream.getvalue() == "1 frames, 0.2 per second\n"


def test_what_is_counted_is_named(clock: list[float]) -> None:
    stream = io.StringIO()
    with progress.open_progress(8, stream=stream, unit="clips") as bar:
        clock[0] = 4.0
        bar.advance()
    assert stream.getvalue() == "1 of 8 clips, 0.2 per second\n"


def test_quiet_shows_nothing(clock: list[float]) -> None:
    stream = Terminal()
    with progress.open_progress(2, quiet=True, stream=stream) as bar:
        clock[0] = 1e6
        bar.advance()
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar_where_rich_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress.open_progress(3, stream=stream) as bar:
        for _ in range(3):
            bar.advance()
    assert "3/3" in stream.getvalue()


def test_a_terminal_without_rich_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    for name in ("rich", "rich.console", "rich.progress"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    stream = Terminal()
    with progress.open_progress(3, stream=stream) as bar:
        clock[0] = 2.0
        bar.advance()
    assert stream.getvalue() == "1 of 3 frames, 0.5 per second\n"
