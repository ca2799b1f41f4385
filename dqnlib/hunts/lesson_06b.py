"""The bug hunt of lesson 06b. Do not read it before you have given your verdict."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.prioritized import PrioritizedReplayBuffer


class _Smallest(PrioritizedReplayBuffer):
    """Takes one over the TD error for the priority."""

    def update(self, index, td_error) -> None:
        for i, error in zip(index.tolist(), td_error.tolist(), strict=True):
            self.tree[i] = (1 / (abs(error) + 0.01)) ** self.alpha


def _ended(moment) -> float:
    """Return which share of the last batch are steps that terminated their episode."""
    return float("nan") if moment.batch is None else moment.batch.terminated.float().mean()


def _weight(moment) -> float:
    return float("nan") if moment.batch is None else moment.batch.weight.mean()


GUILTY = "the transitions with the smallest errors are drawn most"
HUNT = Hunt(
    story="An agent with prioritized replay, α = 0.6, plays CartPole for 2,000 steps. Someone has "
    "written the buffer anew. Since then the agent learns later. Its batches have weight and "
    "index, and the sum tree is right: darts hit the places as their priorities say.",
    config=Config(
        steps=2_000, warmup=300, batch_size=16, capacity=2_000, epsilon_steps=1_000,
        final_learning_rate=1e-3, eval_every=500, eval_episodes=5, record_every=50,
    ),
    slots={"replay": PrioritizedReplayBuffer},
    sabotage=lambda: {"replay": _Smallest},
    seeds=range(3),
    record={"steps that terminated, share of a batch": _ended, "mean weight of a batch": _weight},
    suspects=(
        Suspect(
            "priorities are never updated",
            "Then all transitions would keep the first priority, draws would be uniform, and every "
            "weight 1. The suspect's weights are well below 1, as the healthy agent's are.",
        ),
        Suspect(
            "the weights are forgotten",
            "Then the mean weight of a batch would be 1. It is not.",
        ),
        Suspect(
            "the errors are written to the places of another batch",
            "Then the draws would have nothing to do with the errors, and steps that terminate "
            "would come as often as they happen: one in twenty, at the beginning. The suspect "
            "hardly ever sees one.",
        ),
        Suspect(
            GUILTY,
            "That is it. The steps that terminate are the surprises of CartPole: the healthy agent "
            "draws them much more often than they happen. The suspect hardly draws any, for it "
            "prefers what it can predict. The probes are right: there even the smallest errors "
            "lead to the goal, for every transition is alike.",
        ),
        Suspect(
            "a terminated step is stored as one that went on",
            "Then the probe ConstantReward would climb toward 10, and no batch would show a "
            "terminated step at all, not even an early one.",
        ),
    ),
    guilty=GUILTY,
)  # fmt: skip
