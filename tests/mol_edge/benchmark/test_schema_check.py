"""Our checks of a schema against jsonschema's, on reports that were damaged everywhere."""

import json

import pytest

from mol_edge.benchmark.report import schema
from mol_edge.benchmark.schema_check import find_fault
from mol_edge.bundle import Bundle
from tests.mol_edge.benchmark.reports import made_report

WRONG = (None, -1, 0, 1.5, True, "text", [], {}, float("nan"))


@pytest.fixture(scope="module")
def content():
    report = made_report(Bundle.default(), rounds=1, modes=("clip", "clip_fused"))
    return json.loads(json.dumps(report.content))


def places(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in children:
            yield from places(item, (*path, key))


def damaged(content, path, value):
    copy = json.loads(json.dumps(content))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


def test_agrees_with_jsonschema_on_every_place(content):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema())
    assert find_fault(content, schema()) is None and validator.is_valid(content)
    tried = refused = 0
    paths = [path for path in places(content) if path and "quantiles_ms" not in path[:-1]]
    for index, path in enumerate(paths):
        for value in (WRONG[index % len(WRONG)], WRONG[(index + 3) % len(WRONG)]):
            # JSON has no such number, and jsonschema takes it for one.
            if value != value:
                continue
            copy = damaged(content, path, value)
            valid = validator.is_valid(copy)
            assert (find_fault(copy, schema()) is None) == valid, (path, value)
            tried, refused = tried + 1, refused + (not valid)
    assert tried > 200 and refused > 100


@pytest.mark.parametrize(
    ("value", "rule", "fault"),
    [
        ({}, {"required": ["a"]}, "a must be given"),
        ({"a": {"b": 3}}, {"properties": {"a": {"additionalProperties": False}}}, "a.b is unknown"),
        ([1, "x"], {"items": {"type": "number"}}, "[1] must be of type number, got 'x'"),
        (5, {"enum": [1, 2]}, "the whole must be one of 1, 2, got 5"),
        (True, {"const": 1}, "must be 1, got True"),
        (float("inf"), {"type": "number"}, "of type number, got inf"),
        ("b", {"pattern": "^a"}, "of the form ^a"),
        (0, {"exclusiveMinimum": 0}, "above 0, got 0"),
        (9, {"maximum": 8}, "at most 8, got 9"),
        ([], {"minItems": 1}, "another number of items than 0"),
    ],
)
def test_fault_names_place_and_reason(value, rule, fault):
    assert fault in find_fault(value, rule)


def test_any_of_tells_every_way_and_refs_lead_to_definitions():
    rule = {
        "$defs": {"word": {"type": "string"}},
        "anyOf": [{"$ref": "#/$defs/word"}, {"type": "null"}],
    }
    assert find_fault("word", rule) is None and find_fault(None, rule) is None
    assert find_fault(3, rule).count(" or ") == 1
