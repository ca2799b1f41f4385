"""The Discount lab without a browser."""

import pytest
from lab_helpers import close_labs, widget  # noqa: F401 - a fixture

from dqnlib.labs import DiscountLab


def test_discount_lab():
    lab = DiscountLab(gamma=0.5)
    before = lab._values["bars"]
    widget(lab, "discount γ").value = 0.25
    assert lab.settle()
    assert lab.gamma == 0.25
    assert lab._values["bars"] != before
    assert lab._repr_mimebundle_()["text/plain"].startswith("Discount lab: run this cell")
    with pytest.raises(ValueError, match="gamma must be"):
        DiscountLab(gamma=2)
