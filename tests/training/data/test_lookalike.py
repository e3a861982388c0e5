import cv2
import pytest

from mol_edge.errors import OptionError, OutputError
from training.data import PrepareOptions, Report
from training.data.__main__ import main
from training.data.landmarks import open_landmarks
from training.data.lookalike import LookalikeOptions, write_lookalike
from training.data.prepare import find_clips


@pytest.mark.parametrize("layout", ["official", "original"])
@pytest.mark.parametrize(
    ("dataset", "classes", "subject"), [("casme2", 5, "01"), ("samm", 5, "006"), ("smic", 3, "s1")]
)
def test_the_readers_take_every_look_alike_whole(tmp_path, dataset, layout, classes, subject):
    root = tmp_path / "set"
    points = write_lookalike(root, LookalikeOptions(dataset, layout, subjects=1, clips=2))
    report = Report(dataset, layout)
    options = PrepareOptions(dataset, layout, root, f"csv:{points}", classes, tmp_path, jobs=1)
    clips = find_clips(options, report)
    assert report.findings == []
    assert [clip.subject for clip in clips] == [subject, subject]
    assert len({clip.emotion for clip in clips}) == 2
    source = open_landmarks(options.landmarks, root)
    for clip in clips:
        assert len(clip.frames) >= 8
        image = cv2.imread(str(clip.frames[-1]))
        found = source.points(clip.frames[-1], image, clip.video)
        assert (found[27:] > 0).all()
        assert (found[27:] < image.shape[0]).all()


def test_a_folder_in_use_is_not_written_to(tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OutputError, match="needs an empty folder"):
        write_lookalike(tmp_path, LookalikeOptions("samm", "official"))


@pytest.mark.parametrize("change", [{"dataset": "ck"}, {"subjects": 0}, {"fps": 5}])
def test_bad_options_are_refused(change):
    with pytest.raises(OptionError):
        LookalikeOptions(**{"dataset": "samm", "layout": "official", **change})


def test_the_command_writes_one(tmp_path, capsys):
    arguments = ["--set=smic", "--layout=official", f"--out={tmp_path / 'a'}"]
    assert main(["lookalike", *arguments, "--subjects=1", "--clips=1"]) == 0
    assert "landmarks.csv" in capsys.readouterr().out
    assert len(list((tmp_path / "a").glob("negative/s1_ne_01/image*.jpg"))) >= 8
