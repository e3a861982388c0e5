"""The card and the Markdown: whole, self-contained, and never without the accuracy."""

import copy
import re
from html.parser import HTMLParser

import pytest

from mol_edge.benchmark.card import to_html
from mol_edge.benchmark.markdown import to_markdown
from mol_edge.benchmark.plots import nice_ceiling
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import cautions, measured_rows
from tests.mol_edge.benchmark.reports import changed, made_report

VOID = {"meta", "rect", "path", "circle", "polyline"}


class Balance(HTMLParser):
    """Fails where tags do not match; collects what could be loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.count = [], [], 0

    def handle_starttag(self, tag, attributes):
        self.count += 1
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(toy):
    return made_report(toy, devices=("onnxruntime", "openvino"), rounds=3)


def test_the_card_is_whole_and_loads_nothing(report):
    page = to_html(report)
    checked = Balance()
    checked.feed(page.partition("\n")[2])
    assert checked.open == [] and checked.links == [] and checked.count > 300
    assert "http" not in page.replace("http-equiv", "") and "url(" not in page
    assert 'name="viewport"' in page and "@media print" in page
    assert page.count("<svg") == 9 + 4


def test_dashed_lines_are_explained_where_there_are_some(report):
    assert "dashed: paced by a camera" in to_html(report)
    content = copy.deepcopy(report.content)
    for configuration in content["configurations"]:
        results = configuration["results"]
        configuration["results"] = [row for row in results if row["pace"] != "camera"]
    assert "dashed" not in to_html(Report(content))


def test_every_time_has_its_accuracy_beside_it(report):
    rows = measured_rows(report)
    lines = [line for line in to_markdown(report).splitlines() if " back to back |" in line]
    lines += [line for line in to_markdown(report).splitlines() if " paced |" in line]
    assert len(lines) == len(rows)
    assert all("| 100% | 3.00% | 0.140 px |" in line for line in lines)
    assert to_html(report).count('data-label="same class">100%') >= len(rows)


def test_text_from_outside_is_escaped(report):
    content = changed(report, "bundle", "name", value="<script>alert(1)</script>")
    content["machine"]["cpu"]["name"] = "a & b"
    page = to_html(Report.from_json(content))
    assert "<script" not in page and "a &amp; b" in page


def test_what_a_reader_must_know_is_said(report):
    busy = changed(report, "bundle", "knows_classes", value=False)
    busy["bundle"] |= {"trained": True, "check_set": False}
    busy["settings"]["slow_down"] = 1.1
    busy["sensors"]["start"]["throttled"] = {"cpu_events": 3}
    busy["sensors"]["end"]["throttled"] = {"cpu_events": 9}
    for configuration in busy["configurations"]:
        for result in configuration["results"]:
            for part in (part for block in result.get("blocks", []) for part in block["slices"]):
                part["other_cores"] = 1.2
    told = list(cautions(Report.from_json(busy)))
    for words in ("are guesses", "no check set", "1.2 cores busy", "slowed", "held down"):
        assert sum(words in text for text in told) == 1, words
    assert all(text in to_markdown(Report.from_json(busy)) for text in told)


def test_of_an_untrained_bundle_times_alone_are_believed(report):
    content = changed(report, "bundle", "knows_classes", value=False)
    content["bundle"]["trained"] = False
    told = list(cautions(Report.from_json(content)))
    assert sum("is not trained" in text for text in told) == 1
    assert not any("are guesses" in text for text in told)


def test_an_untold_accuracy_is_called_so(report):
    content = changed(report, "configurations", 0, "accuracy", value=None)
    assert "not measured" in to_markdown(Report.from_json(content))


def test_what_failed_is_listed(report):
    content = changed(report, "configurations", 1, "status", value="failed")
    content["configurations"][1]["reason"] = "no driver"
    content["configurations"][1]["results"] = []
    for text in (to_html(Report.from_json(content)), to_markdown(Report.from_json(content))):
        assert "openvino:CPU fp32: no driver" in text
        assert "no such graph" in text


@pytest.mark.parametrize("value", [0.0123, 0.9, 1.0, 7.6, 99.0, 1234.0])
def test_axes_end_just_beyond(value):
    assert value <= nice_ceiling(value) <= 2 * value


def test_plots_stay_in_their_frame(report):
    for found in re.finditer(r'<svg viewBox="0 0 340 (\d+)".*?</svg>', to_html(report)):
        xs = [float(x) for x in re.findall(r' (?:x|cx)="(-?[\d.]+)"', found[0])]
        ys = [float(y) for y in re.findall(r' (?:y|cy)="(-?[\d.]+)"', found[0])]
        assert min(xs) >= 0 and max(xs) <= 340
        assert min(ys) >= 0 and max(ys) <= float(found[1])
