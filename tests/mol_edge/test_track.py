import pytest

from mol_edge.alignment import PerFrameAligner
from mol_edge.track import FaceTrack


@pytest.mark.parametrize(
    ("box", "same"),
    [
        ((100, 100, 80, 80), True),
        ((130, 100, 80, 80), True),  # moved by 30 of 80
        ((139, 100, 80, 80), True),
        ((141, 100, 80, 80), False),
        ((129, 129, 80, 80), False),  # 41 along the diagonal
        ((85, 85, 110, 110), True),  # 1.375 times the size
        ((75, 75, 130, 130), False),  # 1.625 times
        ((115, 115, 50, 50), False),  # 1 / 1.6
    ],
)
def test_a_face_is_known_again_by_place_and_size(box, same):
    track = FaceTrack(0, (100, 100, 80, 80), PerFrameAligner(), engine=None)
    assert track.matches(box) is same
