"""The core works while other Python threads run."""

from __future__ import annotations

import threading

import numpy as np

from mol_edge import _core
from tests.mol_edge.core_cases import face_points, noise_image


def peak_of_two_threads(work) -> int:
    """The most calls that were inside C++ at once while two threads worked side by side."""
    start = threading.Barrier(2)

    def run():
        start.wait()
        work()

    _core._take_peak_in_flight()
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _core._take_peak_in_flight()


def test_two_long_calls_overlap():
    # Long enough that the second starts before the first ends, if the first lets it.
    flow = np.ones((2, 1500, 1500), np.float32)
    assert peak_of_two_threads(lambda: _core.flow_to_color(flow)) == 2


def test_one_thread_never_overlaps_itself():
    _core._take_peak_in_flight()
    for _ in range(3):
        _core.flow_to_color(np.ones((2, 8, 8), np.float32))
    assert _core._take_peak_in_flight() == 1


def test_crops_overlap_and_stay_right():
    image = noise_image("bgr")
    transform = _core.alignment_transform(face_points(160, 120, 90, 0.2))
    expected = _core.crop_float(image, transform, 10.0, 20.0)
    wrong = []

    def work():
        for _ in range(4000):
            if not np.array_equal(_core.crop_float(image, transform, 10.0, 20.0), expected):
                wrong.append(True)

    assert peak_of_two_threads(work) == 2
    assert not wrong
