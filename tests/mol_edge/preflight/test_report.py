"""The report as a record."""

import json
import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_record_is_what_json_takes(good):
    record = json.loads(json.dumps(good.record()))
    assert (record["schema"], record["verdict"]) == (1, "good")
    assert record["timing"]["fps"] == 30.0
    assert {finding["verdict"] for finding in record["findings"]} == {"good"}
    assert record["noise"]["noise_px"] == good.noise.noise_px


def test_every_field_of_the_record_is_documented(good):
    record = good.record()
    names = {*record, *record["findings"][0]}
    for part in ("timing", "light", "noise", "face"):
        names |= set(record[part])
    table = DOCUMENT.read_text().partition("| field of `--json` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) >= names
