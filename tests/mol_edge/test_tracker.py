import numpy as np
import pytest

from mol_edge.alignment import AnchoredAligner
from mol_edge.errors import OptionError
from mol_edge.faces import GivenPoints
from mol_edge.follow import ByTexture
from mol_edge.frame import Frame
from mol_edge.patches import Patches
from mol_edge.run import StageClock
from mol_edge.track import FaceTrack
from mol_edge.track_options import TrackOptions
from mol_edge.tracker import Tracker
from tests.mol_edge.scenes import MS, POINTS, Scripted, face, frame_of, scene, shifted

FPS = 30.0
WIDE = scene(4, 640, 240)


def far_face(x=0.0):
    return face(320 + x)


def small(detection, scale=0.5):
    left, top, width, height = detection.box
    points = (detection.points - [left, top]) * scale + [left, top]
    return type(detection)((left, top, scale * width, scale * height), points, 0.9)


class Watch:
    """A tracker over a script, one picture unless a test gives others."""

    def __init__(self, script, options=None, looks=1, live=False):
        self.detector = Scripted(script)

        def new_track(number, found):
            return FaceTrack(number, found, AnchoredAligner(looks), ByTexture(), Patches(500))

        self.tracker = Tracker(lambda: self.detector, options or TrackOptions(), new_track, live)

    def see(self, count, image=WIDE, start=0, fps=FPS):
        told = []
        for index in range(start, start + count):
            tracks = self.tracker.update(frame_of(image, index, fps), StageClock())
            for track in tracks:
                if not track.lost:
                    track.align()
            told.append([(track.id, track.lost) for track in tracks])
        return told


def test_the_detector_looks_for_the_anchor_then_every_so_often():
    watch = Watch(lambda index: [face()], looks=5)
    told = watch.see(60)
    assert told == [[(0, False)]] * 60
    # 300 ms are 9 frames.
    assert watch.detector.seen == [0, 1, 2, 3, 4, 13, 22, 31, 40, 49, 58]


@pytest.mark.parametrize(("live", "looks"), [(True, [0, 30]), (False, [0, 9, 18, 27, 36])])
def test_a_slow_detector_looks_at_a_live_source_less_often(monkeypatch, live, looks):
    """Each look takes 100 ms, so that they are a second apart; a file does not run away."""
    now = [0.0]
    monkeypatch.setattr("mol_edge.run.time.perf_counter", lambda: now[0])

    def slow(index):
        now[0] += 0.1
        return [face()]

    watch = Watch(slow, live=live)
    watch.see(40)
    assert watch.detector.seen == looks


def test_nought_looks_at_every_frame():
    watch = Watch(lambda index: [face()], TrackOptions(detect_ms=0))
    watch.see(8)
    assert watch.detector.seen == list(range(8))


def test_a_face_whose_points_are_given_is_only_where_they_are():
    watch = Watch(lambda index: [])
    watch.detector = GivenPoints(dict.fromkeys((0, 1, 2, 4), POINTS))
    assert watch.see(6) == [[(0, index in (3, 5))] for index in range(6)]


def test_between_looks_the_face_is_followed():
    watch = Watch(lambda index: [face()])
    watch.see(1)
    for index in range(1, 9):
        (track,) = watch.tracker.update(frame_of(shifted(WIDE, 2.0 * index), index), StageClock())
    assert watch.detector.seen == [0]
    np.testing.assert_allclose(track.points, face(16).points, atol=0.4)


def test_a_lost_face_is_looked_for_at_once_and_found_again_with_its_number():
    script = {6: [], 7: [], 8: [], 9: [face(15)], 10: [face(15)]}
    watch = Watch(lambda index: script.get(index, [face()]))
    assert watch.see(6) == [[(0, False)]] * 6
    assert watch.see(1, scene(50, 640), start=6) == [[(0, True)]]
    assert watch.detector.seen == [0, 6]
    told = watch.see(5, shifted(WIDE, 15), start=7)
    # A face that is sought is looked for every 100 ms.
    assert watch.detector.seen == [0, 6, 9]
    assert told == [[(0, True)]] * 2 + [[(0, False)]] * 3


def test_a_face_that_stays_away_is_forgotten():
    watch = Watch(lambda index: [face()] if index < 3 else [], TrackOptions(keep_lost_ms=500))
    watch.see(3)
    told = watch.see(40, scene(50, 640), start=3)
    lost = [row == [(0, True)] for row in told]
    # Last seen in frame 2; 500 ms are 15 frames.
    assert lost == [True] * 15 + [False] * 25
    assert told[15] == []
    watch.see(1, scene(50, 640), start=43)
    assert watch.tracker.gone == []


def test_who_has_gone_is_told_once():
    watch = Watch(lambda index: [face()] if index < 3 else [], TrackOptions(keep_lost_ms=0))
    watch.see(3)
    watch.see(1, scene(50, 640), start=3)
    assert watch.tracker.gone == [0]
    watch.see(1, scene(50, 640), start=4)
    assert watch.tracker.gone == []


def test_while_no_face_is_there_it_is_sought_every_third_of_the_time():
    watch = Watch(lambda index: [])
    watch.see(20)
    assert watch.detector.seen == [0, 3, 6, 9, 12, 15, 18]


def test_several_faces_keep_their_numbers_whatever_order_they_come_in():
    watch = Watch(
        lambda index: [face(), far_face()][:: 1 if index % 2 else -1],
        TrackOptions(max_faces=2, detect_ms=0),
    )
    watch.see(1)
    places = {track.id: track.box[0] for track in watch.tracker.tracks}
    told = watch.see(10, start=1)
    assert all(sorted(row) == [(0, False), (1, False)] for row in told)
    for track in watch.tracker.tracks:
        assert track.box[0] == pytest.approx(places[track.id], abs=1)
    assert watch.tracker.faces_found == 2


def test_a_second_face_of_the_same_size_does_not_take_the_place_of_the_first():
    script = {0: [face()]}
    watch = Watch(lambda index: script.get(index, [far_face(), face()]), TrackOptions(detect_ms=0))
    told = watch.see(10)
    assert told == [[(0, False)]] * 10
    assert watch.tracker.faces_found == 2


def test_a_much_larger_face_does():
    watch = Watch(
        lambda index: [small(face())] if index < 3 else [far_face(), small(face())],
        TrackOptions(detect_ms=0),
    )
    assert watch.see(5) == [[(0, False)]] * 3 + [[(1, False)]] * 2


def test_pictures_of_another_size_begin_anew():
    watch = Watch(lambda index: [face()])
    watch.see(5)
    told = watch.see(2, scene(1), start=5)
    assert watch.detector.seen == [0, 5]
    assert told == [[(1, False)]] * 2
    assert watch.tracker.resized is False


def test_the_clock_may_go_back():
    watch = Watch(lambda index: [face()])
    watch.see(3, start=100)
    tracks = watch.tracker.update(Frame(WIDE, 5 * MS, 103), StageClock())
    assert [track.id for track in tracks] == [0]
    assert watch.detector.seen == [100, 103]


def test_only_looks_are_timed_as_such():
    watch = Watch(lambda index: [face()])
    for index in range(3):
        clock = StageClock()
        for track in watch.tracker.update(frame_of(WIDE, index), clock):
            track.align()
        assert set(clock.timings_ms) == ({"track", "detect"} if index == 0 else {"track"})


@pytest.mark.parametrize(
    ("options", "name"),
    [({"max_faces": 0}, "max_faces"), ({"detect_ms": -1}, "detect_ms"),
     ({"keep_lost_ms": float("nan")}, "keep_lost_ms")],
)  # fmt: skip
def test_options_are_checked(options, name):
    with pytest.raises(OptionError, match=f"{name} must be"):
        TrackOptions(**options)


@pytest.mark.parametrize("given", [None, 3, "face", [1], (each for each in ())])
def test_a_detector_of_another_kind_is_told_what_is_wanted(given):
    class Other:
        name = "other"

        def detect(self, frame):
            return given

    watch = Watch([])
    watch.detector = Other()
    with pytest.raises(OptionError, match="detector other must give a list of Detection, got"):
        watch.see(1)
