from training.data.sampling import clip_samples, pairs_of


def test_official_phases_come_first_then_the_event():
    assert clip_samples(17, "official") == [tuple(range(0, 16, 2)), tuple(range(1, 16, 2))]
    assert clip_samples(17, "event") == [(0, 2, 5, 7, 9, 11, 14, 16)]
    assert clip_samples(17, "both") == clip_samples(17, "official") + clip_samples(17, "event")


def test_a_sample_that_both_protocols_take_comes_once():
    assert clip_samples(8, "both") == [tuple(range(8))]


def test_pairs_come_once():
    pairs = pairs_of([tuple(range(8)), (0, 1, 2, 3, 5, 6, 7, 9)])
    assert pairs == [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5), (5, 6), (6, 7), (7, 9)]
