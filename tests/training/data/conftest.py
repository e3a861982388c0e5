"""Small folders in the layouts of the licensed sets."""

import pytest

from tests.training.data.clips import Folder


@pytest.fixture
def folder(tmp_path):
    """An empty root to write clips to."""
    pytest.importorskip("cv2", reason="frames are written with opencv-python")
    root = tmp_path / "set"
    root.mkdir()
    return Folder(root)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A prepared look-alike of CASME II, original layout: 3 subjects of 2 clips, the last of 1."""
    for package in ("cv2", "skimage", "tqdm"):
        pytest.importorskip(package, reason=f"preparing needs {package}")
    from training.data import PrepareOptions, prepare
    from training.data.lookalike import LookalikeOptions, write_lookalike

    root = tmp_path_factory.mktemp("casme2") / "raw"
    points = write_lookalike(root, LookalikeOptions("casme2", "original", subjects=3, clips=2))
    sheet = (root / "coding.csv").read_text().splitlines()
    (root / "coding.csv").write_text("\n".join(sheet[:-1]) + "\n")
    options = PrepareOptions(
        "casme2", "original", root, f"csv:{points}", 5, root.parent / "cache", protocol="event",
        jobs=1,
    )  # fmt: skip
    return options, prepare(options, progress=False)
