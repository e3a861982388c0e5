from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from mol_edge.errors import InputError, OptionError
from mol_edge.faces import choose, open_detector
from mol_edge.models import YUNET


@pytest.fixture(autouse=True)
def notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process, where the notice was not given yet."""
    monkeypatch.setattr(choose, "_embedded_notice", choose._Once())


def test_without_a_file_haar_and_one_line(no_yunet: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="mol_edge"):
        names = [open_detector().name for _ in range(3)]
    assert names == ["haar"] * 3
    (line,) = caplog.messages
    assert "embedded" in line
    assert "coarser" in line
    assert "mol-edge models get yunet" in line


def test_haar_on_request_says_nothing(no_yunet: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="mol_edge"):
        assert open_detector("haar").name == "haar"
    assert caplog.messages == []


def test_yunet_on_request_without_a_file_names_the_command(no_yunet: Path) -> None:
    with pytest.raises(InputError, match=r"MOL_EDGE_YUNET.*run `mol-edge models get yunet`"):
        open_detector("yunet")


def test_the_variable_names_the_file(
    no_yunet: Path, yunet_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOL_EDGE_YUNET", str(yunet_file))
    assert open_detector().name == "yunet"
    assert open_detector("yunet").name == "yunet"
    assert open_detector("haar").name == "haar"
    monkeypatch.setenv("MOL_EDGE_YUNET", str(yunet_file) + ".absent")
    with pytest.raises(InputError, match=r"\.absent cannot be read"):
        open_detector()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_a_yunet_file(no_yunet: Path, yunet_file: Path, kind: type) -> None:
    assert open_detector(kind(yunet_file)).name == "yunet"


def test_the_cache_is_checked_before_use(no_yunet: Path, yunet_file: Path) -> None:
    YUNET.path.parent.mkdir(parents=True)
    shutil.copy(yunet_file, YUNET.path)
    YUNET.path.chmod(0o600)
    assert open_detector().name == "yunet"
    data = bytearray(YUNET.path.read_bytes())
    data[1000] ^= 1
    YUNET.path.write_bytes(bytes(data))
    for choice in (None, "yunet"):
        with pytest.raises(InputError, match=r"does not have the SHA-256 8f2383e4.*get yunet"):
            open_detector(choice)
    assert open_detector("haar").name == "haar"


def test_wrong_options(no_yunet: Path) -> None:
    with pytest.raises(
        OptionError, match="'yunet', 'haar' or the path of a YuNet file, got 'dlib'"
    ):
        open_detector("dlib")
    with pytest.raises(OptionError, match="between 0 and 1, got -0.1"):
        open_detector("haar", score=-0.1)


def test_a_cache_that_is_no_folder_holds_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("MOL_EDGE_YUNET", raising=False)
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path / "file"))
    assert open_detector().name == "haar"
