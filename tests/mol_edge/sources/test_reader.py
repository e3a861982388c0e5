import threading

import numpy as np
import pytest

from mol_edge.frame import Frame
from mol_edge.sources.reader import EndOfSource, ThreadReader

FRAMES = [Frame(np.full((20, 30), n, np.uint8), n, n, "gray") for n in range(5)]


class Clock:
    def now_ns(self):
        return 77


def test_it_gives_the_frames_stamped_and_then_the_end():
    reader = ThreadReader(lambda: iter(FRAMES), "frames", Clock(), lambda: "cut short")
    found = [reader.poll(10) for _ in FRAMES]
    assert [captured.frame for captured in found] == FRAMES
    assert {captured.captured_ns for captured in found} == {77}
    with pytest.raises(EndOfSource) as end:
        reader.poll(10)
    assert end.value.incomplete == "cut short"
    reader._thread.join(10)
    assert not reader.hanging


def test_what_the_source_raises_comes_out_of_poll():
    def frames():
        yield FRAMES[0]
        raise OSError("unplugged")

    reader = ThreadReader(frames, "frames")
    assert reader.poll(10).frame is FRAMES[0]
    with pytest.raises(OSError, match="unplugged"):
        reader.poll(10)


def test_a_source_that_hangs_blocks_nobody_and_is_known_to_hang():
    gate = threading.Event()

    def frames():
        gate.wait(60)
        yield FRAMES[0]

    reader = ThreadReader(frames, "frames")
    assert reader.poll(0.01) is None
    reader.close()
    assert reader.hanging
    gate.set()
    reader._thread.join(10)
    assert not reader.hanging


def test_close_ends_a_thread_whose_picture_nobody_takes_and_closes_the_generator():
    closed = threading.Event()

    def frames():
        try:
            while True:
                yield FRAMES[0]
        finally:
            closed.set()

    reader = ThreadReader(frames, "frames")
    assert reader.poll(10) is not None
    reader.close()
    assert closed.wait(10)
