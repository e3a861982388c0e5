import logging
from types import SimpleNamespace

from mol_edge.notices import Notices


def test_each_notice_is_given_once_and_only_where_it_applies(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")
    notices = Notices()
    notices.several_faces(1)
    notices.several_faces(2, most=2)
    notices.untrained(SimpleNamespace(trained=True, knows_classes=True, name="good"))
    assert caplog.messages == []
    for found in (2, 5):
        notices.several_faces(found)
        notices.untrained(SimpleNamespace(trained=False, knows_classes=False, name="demo"))
    assert caplog.messages == [
        "2 faces are in view: the largest is taken.",
        "The bundle demo is not trained: its classes and landmarks mean nothing yet.",
    ]


def test_how_many_of_several_faces_are_taken_is_told(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")
    Notices().several_faces(5, most=3)
    assert caplog.messages == ["5 faces are in view: the 3 largest are taken."]
