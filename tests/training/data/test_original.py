import pytest

from mol_edge.errors import InputError
from tests.training.data.clips import numbers
from training.data.original import read_original
from training.data.report import Report

CASME2 = ("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Estimated Emotion")
SAMM = ("Subject", "Filename", "Onset Frame", "Apex Frame", "Offset Frame", "Estimated Emotion")
SMIC = ("Subject", "Filename", "OnsetF", "OffsetF")


def read(folder, dataset="casme2", sheet=None):
    report = Report(dataset, "original")
    return read_original(folder.root, dataset, report, sheet), report


def only(report):
    (finding,) = report.findings
    return finding.reason, finding.name, finding.left_out


def test_casme2_is_trimmed_to_onset_and_offset(folder):
    folder.clip("CASME2_RAW_selected/sub01/EP02_01f", numbers(44, 12))
    folder.sheet([CASME2, (1, "EP02_01f", 46, "/", 54, "happiness")])
    (clip,), report = read(folder)
    assert (clip.video, clip.subject, clip.emotion) == ("01_EP02_01f", "01", "happiness")
    assert [path.name for path in clip.frames] == numbers(46, 9)
    assert (clip.onset, clip.apex, clip.offset) == (46, None, 54)
    assert report.findings == []


def test_samm(folder):
    folder.clip("006/006_1_2", numbers(5562, 9, "006_{:05d}.jpg"))
    folder.sheet([SAMM, ("006", "006_1_2", 5562, 5566, 5570, "Anger")])
    (clip,), report = read(folder, "samm")
    assert (clip.video, clip.subject, clip.emotion) == ("006_1_2", "006", "anger")
    assert (len(clip.frames), clip.apex, report.findings) == (9, 5566, [])


def test_smic_is_trimmed_by_its_authors_and_needs_no_sheet(folder):
    for camera in ("HS", "VIS"):
        folder.clip(f"{camera}/s1/micro/negative/s1_ne_01", numbers(90823, 3, "image{:06d}.bmp"))
    folder.clip("HS/s1/non_micro/s1_n_01", numbers(1, 2, "image{:06d}.bmp"))
    (clip,), report = read(folder, "smic")
    assert (clip.video, clip.subject, clip.emotion) == ("s1_ne_01", "s1", "negative")
    assert clip.frames[0] == folder.root / "HS/s1/micro/negative/s1_ne_01/image090823.bmp"
    assert only(report) == ("label_outside", "s1/non_micro/s1_n_01", True)


def test_long_smic_takes_onset_from_its_sheet_and_emotion_from_the_name(folder):
    folder.clip("s01/s1_po_02", numbers(100, 12, "image{:06d}.jpg"))
    folder.sheet([SMIC, (1, "s1_po_02", 102, 110)])
    (clip,), report = read(folder, "smic")
    assert (clip.video, clip.subject, clip.emotion) == ("s1_po_02", "s1", "positive")
    assert (len(clip.frames), report.findings) == (9, [])


def test_long_smic_without_its_sheet_is_refused(folder):
    folder.clip("s01/s1_po_02", numbers(100, 3, "image{:06d}.jpg"))
    with pytest.raises(InputError, match="needs one .xlsx or .csv coding sheet"):
        read(folder, "smic")


def test_a_missing_sheet_is_reported_and_raised(folder):
    folder.clip("sub01/EP02_01f", numbers(1, 2))
    (folder.root / "points.csv").write_text("frame,x0\n")
    report = Report("casme2", "original")
    with pytest.raises(InputError, match="got points.csv: name it with --sheet"):
        read_original(folder.root, "casme2", report)
    assert report.counts() == {"no_sheet": 1}


def test_a_sheet_may_be_named_and_must_exist(folder, tmp_path):
    folder.clip("sub01/EP02_01f", numbers(1, 3))
    folder.sheet([CASME2, (1, "EP02_01f", 1, 2, 3, "disgust")], "../elsewhere.csv")
    clips, _ = read(folder, sheet=tmp_path / "elsewhere.csv")
    assert len(clips) == 1
    with pytest.raises(InputError, match="cannot be read"):
        read(folder, sheet=tmp_path / "nowhere.csv")


def test_two_sheets_are_ambiguous(folder):
    folder.clip("sub01/EP02_01f", numbers(1, 3))
    for name in ("a.csv", "b.csv"):
        folder.sheet([CASME2, (1, "EP02_01f", 1, 2, 3, "disgust")], name)
    with pytest.raises(InputError, match="got a.csv, b.csv"):
        read(folder)


def test_raw_and_cropped_in_one_root_are_refused(folder):
    folder.clip("Cropped/sub01/EP02_01f", numbers(1, 2, "reg_img{}.jpg"))
    folder.clip("RAW/sub01/EP02_01f", numbers(1, 2))
    with pytest.raises(InputError, match="has EP02_01f in Cropped/sub01 and RAW/sub01"):
        read(folder)


def test_an_empty_root_is_refused(folder):
    with pytest.raises(InputError, match="or use --layout official"):
        read(folder)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((1, "EP02_01f", 9, 5, 3, "disgust"), ("bad_row", "01_EP02_01f (row 3)", True)),
        ((1, "EP02_01f", "/", 5, 9, "disgust"), ("bad_row", "01_EP02_01f (row 3)", True)),
        ((1, "EP99_99", 1, 5, 9, "disgust"), ("no_folder", "01/EP99_99 (row 3)", True)),
        ((1, "EP02_01f", 1, 5, 9, "disgust"), ("duplicate", "01/EP02_01f (row 3)", True)),
        ((1, "EP02_01f", 5, 9, 40, "disgust"), ("missing_frames", "01_EP02_01f@5", False)),
    ],
)
def test_rows_that_do_not_fit_are_named(folder, row, expected):
    folder.clip("sub01/EP02_01f", numbers(1, 12))
    folder.sheet([CASME2, (1, "EP02_01f", 1, 5, 9, "disgust"), row])
    clips, report = read(folder)
    assert only(report) == expected
    assert len(clips) == (2 if expected[0] == "missing_frames" else 1)


def test_folders_that_the_sheet_does_not_list_are_named(folder):
    folder.clip("sub01/EP02_01f", numbers(1, 3))
    folder.clip("sub02/EP03_01", numbers(1, 3))
    folder.clip("notes/pictures", ["x.png"])
    folder.sheet([CASME2, (1, "EP02_01f", 1, 2, 3, "disgust")])
    clips, report = read(folder)
    assert [clip.video for clip in clips] == ["01_EP02_01f"]
    assert {(f.reason, f.name) for f in report.findings} == {
        ("no_row", "02/EP03_01"),
        ("wrong_layout", "notes/pictures"),
    }
