import csv

import pytest

from mol_edge.errors import InputError, MissingExtraError
from training.data.sheets import read_sheet

CASME2 = [
    ["Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "", "Action Units",
     "Estimated Emotion"],
    [1, "EP02_01f", None, 46, 59, 86, None, "12", "happiness"],
    ["02", "EP01_11f ", None, 46, "/", 91, None, "15", "repression"],
]  # fmt: skip
SAMM = [
    *[[f"line {n} of the explanation"] for n in range(13)],
    ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame",
     "Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"],
    ["006", "006_1_2", 1, 5562, 5588, 5632, 71, "Micro", "4+7", "Anger", 2, "two\nlines"],
    [None] * 12,
    ["037", "037_7_2", 7, 5090, "?", None, 71, "Micro", "A14", "Other", 5, None],
]  # fmt: skip


def write_xlsx(path, rows):
    openpyxl = pytest.importorskip("openpyxl", reason="writing .xlsx needs openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["a sheet of remarks"])
    sheet = book.create_sheet("codes")
    for row in rows:
        sheet.append(row)
    book.save(path)


def write_csv(path, rows, delimiter=","):
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def check_casme2(rows):
    assert [(r.line, r.subject, r.clip) for r in rows] == [
        (2, "1", "EP02_01f"),
        (3, "02", "EP01_11f"),
    ]
    assert [(r.onset, r.apex, r.offset) for r in rows] == [(46, 59, 86), (46, None, 91)]
    assert [r.emotion for r in rows] == ["happiness", "repression"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_casme2_from_csv(tmp_path, delimiter):
    write_csv(tmp_path / "codes.csv", CASME2, delimiter)
    check_casme2(read_sheet(tmp_path / "codes.csv"))


def test_casme2_from_xlsx(tmp_path):
    write_xlsx(tmp_path / "codes.xlsx", CASME2)
    check_casme2(read_sheet(tmp_path / "codes.xlsx"))


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_samm_below_its_explanation(tmp_path, suffix):
    path = tmp_path / f"codes.{suffix}"
    (write_xlsx if suffix == "xlsx" else write_csv)(path, SAMM)
    rows = read_sheet(path)
    assert [(r.line, r.subject, r.clip, r.emotion) for r in rows] == [
        (15, "006", "006_1_2", "anger"),
        (17, "037", "037_7_2", "others"),
    ]
    assert [(r.onset, r.apex, r.offset) for r in rows] == [(5562, 5588, 5632), (5090, None, None)]


def test_smic_long_version_names_its_columns_shortly(tmp_path):
    write_csv(tmp_path / "a.csv", [["Subject", "Filename", "OnsetF", "OffsetF"],
                                   [1, "s1_ne_01", 90823, 90850]])  # fmt: skip
    (row,) = read_sheet(tmp_path / "a.csv")
    assert (row.onset, row.apex, row.offset, row.emotion) == (90823, None, 90850, "")


def test_a_table_of_something_else_is_refused(tmp_path):
    write_csv(tmp_path / "a.csv", [["frame", "x0"], ["a.jpg", 1]])
    with pytest.raises(InputError, match="has the columns Subject, Filename"):
        read_sheet(tmp_path / "a.csv")


def test_a_damaged_workbook_is_named(tmp_path):
    pytest.importorskip("openpyxl", reason="reading .xlsx needs openpyxl")
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(InputError, match="a.xlsx is no whole .xlsx file"):
        read_sheet(tmp_path / "a.xlsx")


def test_an_old_workbook_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="must be an .xlsx or .csv file"):
        read_sheet(tmp_path / "a.xls")
    with pytest.raises(InputError, match="cannot be read .No such file"):
        read_sheet(tmp_path / "a.csv")


def test_without_openpyxl_the_install_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r'pip install "mol-edge\[train\]"'):
        read_sheet(tmp_path / "a.xlsx")
