import pytest

from mol_edge.sources.pace import Pace


def pace_of(work, period=33, start=0):
    pace = Pace()
    for number, taken in enumerate(work):
        pace.arrived(start + number * period)
        pace.worked(taken)
    return pace


@pytest.mark.parametrize(
    ("work", "keeps_up"),
    [
        ([10] * 20, True),
        ([34] * 20, False),
        (([90] + [15] * 9) * 3, True),
        (([300] + [15] * 9) * 3, False),
        ([10] * 4, False),
        ([500] * 10 + [10] * 30, True),
    ],
)
def test_the_mean_of_the_last_pictures_decides(work, keeps_up):
    assert pace_of(work).keeps_up is keeps_up


def test_an_outage_makes_no_camera_slow():
    pace = pace_of([40] * 10)
    for number in range(10):
        pace.arrived(8_000_000_000 + number * 33)
        pace.worked(40)
    assert not pace.keeps_up
