"""The bug hunt of lesson 03. Do not read it before you have given your verdict."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.replay import ReplayBuffer


class _Newest(ReplayBuffer):
    """Keeps all, and draws from the newest 64 only."""

    def __init__(self, capacity: int):
        super().__init__(capacity)
        self.newest = ReplayBuffer(64)

    def add(self, transition) -> None:
        super().add(transition)
        self.newest.add(transition)

    def sample(self, batch_size, rng):
        return self.newest.sample(batch_size, rng)


def _ended(moment) -> float:
    """Return which share of the last batch are steps that terminated their episode."""
    return float("nan") if moment.batch is None else moment.batch.terminated.float().mean()


NEWEST = "batches come from the newest 64 steps only"
HUNT = Hunt(
    story="An agent with a buffer of 50,000 transitions, a target network and Adam plays CartPole "
    "for 4,000 steps. Someone has rewritten the buffer, “to make it tidier”. Since then the agent "
    "earns less. No error message appears, and a batch has its five fields, of the right shapes.",
    config=Config(
        steps=4_000,
        warmup=500,
        epsilon_steps=2_000,
        final_learning_rate=1e-3,
        eval_every=500,
        eval_episodes=5,
    ),
    sabotage=lambda: {"replay": _Newest},
    record={"steps that terminated, share of a batch": _ended},
    suspects=(
        Suspect(
            "the actions of a batch belong to other rows",
            "Then no agent could tell two actions apart, and the probe RewardByAction would show "
            "0 and 0 in place of −1 and 1. It is right.",
        ),
        Suspect(
            "a full buffer takes nothing new",
            "After 4,000 steps a buffer of 50,000 is not full yet: with this mistake the two "
            "agents would be the same.",
        ),
        Suspect(
            NEWEST,
            "The probes are right, for there all steps are alike, new or old. On CartPole the "
            "healthy agent's batches still hold the many falls of the early steps. The suspect's "
            "show what it does now: as its episodes grow long, hardly a step of them terminates. "
            "A healthy agent with a capacity of 64 does the same.",
        ),
        Suspect(
            "a truncation is stored as a termination",
            "Then the probe TruncatedForever would be far too low. It is right.",
        ),
    ),
    guilty=NEWEST,
)
