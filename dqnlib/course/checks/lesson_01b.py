"""Lesson 01b: Sarsa and Expected Sarsa. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.checks.lesson_01 import ENDS, GAMMAS, LOW, NUMBER_FOR_GAMMA, PENALTY, ROW
from dqnlib.course.types import Case, Check, Mistake

TITLE = "01b Sarsa, and when Q-learning converges"

# -- sarsa_target --------------------------------------------------------------------------

SARSA_TARGET = Check(
    path="dqnlib.tabular.sarsa_target",
    cases=(
        # −1 + 0.9 · (−6) = −6.4; the greedy action would be 2
        Case(
            {"reward": -1.0, "terminated": False, "next_q": ROW, "next_action": 1, "gamma": 0.9},
            -6.4,
            "the policy explores: it takes action 1 next, not the best one",
        ),
        # the episode is over: there is no next action
        Case(
            {"reward": 3.0, "terminated": True, "next_q": ROW, "next_action": -1, "gamma": 0.9},
            3.0,
            "the step that ended the episode: there is no next action, and next_action is -1",
        ),
        # −1 + 0.5 · (−4) = −3
        Case(
            {"reward": -1.0, "terminated": False, "next_q": LOW, "next_action": 3, "gamma": 0.5},
            -3.0,
            "all values are negative",
        ),
        # −1 + 0.9 · (−2) = −2.8
        Case(
            {"reward": -1.0, "terminated": False, "next_q": ROW, "next_action": 0, "gamma": 0.9},
            -2.8,
            "action 0 is an action like any other",
        ),
    ),
    mistakes=(
        Mistake(
            "the best action follows, as in Q-learning",
            "That is Q-learning. Sarsa learns from what the policy really does next: "
            "next_q[next_action].",
            lambda r, t, q, a, g: r if t else r + g * q.max(),
        ),
        Mistake(
            "the value of a terminal state was kept",
            "After termination no action follows: there the target is the reward alone.",
            lambda r, t, q, a, g: r + g * q[a],
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            lambda r, t, q, a, g: r + g * q[a] * t,
        ),
        Mistake(
            "the discount is missing",
            "The value of the next action is multiplied by gamma.",
            lambda r, t, q, a, g: r if t else r + q[a],
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, q, a, g: r if t else g * (r + q[a]),
        ),
        Mistake(
            "the number of an action is used as its value",
            "next_action says which entry of next_q to take: next_q[next_action].",
            lambda r, t, q, a, g: r if t else r + g * a,
        ),
        Mistake(
            "the mean of the next values",
            "Sarsa uses the one action that is taken next: next_q[next_action].",
            lambda r, t, q, a, g: r if t else r + g * q.mean(),
        ),
        Mistake(
            "action 0 is taken for no action",
            "The number 0 counts as false in Python. Ask terminated whether anything follows.",
            lambda r, t, q, a, g: r + g * q[a] if a and not t else r,
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, q, a, g: 0.0 if t else r + g * q[a],
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, q, a, g: r if t else g * q[a],
        ),
        Mistake(
            "the next value is subtracted",
            "What follows is added to the reward.",
            lambda r, t, q, a, g: r if t else r - g * q[a],
        ),
        Mistake(
            "a sign stands where gamma should count",
            "gamma times the next value is added: look at the sign between the two.",
            lambda r, t, q, a, g: r + g - (1 - t) * q[a],
        ),
        Mistake(
            "the value of the action before",
            "Actions are numbered from 0, as the entries of next_q are: next_q[next_action].",
            lambda r, t, q, a, g: r if t else r + g * q[a - 1],
        ),
        Mistake(
            "the smallest of the next values",
            "Sarsa is careful because it looks at what is really done, not at the worst: "
            "next_q[next_action].",
            lambda r, t, q, a, g: r if t else r + g * q.min(),
        ),
        *(
            Mistake(*NUMBER_FOR_GAMMA, lambda r, t, q, a, g, n=n: r if t else r + n * q[a])
            for n in GAMMAS
        ),
        *(
            Mistake(*PENALTY, lambda r, t, q, a, g, end=end: end(r, g) if t else r + g * q[a])
            for end in ENDS
        ),
    ),
    hints=(
        "It is your Q-learning target with one thing changed: which next value?",
        "`next_action` is a place in `next_q`. After the end it is −1, and there nothing follows.",
        "`if terminated: return reward`, and then `return reward + gamma * next_q[next_action]`.",
    ),
)

# -- expected_sarsa_target -----------------------------------------------------------------


def _expected_case(reward, terminated, next_q, epsilon, gamma, expected, story) -> Case:
    args = {
        "reward": reward,
        "terminated": terminated,
        "next_q": next_q,
        "epsilon": epsilon,
        "gamma": gamma,
    }
    return Case(args, expected, story)


EXPECTED_SARSA_TARGET = Check(
    path="dqnlib.tabular.expected_sarsa_target",
    cases=(
        # 0.8 · 4 + 0.2 · (−0.75) = 3.05; −1 + 0.9 · 3.05 = 1.745
        _expected_case(-1.0, False, ROW, 0.2, 0.9, 1.745, "a step in the middle of an episode"),
        _expected_case(5.0, True, ROW, 0.2, 0.9, 5.0, "the step that ended the episode"),
        # epsilon = 0 is greedy: −1 + 0.9 · 4 = 2.6
        _expected_case(-1.0, False, ROW, 0.0, 0.9, 2.6, "epsilon = 0: the greedy value"),
        # epsilon = 1 is the plain mean: −1 + 0.9 · (−0.75) = −1.675
        _expected_case(-1.0, False, ROW, 1.0, 0.9, -1.675, "epsilon = 1: the plain mean"),
        # 0.5 · (−3) + 0.5 · (−5) = −4; 2 + 0.5 · (−4) = 0
        _expected_case(2.0, False, LOW, 0.5, 0.5, 0.0, "all values are negative"),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After termination nothing follows: there the target is the reward alone.",
            lambda r, t, q, e, g: r + g * ((1 - e) * q.max() + e * q.mean()),
        ),
        Mistake(
            "the best value alone",
            "That is Q-learning. The policy explores with probability epsilon: then the mean "
            "of all values follows.",
            lambda r, t, q, e, g: r if t else r + g * q.max(),
        ),
        Mistake(
            "the plain mean of the next values",
            "With probability 1 − epsilon the policy is greedy: weigh the max and the mean.",
            lambda r, t, q, e, g: r if t else r + g * q.mean(),
        ),
        Mistake(
            "epsilon and 1 − epsilon are swapped",
            "The greedy part has the probability 1 − epsilon, the random part epsilon.",
            lambda r, t, q, e, g: r if t else r + g * (e * q.max() + (1 - e) * q.mean()),
        ),
        Mistake(
            "the random part is a sum",
            "A random action has the probability epsilon / A each: their part is epsilon times "
            "the mean.",
            lambda r, t, q, e, g: r if t else r + g * ((1 - e) * q.max() + e * q.sum()),
        ),
        Mistake(
            "exploring leaves out the best action",
            "A random action is any action, the best one too: take the mean of all values.",
            lambda r, t, q, e, g: (
                r if t else r + g * ((1 - e) * q.max() + e * (q.sum() - q.max()) / (len(q) - 1))
            ),
        ),
        Mistake(
            "the random part is missing",
            "With probability epsilon the mean of all values follows: add epsilon times the mean.",
            lambda r, t, q, e, g: r if t else r + g * (1 - e) * q.max(),
        ),
        Mistake(
            "the discount is missing",
            "What follows is multiplied by gamma.",
            lambda r, t, q, e, g: r if t else r + (1 - e) * q.max() + e * q.mean(),
        ),
        Mistake(
            "gamma reaches only a part of what follows",
            "Put brackets around the whole expected value: gamma * (... + ...).",
            lambda r, t, q, e, g: r if t else r + g * (1 - e) * q.max() + e * q.mean(),
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, q, e, g: 0.0 if t else r + g * ((1 - e) * q.max() + e * q.mean()),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            lambda r, t, q, e, g: r + g * ((1 - e) * q.max() + e * q.mean()) * t,
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, q, e, g: r if t else g * (r + (1 - e) * q.max() + e * q.mean()),
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, q, e, g: r if t else g * ((1 - e) * q.max() + e * q.mean()),
        ),
        Mistake(
            "the greedy action loses its share of the random part",
            "A random action may be the best one, too: its probability is 1 − ε + ε / A, "
            "so that all of them sum to 1.",
            lambda r, t, q, e, g: (
                r if t else r + g * ((1 - e) * q.max() + e * (q.sum() - q.max()) / len(q))
            ),
        ),
        Mistake(
            "the greedy part is not weighed",
            "The weights of a mean sum to 1: the greedy part has the probability 1 − epsilon.",
            lambda r, t, q, e, g: r if t else r + g * (q.max() + e * q.mean()),
        ),
        Mistake(
            "the worst value in the random part",
            "A random action is any action, not the worst: take the mean of all values.",
            lambda r, t, q, e, g: r if t else r + g * ((1 - e) * q.max() + e * q.min()),
        ),
        Mistake(
            "softmax weights",
            "Weigh with the policy that acts: 1 − epsilon for the best action, and epsilon "
            "shared by all.",
            lambda r, t, q, e, g: r if t else r + g * (np.exp(q) @ q / np.exp(q).sum()),
        ),
        *(
            Mistake(
                *NUMBER_FOR_GAMMA,
                lambda r, t, q, e, g, n=n: r if t else r + n * ((1 - e) * q.max() + e * q.mean()),
            )
            for n in GAMMAS
        ),
        *(
            Mistake(
                *PENALTY,
                lambda r, t, q, e, g, end=end: (
                    end(r, g) if t else r + g * ((1 - e) * q.max() + e * q.mean())
                ),
            )
            for end in ENDS
        ),
    ),
    hints=(
        "What does an ε-greedy policy do next, and how likely is each part?",
        "If it is greedy, the best value follows; if it acts at random, the mean of all of them, "
        "the best one included. Weigh the two by how often each happens.",
        "`expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()`, and the target is "
        "`reward + gamma * expected`, or `reward` alone after termination.",
    ),
)

CHECKS = (SARSA_TARGET, EXPECTED_SARSA_TARGET)
