"""Reading in a process of its own: pictures, ends, errors, hangs, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mol_edge.errors import InputError
from mol_edge.sources import SourceOptions, open_source
from mol_edge.sources.child_reader import ChildReader
from mol_edge.sources.reader import EndOfSource

pytest.importorskip("cv2", reason="the child reads with it")

PATIENCE_S = 60


def read(reader, count=None):
    """The next `count` pictures, or those until the end."""
    found = []
    deadline = time.monotonic() + PATIENCE_S
    while (count is None or len(found) < count) and time.monotonic() < deadline:
        try:
            captured = reader.poll(0.2)
        except EndOfSource:
            return found
        if captured is not None:
            found.append(captured)
    assert count is not None and len(found) == count
    return found


def is_gone(pid):
    """Whether a process has ended, within some seconds."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def open_reader():
    opened = []

    def make(source, **options):
        opened.append(ChildReader(source, SourceOptions(**options), str(source)))
        return opened[-1]

    yield make
    for reader in opened:
        reader.close()


def test_a_file_comes_whole_and_paced(video, open_reader):
    reader = open_reader(str(video))
    before = time.monotonic_ns()
    found = read(reader)
    assert len(found) + reader.overrun == 90
    assert (reader.name, reader.period_ns) == (str(video), 33_333_333)
    with open_source(video) as source:
        expected = {frame.index: frame.image for frame in source}
    for captured in found:
        np.testing.assert_array_equal(captured.frame.image, expected[captured.frame.index])
        assert before < captured.frame.timestamp_ns <= captured.captured_ns < time.monotonic_ns()
    first, last = found[0].frame, found[-1].frame
    # A machine that is too busy plays late, never early.
    least_ns = (last.index - first.index) * 1e9 / 30
    assert last.timestamp_ns - first.timestamp_ns >= 0.99 * least_ns


def test_what_cannot_be_opened_says_so_in_the_same_words(open_reader):
    reader = open_reader(87)
    with pytest.raises(InputError, match="camera 87 cannot be opened: check that it is connected"):
        read(reader, 1)


def test_an_error_of_the_child_comes_out_of_poll(open_reader):
    with pytest.raises(InputError, match="must be a path, a camera's number or frames, got None"):
        read(open_reader(None), 1)


def test_a_hung_open_is_killed_and_the_next_reader_gets_the_stream(video, tmp_path, open_reader):
    """FFmpeg's open of a fifo that nobody writes to blocks for good: no time limit reaches it."""
    fifo = tmp_path / "stream.ts"
    os.mkfifo(fifo)
    address = f"file://{fifo}"
    hung = open_reader(address, timeout_ms=200)
    assert hung.poll(1.0) is None
    assert hung._process.poll() is None
    hung.close()
    assert not hung.hanging
    reader = open_reader(address)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-f", "mpegts", str(fifo)]
    writer = subprocess.Popen(command)
    try:
        found = read(reader)
        assert found
        assert 80 <= len(found) + reader.overrun <= 90
    finally:
        writer.kill()
        writer.wait()


def test_a_crash_costs_an_error_and_names_the_signal(video, open_reader):
    reader = open_reader(str(video))
    read(reader, 1)
    os.kill(reader._process.pid, signal.SIGSEGV)
    with pytest.raises(InputError, match="ended with signal 11"):
        for _ in range(100):
            reader.poll(0.2)


def test_pictures_that_are_not_taken_in_time_are_counted(video, open_reader):
    reader = open_reader(str(video))
    read(reader, 1)
    assert is_gone(reader._process.pid)
    rest = read(reader)
    assert [captured.frame.index for captured in rest] == [86, 87, 88, 89]
    assert reader.overrun == 85


def test_close_kills_the_child_and_leaves_nothing_open(video):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        reader = ChildReader(str(video), SourceOptions(), "video")
        pid = reader._process.pid
        reader.close()
        reader.close()
        assert not reader.hanging
        assert is_gone(pid)
        del reader
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_child_goes_with_its_parent_even_in_a_hung_read(tmp_path, how):
    fifo = tmp_path / "stream.ts"
    os.mkfifo(fifo)
    # Whoever starts the tests in the background lets them ignore Ctrl-C, and hands that down.
    program = f"""
import signal, time
from mol_edge.sources import SourceOptions
from mol_edge.sources.child_reader import ChildReader
signal.signal(signal.SIGINT, signal.default_int_handler)
reader = ChildReader("file://{fifo}", SourceOptions(), "x")
reader.poll(1.0)
print(reader._process.pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    child = int(parent.stdout.readline())
    assert os.getpgid(child) != os.getpgid(parent.pid)
    parent.send_signal(how)
    parent.wait(PATIENCE_S)
    parent.stdout.close()
    assert is_gone(child)


def test_an_address_with_a_password_is_not_on_the_command_line(open_reader):
    reader = open_reader("rtsp://user:secret@127.0.0.1:9/live")
    assert b"secret" not in Path(f"/proc/{reader._process.pid}/cmdline").read_bytes()


def test_the_child_imports_no_torch_and_not_the_callers_module(tmp_path, video):
    script = tmp_path / "user.py"
    script.write_text(
        f"""
from pathlib import Path
from mol_edge.sources import SourceOptions
from mol_edge.sources.child_reader import ChildReader
with open({str(tmp_path / "runs")!r}, "a") as file:
    file.write("x")
reader = ChildReader({str(video)!r}, SourceOptions(), "v")
while reader.poll(0.2) is None:
    pass
maps = Path(f"/proc/{{reader._process.pid}}/maps").read_text()
print("torch" in maps, "onnxruntime" in maps, "cv2" in maps)
reader.close()
"""
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False", "True"], done.stderr
    assert (tmp_path / "runs").read_text() == "x"
