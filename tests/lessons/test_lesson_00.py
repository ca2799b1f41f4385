"""Lesson 00: its claim fails for agents that have not learned."""

from types import SimpleNamespace

import numpy as np
from lesson_support import assert_each_claim_can_fail

from dqnlib import TabularModel, planning


def test_each_claim_can_fail():
    model = TabularModel.from_env("CliffWalking-v1")
    learned = planning.value_iteration(model).q
    q = np.stack([learned] * 17 + [np.zeros_like(learned)] * 3)  # three of twenty know nothing
    trained = SimpleNamespace(q=q, returns=np.full((20, 300), -40.0))
    names = {"trained": trained, "model": model, "planning": planning}
    assert_each_claim_can_fail("00_start_here", {"walked greedily": names})
