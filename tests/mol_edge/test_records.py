from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import mol_edge
from mol_edge.records import event_record, frame_record, header_record, number
from mol_edge.results import FaceState, FrameResult
from mol_edge.summary import RunSummary
from tests.mol_edge.synthetic_results import LABELS, make_event, make_face, make_result


@pytest.fixture(scope="module")
def schema() -> jsonschema.Validator:
    path = Path(mol_edge.__file__).parent / "schema" / "results.schema.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def test_every_kind_of_line_fits_the_schema(schema: jsonschema.Validator) -> None:
    header = header_record(
        source="a.mp4",
        labels=LABELS,
        bundle="demo",
        trained=False,
        classes_known=False,
        device="onnxruntime:cpu",
        detector="haar",
        windows_ms=(350.0, 500.0),
    )
    summary = RunSummary(labels=LABELS)
    lines = [header]
    for index, faces in enumerate((1, 0, 2)):
        result = make_result(index, faces_found=faces, window=index > 0)
        summary.add(result)
        lines.append(frame_record(result, LABELS))
    lines.append(event_record(make_event(), 12, LABELS))
    lines.append(event_record(make_event(label=False), 12, LABELS))
    lines.append(summary.record(seconds=0.5))
    for line in lines:
        schema.validate(json.loads(json.dumps(line, allow_nan=False)))
    kinds = ["header", *["frame"] * 3, *["event"] * 2, "summary"]
    assert [line["kind"] for line in lines] == kinds


def test_the_schema_refuses_what_is_no_line(schema: jsonschema.Validator) -> None:
    record = frame_record(make_result(), LABELS)
    record["faces"][0]["landmarks"] = record["faces"][0]["landmarks"][:67]
    assert not schema.is_valid(record)
    assert not schema.is_valid({"kind": "other"})


def test_a_face_is_written_with_its_numbers() -> None:
    face = frame_record(make_result(3), LABELS)["faces"][0]
    assert face["box"] == [60.0, 40.0, 100.0, 120.0]
    assert face["points"][2] == [110.0, 105.0]
    assert len(face["landmarks"]) == 68
    assert face["window"]["label"] == "negative"
    assert face["window"]["probabilities"] == pytest.approx(
        {"positive": 0.2, "negative": 0.7, "surprise": 0.1}, abs=1e-6
    )
    assert face["window"]["samples"] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_window_is_written_with_the_truth_about_its_time() -> None:
    face = frame_record(make_result(3), LABELS)["faces"][0]
    assert face["windows"] == [face["window"]]
    window = face["window"]
    times = (window["wanted_ms"], window["span_ms"], window["jitter_ms"], window["dropped"])
    assert times == (350.0, 350.0, 1.5, 1)


def test_a_face_is_written_with_its_state_and_motion() -> None:
    face = frame_record(make_result(3), LABELS)["faces"][0]
    assert (face["state"], face["drift_px"], face["reanchored"]) == ("tracked", 1.25, False)
    assert face["motion"]["mouth"] == 0.4
    lost = dataclasses.replace(make_face(window=False, landmarks=False), state=FaceState.LOST)
    record = frame_record(FrameResult(0, 0, (lost,), 0), LABELS)["faces"][0]
    assert (record["state"], record["motion"], record["windows"]) == ("lost", None, [])


def test_an_event_is_written_with_its_class_or_why_it_has_none() -> None:
    record = event_record(make_event(), 12, LABELS)
    assert (record["event"], record["frame"]) == ("micro", 12)
    assert (record["onset"], record["apex"], record["offset"]) == (3, 5, 10)
    assert (record["onset_s"], record["duration_ms"]) == (0.12, 280.0)
    assert (record["label"], record["region"]) == ("negative", "mouth")
    assert record["confidence"] == pytest.approx(0.7)
    assert record["latency_ms"] == 123.4
    flow = np.zeros((7, 2, 128, 128), np.float32)
    flow[2, :, 5, 5] = 3, 4
    with_flow = event_record(dataclasses.replace(make_event(), flow=flow), 12, LABELS)
    assert with_flow["flow_max_px"] == [0, 0, 5, 0, 0, 0, 0]
    refused = event_record(make_event(label=False), 12, LABELS)
    assert (refused["label"], refused["probabilities"], refused["samples"]) == (None, None, None)
    assert refused["refusal"] == "Frames of the event are gone."


def test_flow_is_told_in_crop_and_in_image_pixels() -> None:
    flow = frame_record(make_result(), LABELS)["faces"][0]["flow"]
    # A quarter of the field moves by 0.5 crop pixels; the crop is twice as fine as the image.
    assert flow == {
        "mean_crop_px": 0.125,
        "max_crop_px": 0.5,
        "mean_image_px": 0.0625,
        "max_image_px": 0.25,
    }


def test_what_is_not_there_is_null() -> None:
    face = dataclasses.replace(make_face(window=False, landmarks=False))
    record = frame_record(FrameResult(0, 0, (face,), 1), LABELS)["faces"][0]
    assert (record["landmarks"], record["flow"], record["window"]) == (None, None, None)
    assert record["window_state"] == "filling"


def test_numbers_that_json_cannot_say_become_null() -> None:
    face = make_face()
    broken = np.array(face.landmarks)
    broken[5] = np.nan, np.inf
    result = FrameResult(0, 0, (dataclasses.replace(face, landmarks=broken),), 1)
    record = frame_record(result, LABELS)
    assert record["faces"][0]["landmarks"][5] == [None, None]
    assert "NaN" not in json.dumps(record, allow_nan=False)
    assert number(float("-inf"), 2) is None
    assert number(1.23456, 2) == 1.23
