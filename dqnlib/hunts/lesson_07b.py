"""The bug hunt of lesson 07b: windows of three steps, and what follows them discounted once."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect

N = 3


def _discounted_once(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.argmax(dim=1, keepdim=True)
    follows = target_next_q.gather(1, best).squeeze(1)
    return reward + gamma ** (1 / N) * follows * ~terminated


_ONCE = "what follows a window is discounted once, not once for each of its steps"

HUNT = Hunt(
    story="Someone puts the parts together one by one, and has got as far as Double DQN with "
    "windows of three steps. On CartPole the agent balances like its healthy twin, and the "
    "values, still far from 100, rise somewhat faster: a success, it is said. The probes must "
    "tell.",
    config=Config(
        steps=4_000,
        warmup=500,
        epsilon_steps=2_000,
        final_learning_rate=9e-4,
        n_step=N,
        double=True,
        eval_every=500,
        eval_episodes=5,
    ),
    sabotage=lambda: {"td_target": _discounted_once},
    suspects=(
        Suspect(
            "the rewards inside a window are not discounted",
            "Then a window of three rewards of 1 would be worth 3 in place of 2.71, and "
            "TruncatedForever 3/(1 − 0.729) = 11. It is far above that.",
        ),
        Suspect(
            "a window goes on into the next episode",
            "Then the end would hold no longer: ConstantReward, where each step ends an episode, "
            "would be too high.",
        ),
        Suspect(
            _ONCE,
            "That is it. After a window of n steps, what follows is worth γⁿ, not γ. An episode of "
            "up to three steps never looks further than its window, so the short probes are right. "
            "In Termination only the two earliest states look further, and are a little high. "
            "TruncatedForever looks on for ever: it climbs to 2.71/(1 − 0.9) = 27 in place of 10.",
        ),
        Suspect(
            "the target network selects the action as well",
            "That is DQN in place of Double DQN. On the probes, whose values have no noise to be "
            "lucky with, both are right.",
        ),
        Suspect(
            "no target is cut where the episode terminates",
            "Then ConstantReward, whose only step terminates, would be too high. It is right.",
        ),
    ),
    guilty=_ONCE,
)
