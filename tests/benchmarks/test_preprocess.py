from __future__ import annotations

import pytest

from benchmarks import preprocess


@pytest.mark.parametrize("format", ["bgr", "gray", "nv12", "yuyv"])
def test_both_sides_compute_the_same(format):
    row = preprocess.measure(format, "300 px, over the corner", rounds=3)
    assert row.core_error < 0.02
    # OpenCV rounds coordinates to 1/32 pixel and luma to whole levels.
    assert 0.02 < row.opencv_error < 3
    assert row.opencv_us > 0
    assert row.core_us > 0


def test_table_has_a_line_per_format_and_face(capsys):
    preprocess.main(["--rounds", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4 * 4
    assert all(line.count("x") >= 1 for line in lines[2:])
