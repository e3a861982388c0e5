"""The report as a record."""

import json


def test_the_record_is_what_json_takes(good):
    record = json.loads(json.dumps(good.record()))
    assert (record["schema"], record["verdict"]) == (1, "good")
    assert record["timing"]["fps"] == 30.0
    assert {finding["verdict"] for finding in record["findings"]} == {"good"}
    assert record["noise"]["noise_px"] == good.noise.noise_px
