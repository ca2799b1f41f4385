"""The bug hunt of lesson 10: a network that normalizes over the batch, not over a row's units."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.networks import NormalizedQNetwork


def _over_the_batch(x):
    """[B, N] -> [B, N]: each unit with mean 0 and variance 1 over the batch."""
    centered = x - x.mean(dim=0, keepdim=True)
    return centered / (centered.square().mean(dim=0, keepdim=True) + 1e-5).sqrt()


def _network(obs_shape, n_actions):
    return NormalizedQNetwork(obs_shape, n_actions, (64,), norm=_over_the_batch)


HEALTHY = Config(
    steps=3_000, sync_every=1, hidden=(64,), layer_norm=True, warmup=300, epsilon_steps=1_500,
    final_learning_rate=1e-3, eval_every=300, eval_episodes=5,
)  # fmt: skip
_GUILTY = "the layers are normalized over the batch, not over the units of each observation"

HUNT = Hunt(
    story="A colleague heard that a normalized network needs no target network, and wrote one. "
    "The healthy twin, with replay and without a target network, learns to balance. The suspect, "
    "with the same seeds, falls after ten steps, late as early: less than chance earns. Look at "
    "which probes are right and which are not, and in which direction.",
    config=HEALTHY,
    seeds=range(4),
    sabotage=lambda: {"config": HEALTHY.replace(layer_norm=False), "network": _network},
    suspects=(
        Suspect(
            "the agent takes the action of the smallest value",
            "It would fall as early. But the values would be learned as well as ever: on the "
            "probes, where all actions are drawn by chance, every one would be right.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "Then ConstantReward would climb toward 1/(1 − 0.9) = 10. It is right, as all probes "
            "of one step are.",
        ),
        Suspect(
            _GUILTY,
            "That is it. What an observation is worth depends on its company. A probe of one step "
            "is right: the company is always the same. With a next state it goes wrong. In "
            "TwoStepDiscount all next observations are alike, so nothing of them is left; in "
            "Termination each is 0.2 further on, and the shift is taken away: the step after looks "
            "like the step before. And to act, the agent looks at one observation alone, which is "
            "its own mean: whatever it sees, it does the same.",
        ),
        Suspect(
            "the discount is far too small",
            "Then TwoStepDiscount and TruncatedForever would be too low, as they are, but "
            "Termination as well. It is too high.",
        ),
        Suspect(
            "a time limit is taken for a termination",
            "Then TruncatedForever would come out near 3.6, which is not far from what is seen. "
            "But TwoStepDiscount and Termination have no time limit, and would be right.",
        ),
    ),
    guilty=_GUILTY,
)
