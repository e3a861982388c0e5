import random

from mol_edge.sources.backoff import Backoff


def test_pauses_double_to_the_limit_and_are_shortened_by_at_most_half():
    backoff = Backoff(0.5, 30, random.Random(1))
    pauses = [backoff.next_s() for _ in range(200)]
    for pause, most in zip(pauses, [0.5 * 2**n for n in range(6)] + [30] * 194, strict=True):
        assert most / 2 <= pause <= most
    assert len({round(pause, 6) for pause in pauses[6:]}) > 150
    assert backoff.attempts == 200
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_weeks_of_failures_do_not_overflow():
    backoff = Backoff(0.5, 30)
    backoff.attempts = 10**6
    assert 15 <= backoff.next_s() <= 30
