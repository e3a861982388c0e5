import json
import math

import numpy as np
import pytest

from mol_edge.errors import OutputError
from training.report import Section, number, percent, write_report


def test_a_report_in_both_forms(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    section = Section(
        "Flow <1>", ("One sentence.",), ("method", "px"), (("dis", "0.2"),), (("a.png", picture),)
    )
    path = write_report(tmp_path / "out", "A title", [section], {"x": math.nan, "y": (1, 2)})
    text = path.read_text()
    assert "# A title" in text
    assert "| dis | 0.2 |" in text
    assert "![Flow <1>](a.png)" in text
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<td>dis</td>" in page
    assert "Flow &lt;1&gt;" in page
    assert (tmp_path / "out" / "a.png").is_file()
    assert json.loads((tmp_path / "out" / "figures.json").read_text()) == {"x": None, "y": [1, 2]}


def test_unknown_figures_are_dashes():
    assert percent(0.0421) == "4.2%"
    assert number(0.1234) == "0.123"
    assert percent(None) == number(math.nan) == "–"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--out"):
        write_report(tmp_path / "file", "title", [], {})
