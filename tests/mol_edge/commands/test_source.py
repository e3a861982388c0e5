"""Options of a source that say nothing of the one that is named."""

import pytest

from mol_edge.cli import main
from mol_edge.sources import takes_rate
from tests.mol_edge.conftest import DEMO


@pytest.mark.parametrize(
    "words",
    [("run", DEMO), ("run", DEMO, "--live"), ("preflight", DEMO), ("run", "rtsp://u:pw@host/live")],
)
def test_a_rate_is_not_given_to_what_has_times_of_its_own(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*map(str, words), "--fps", "25"]) == 2
    name = "rtsp://host/live" if "rtsp" in str(words[1]) else words[1]
    said = capsys.readouterr()
    assert said.err == (
        "mol-edge: error: --fps is the rate of pictures, or one to ask of a camera, and "
        f"{name} has times of its own: leave it out.\n"
    )
    assert said.out == "" and list(tmp_path.iterdir()) == []


def test_pictures_and_cameras_take_a_rate(tmp_path):
    (tmp_path / "one.PNG").touch()
    taken = ("0", "/dev/video2", str(tmp_path), str(tmp_path / "one.PNG"))
    assert all(map(takes_rate, taken))
    others = (str(DEMO), "http://host/live.mjpg", "v4l2src ! appsink")
    assert not any(map(takes_rate, others))
