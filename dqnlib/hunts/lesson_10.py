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
    steps=1_400, sync_every=1, hidden=(64,), layer_norm=True, warmup=200, epsilon_steps=1_000,
    final_learning_rate=1e-3, eval_every=200, eval_episodes=5,
)  # fmt: skip
_GUILTY = "the layers are normalized over the batch, not over the units of each observation"

HUNT = Hunt(
    story="A colleague heard that a normalized network needs no target network, and wrote one. "
    "The healthy twin, with replay and without a target network, learns to balance. The suspect, "
    "with the same seeds, falls after some ten steps, late as early, before an agent that acts "
    "by chance does. Look at which probes are right and which are not, and in which direction.",
    config=HEALTHY,
    seeds=range(4),
    probes=("RewardByObservation", "TwoStepDiscount", "TruncatedForever", "Termination"),
    sabotage=lambda: {"config": HEALTHY.replace(layer_norm=False), "network": _network},
    suspects=(
        Suspect(
            "the network does not see the observation at all",
            "Then it would always do the same, as it does. But the two observations of "
            "RewardByObservation would have one value, 0. There they are told apart.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "Then RewardByObservation would be wrong, too: nothing follows its reward, but a value "
            "would be added. It is right.",
        ),
        Suspect(
            _GUILTY,
            "That is it. What an observation is worth depends on its company. RewardByObservation, "
            "which has no next state, is right. With a next state it goes wrong. In "
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
