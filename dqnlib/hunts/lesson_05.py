"""The bug hunt of lesson 05: a Double DQN whose values do not wait for the copies."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _swapped(reward, terminated, online_next_q, target_next_q, gamma):
    """Return targets [B]: the frozen network selects, the network that learns evaluates."""
    action = target_next_q.argmax(dim=1, keepdim=True)  # [B, 1]
    return reward + gamma * online_next_q.gather(1, action).squeeze(1) * ~terminated


_SWAPPED = "the target network selects and the online network evaluates"

HUNT = Hunt(
    story="A Double DQN on CartPole. To make its two networks easy to tell apart, the target "
    "network is copied only once in 1,000 steps. The returns look harmless. But the values rise "
    "much faster than those of a healthy agent with the same settings. Before the first copy the "
    "target network knows nothing: its values are near 0. How large can a value be after one "
    "copy, after two, after five?",
    config=Config(
        steps=6_000,
        double=True,
        sync_every=1_000,
        hidden=(32,),
        learning_rate=3e-3,
        warmup=500,
        epsilon_steps=3_000,
        eval_every=1_000,
        eval_episodes=5,
    ),
    sabotage=lambda: {"td_target": _swapped},
    suspects=(
        Suspect(
            "the target network selects and evaluates",
            "That is plain DQN. Its judge is frozen, too: after k copies no value can be much "
            "above 1 + γ + … + γᵏ, and the curve climbs in the same stairs as the healthy one.",
        ),
        Suspect(
            "one action is selected for the whole batch",
            "The judge would still be frozen, so the values would climb in stairs. And a choice "
            "that fits only some rows makes values smaller, not larger.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "On the probes ConstantReward and Termination every episode ends by itself: there "
            "such an agent learns too much. The suspect is right on both.",
        ),
        Suspect(
            "the next value is not discounted",
            "TwoStepDiscount would show it, with 1 in place of 0.9, and TruncatedForever would "
            "never settle at 10. The suspect is right on both.",
        ),
        Suspect(
            _SWAPPED,
            "The judge learns at every step, so nothing has to wait for a copy: values pass what "
            "a frozen judge allows, 1 + γ + … + γᵏ after k copies. The probes are silent, for none "
            "has two actions to choose from in a *next* state.",
        ),
    ),
    guilty=_SWAPPED,
)
