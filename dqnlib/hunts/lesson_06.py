"""The bug hunt of lesson 06: what a time limit cuts short is given out like a full window."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.transitions import NStep


class _AllGivenOut(NStep):
    """Windows of which a time limit leaves none behind."""

    def step(self, transition, ended):
        complete = super().step(transition, False)
        while ended and self.window:
            complete.append(self.sum_up())
            self.window.popleft()
        return complete


_GIVEN_OUT = "windows that a time limit cuts short are given out like full ones"

HUNT = Hunt(
    story="Someone wrote windows of three steps. On CartPole the curves are those of a healthy "
    "twin: an episode of 500 steps has two short windows at the most. But on a task with a limit "
    "of a few steps the values came out a fifth too low. Which line of the window is wrong?",
    config=Config(steps=4_000, final_learning_rate=9.2e-4, n_step=3, eval_every=500),
    sabotage=lambda: {"transitions": _AllGivenOut},
    suspects=(
        Suspect(
            "a time limit is taken for a termination",
            "TruncatedForever would be low as well, but much lower: three of the five windows "
            "would then look at no value, Q = 2.21 + 0.4 · 0.73 · Q, which is 3.1. The suspect is "
            "near 8.",
        ),
        Suspect(
            _GIVEN_OUT,
            "That is it. Of five windows one has two rewards and one has a single reward, and "
            "still their next value is multiplied with γ³, as if three rewards had come before it: "
            "Q = 2.21 + 0.73 · Q, which is 8.1 in place of 10. Where episodes terminate nothing "
            "is wrong, for there a short window needs no value.",
        ),
        Suspect(
            "the value is multiplied with γ in place of γⁿ",
            "Then TruncatedForever would be too high, not too low: Q = 2.71 + 0.9 · Q is 27.",
        ),
        Suspect(
            "γ is left out of the sum of the rewards",
            "TwoStepDiscount would say 1 in place of 0.9 for its first state, and Termination "
            "would be too high. The suspect is right on both.",
        ),
        Suspect(
            "a window goes on into the next episode after a termination",
            "ConstantReward would show it: three episodes of one step would be summed up as one, "
            "and its value would be far above 1. The suspect is right there.",
        ),
    ),
    guilty=_GIVEN_OUT,
)
