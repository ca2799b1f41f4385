"""The bug hunt of lesson 08: rewards that are clipped from below, too far."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.targets import td_target


def _clipped(reward, terminated, next_q, gamma):
    return td_target(reward.clamp(0, 1), terminated, next_q, gamma)


_AT_ZERO = "rewards are clipped to 0 … 1"

HUNT = Hunt(
    story="A colleague clips rewards, “as they did for Atari”. In games where one can only win "
    "points the agent is as good as ever. Then you let it into a casino (lesson 05): eight "
    "machines that lose 0.1 on average, and a door. A healthy twin with the same seeds leaves at "
    "once and earns about 0. This one plays all night.",
    config=Config(
        env_id="dqnlib/Casino-v0",
        steps=2_500,
        hidden=(32,),
        batch_size=32,
        gamma=0.9,
        warmup=200,
        epsilon_steps=1_000,
        capacity=2_500,
        sync_every=100,
        eval_every=500,
        eval_episodes=5,
        reward_clip=1.0,
    ),
    sabotage=lambda: {"td_target": _clipped},
    suspects=(
        Suspect(
            "rewards are clipped to −1 … 1",
            "That is what the healthy twin does. A machine is worth about −0.07 then: the loss "
            "is smaller, and it is still a loss.",
        ),
        Suspect(
            _AT_ZERO,
            "That is it. RewardByObservation pays −1 or 1, and −1 came out as 0: a loss is no loss "
            "any more. A machine then seems to win about 0.3 each time, and the door nothing. In "
            "games without negative rewards nobody would ever see it.",
        ),
        Suspect(
            "rewards are clipped to −0.5 … 0.5",
            "Then ConstantReward, which pays 1, would come out at one half. It is right.",
        ),
        Suspect(
            "the reported returns are clipped, and the learned rewards are not",
            "Then the values of the probes would be right, all of them.",
        ),
        Suspect(
            "a lost life is taken for the end of the episode",
            "None of the probes has lives, and RewardByObservation ends after one step: nothing "
            "could be wrong there.",
        ),
    ),
    guilty=_AT_ZERO,
    seeds=range(3),
)
