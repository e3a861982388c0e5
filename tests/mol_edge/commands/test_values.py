from __future__ import annotations

import argparse

import pytest

from mol_edge.commands.values import number, whole


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("+8", 8), (" 3 ", 3), ("256", 256)])
def test_whole_numbers_within_bounds(text: str, value: int) -> None:
    assert whole(1, 256)(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "257", "1.5", "", "nan", "two"])
def test_other_words_are_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        whole(1, 256)(text)
    assert str(caught.value) == f"must be a whole number from 1 to 256, got {text!r}"


def test_a_bound_that_is_none_is_not_named() -> None:
    assert whole(0)("123456789") == 123456789
    with pytest.raises(argparse.ArgumentTypeError, match="a whole number from 0, got '-1'"):
        whole(0)("-1")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "", "fast"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="above 0 and at most 1000, got"):
        number(above=0, most=1000)(text)


def test_numbers_within_bounds() -> None:
    assert number(above=0, most=1000)("1e3") == 1000.0
    assert number(above=0)("29.97") == 29.97
    with pytest.raises(argparse.ArgumentTypeError, match="above 0, got 'inf'"):
        number(above=0)("inf")


def test_a_number_below_a_bound_does_not_reach_it() -> None:
    assert number(above=0, below=100)("99.9") == 99.9
    for text in ("100", "nan", "0"):
        with pytest.raises(argparse.ArgumentTypeError, match="above 0 and below 100, got"):
            number(above=0, below=100)(text)
