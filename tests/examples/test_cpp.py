"""The C++ example: built against an installed core, it cuts the same crop as the Python package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mol_edge import _core

ROOT = Path(__file__).resolve().parents[2]
POINTS = np.array([[130, 100], [190, 104], [161, 135], [136, 165], [185, 168.0]])
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool, path=PATH) for tool in ("cmake", "ninja", "c++")),
    reason="cmake, ninja and a C++ compiler are needed",
)


def run(*words: object) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=ROOT, env={**os.environ, "PATH": PATH},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, linked to a core that is installed elsewhere than it was built."""
    folder = tmp_path_factory.mktemp("cpp")
    # `make cpp-test` has built it already; else it is built here.
    core = ROOT / "build" / "cpp"
    if not (core / "build.ninja").exists():
        core = folder / "core"
        run("cmake", "-S", "cpp", "-B", core, "-G", "Ninja", "-DMOL_EDGE_BUILD_TESTS=OFF")
    run("cmake", "--build", core, "--target", "mol_edge_core")
    run("cmake", "--install", core, "--prefix", folder / "prefix")
    built = folder / "built"
    options = ("-G", "Ninja", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}")
    run("cmake", "-S", "examples/cpp", "-B", built, *options)
    run("cmake", "--build", built)
    return built / "align_face"


def picture(shift: int = 0) -> np.ndarray:
    """Soft waves, RGB, moved to the right by whole pixels."""
    y, x = np.mgrid[:240, :320].astype(float)
    x -= shift
    waves = [
        np.sin(x / 9 + c) * np.cos(y / 11) + np.sin((x + 2 * y) / 17) * np.cos((x - y) / 23 + c)
        for c in range(3)
    ]
    return (128 + 45 * np.stack(waves, axis=-1)).round().astype(np.uint8)


def write(path: Path, image: np.ndarray) -> Path:
    path.write_bytes(b"P6\n%d %d\n255\n" % (image.shape[1], image.shape[0]) + image.tobytes())
    return path


def test_it_cuts_the_crop_of_the_package_and_sees_the_head_move(
    program: Path, tmp_path: Path
) -> None:
    first, second = (write(tmp_path / f"{n}.ppm", picture(n)) for n in (0, 3))
    told = run(program, first, tmp_path / "crop.pgm", *POINTS.ravel(), second)
    header, crop = (tmp_path / "crop.pgm").read_bytes().split(b"255\n", 1)
    assert header == b"P5\n128 128\n"
    transform = _core.alignment_transform(POINTS)
    expected = _core.crop_uint8(picture(), transform, "rgb")
    found = np.frombuffer(crop, np.uint8).reshape(128, 128)
    np.testing.assert_array_equal(found, expected)

    assert f"aligned with {_core._isa()} code" in told
    moved = re.search(r"head moved (\S+) (\S+) crop pixels", told)
    assert moved is not None, told
    # Three pixels to the right in the picture, as the transform's linear part maps them.
    np.testing.assert_allclose([float(moved[1]), float(moved[2])], 3 * transform[:, 0], atol=0.05)


@pytest.mark.parametrize("content", [b"", b"P3\n2 2\n255\n", b"P6\n9 9\n255\nxx"])
def test_a_file_that_is_no_picture_is_refused(
    program: Path, tmp_path: Path, content: bytes
) -> None:
    bad = tmp_path / "bad.ppm"
    bad.write_bytes(content)
    words = [str(program), str(bad), str(tmp_path / "o.pgm"), *map(str, POINTS.ravel())]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(f"align_face: {bad} ")
