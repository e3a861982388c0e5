import mmap
import sys
from pathlib import Path

import pytest

from mol_edge.backends import huge_pages as module
from mol_edge.backends.huge_pages import huge_pages

MB = 1 << 20


def huge_bytes():
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("AnonHugePages"):
            return int(line.split()[1]) * 1024
    raise AssertionError("smaps_rollup has no AnonHugePages")


@pytest.mark.parametrize(
    ("after", "before", "added"),
    [
        ([(0, 10)], [], [(0, 10)]),
        ([(0, 10)], [(0, 10)], []),
        ([(0, 10)], [(2, 4)], [(0, 2), (4, 10)]),
        ([(0, 10), (20, 30)], [(5, 25)], [(0, 5), (25, 30)]),
        ([(0, 10)], [(20, 30)], [(0, 10)]),
    ],
)
def test_what_was_added(after, before, added):
    assert list(module._added(after, before)) == added


def test_without_huge_pages_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_STATE", tmp_path)
    monkeypatch.setattr(module, "_ask", lambda *_: pytest.fail("asked"))
    with huge_pages():
        held = bytearray(8 * MB)
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    with huge_pages():
        held += bytearray(8 * MB)
    assert len(held) == 16 * MB


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone has the files")
def test_memory_allocated_in_the_block_gets_huge_pages_and_keeps_its_content():
    if module._page_size() is None:
        pytest.skip("this kernel gives no huge pages on demand")
    outside = mmap.mmap(-1, 8 * MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    outside.write(b"\x01" * (8 * MB))
    before = huge_bytes()
    with huge_pages():
        inside = mmap.mmap(-1, 8 * MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        inside.write(bytes(range(256)) * (8 * MB // 256))
    # At least the whole huge pages in it, where memory is not too scattered to give them.
    grown = huge_bytes() - before
    assert grown in (0, *range(6 * MB, 17 * MB, 2 * MB))
    assert inside[:] == bytes(range(256)) * (8 * MB // 256)
    assert outside[:1024] == b"\x01" * 1024
