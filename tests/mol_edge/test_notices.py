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
        for at in range(60):
            notices.camera(True, 350, 66_666_667.0, at * 66_666_667)
        notices.untrained(SimpleNamespace(trained=False, knows_classes=False, name="demo"))
    assert caplog.messages == [
        "2 faces are in view: the largest is taken.",
        "8 frames do not fit the window of 350 ms at one each 66.7 ms, so none of that length is "
        "classified: raise the frame rate, or windows_ms (--windows-ms).",
        "The bundle demo is not trained: its classes and landmarks mean nothing yet.",
    ]


def test_a_recording_that_is_slow_is_told_at_once(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")
    notices = Notices()
    for at in range(8):
        notices.camera(True, 350, 100e6, at * 100_000_000, live=False)
    assert len(caplog.messages) == 1


def test_how_many_of_several_faces_are_taken_is_told(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")
    Notices().several_faces(5, most=3)
    assert caplog.messages == ["5 faces are in view: the 3 largest are taken."]


def test_a_camera_that_is_late_for_a_moment_is_not_called_slow(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")
    notices, time = Notices(), 0

    def see(slow, period_ns):
        nonlocal time
        time += period_ns
        notices.camera(slow, 350, float(period_ns), time)

    for slow in ([True] * 7 + [False]) * 3:
        see(slow, 1_000_000_000)
    # As many frames as a fast camera gives while graphs are loaded.
    for slow in ([True] * 100 + [False]) * 3:
        see(slow, 20_000_000)
    assert caplog.messages == []
    for _ in range(10):
        see(True, 400_000_000)
    assert len(caplog.messages) == 1
