"""Numbers as the pictures write them."""

import pytest

from dqnlib import pictures


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0, "0"), (-0.5, "−.50"), (-0.996, "−1.0"), (-1, "−1.0"), (-9.94, "−9.9"),
     (-9.96, "−10"), (-13, "−13"), (-112.6, "−113"), (0.25, ".25"), (-0.001, ".00"),
     (float("nan"), "nan"), (float("-inf"), "−inf")],
)  # fmt: skip
def test_short_number(value, text):
    assert pictures.short_number(value) == text


def test_number_has_a_true_minus_and_no_minus_zero():
    assert pictures.number(-1.5) == "−1.50"
    assert pictures.number(-0.001) == "0.00"


def test_the_font_is_matplotlibs_dejavu():
    assert pictures.font(12).getname() == ("DejaVu Sans", "Book")
    assert pictures.font(12, bold=True).getname() == ("DejaVu Sans", "Bold")
    assert pictures.font(24).getlength("−13 γ") > 1.9 * pictures.font(12).getlength("−13 γ")
