import pytest

from mol_edge.errors import InputError
from tests.training.data.clips import numbers
from training.data.official import read_official
from training.data.report import Report


def read(folder, dataset="casme2"):
    report = Report(dataset, "official")
    return read_official(folder.root, dataset, report), report


@pytest.mark.parametrize(
    ("dataset", "where", "pattern", "subject"),
    [
        ("casme2", "disgust/01_EP19_05f", "img{}.jpg", "01"),
        ("samm", "anger/006_1_2", "006_{:05d}.jpg", "006"),
        ("smic", "surprise/s9_sur_03", "image{:06d}.jpg", "s9"),
    ],
)
def test_each_sets_own_names_are_read(folder, dataset, where, pattern, subject):
    folder.clip(where, numbers(98, 3, pattern))
    (clip,), report = read(folder, dataset)
    emotion, name = where.split("/")
    assert (clip.video, clip.subject, clip.emotion) == (name, subject, emotion)
    assert [path.name for path in clip.frames] == numbers(98, 3, pattern)
    assert report.findings == []


def test_what_does_not_fit_is_named(folder):
    folder.clip("disgust/01_EP19_05f", numbers(1, 2))
    folder.clip("disgust/extra", numbers(1, 2))
    folder.clip("backup/01_EP19_05f", numbers(1, 2))
    folder.clip("disgust", ["img7.jpg"])
    folder.clip(".", ["img8.jpg"])
    clips, report = read(folder)
    assert [clip.video for clip in clips] == ["01_EP19_05f"]
    assert report.counts() == {"wrong_layout": 4}
    named = {finding.name for finding in report.findings}
    assert {"backup", "disgust/extra", "disgust"} < named


def test_a_clip_with_ambiguous_frames_is_left_out(folder):
    folder.clip("disgust/01_EP19_05f", ["img1.jpg", "reg_img1.jpg"])
    clips, report = read(folder)
    assert clips == []
    assert [f.name for f in report.findings] == ["01_EP19_05f"]


def test_a_root_without_class_folders_is_refused_and_reported(folder):
    folder.clip("sub01/EP01_01", numbers(1, 2))
    report = Report("casme2", "official")
    with pytest.raises(InputError, match="or use --layout original"):
        read_official(folder.root, "casme2", report)
    assert report.counts() == {"wrong_layout": 2}
    assert report.findings[0].name == "sub01"
