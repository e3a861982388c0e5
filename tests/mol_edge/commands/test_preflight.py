"""`mol-edge preflight` in a process of its own."""

import json
from pathlib import Path

from tests.mol_edge.conftest import DEMO, RunCommand


def test_the_demo_is_good_and_the_table_says_so(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("preflight", DEMO, "--seconds", "1", "--detector", "haar")
    assert done.returncode == 0, done.stderr
    assert "61 pictures in 1.0 s" in done.stdout
    assert "frame rate    good     60.0 per second" in done.stdout
    assert done.stdout.rstrip().endswith("GOOD: this camera can see micro-expressions.")


def test_json_and_the_exit_code_of_an_unfit_camera(
    mol_edge_command: RunCommand, tmp_path: Path
) -> None:
    import cv2

    folder = tmp_path / "pictures"
    folder.mkdir()
    capture = cv2.VideoCapture(str(DEMO))
    for number in range(24):
        cv2.imwrite(str(folder / f"{number}.png"), capture.read()[1])
    done = mol_edge_command(
        "preflight", folder, "--fps", "10", "--seconds", "2", "--json", "--detector", "haar"
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "unfit"
    assert report["timing"]["fps"] == 10
    assert report["findings"][0]["name"] == "frame rate"
    assert "raise the rate" in report["findings"][0]["advice"]


def test_a_source_that_is_not_there_is_bad_input(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("preflight", "/nothing.mp4")
    assert done.returncode == 2
    assert "There is no file or folder /nothing.mp4: check the path." in done.stderr
