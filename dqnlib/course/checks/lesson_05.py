"""Lesson 05: Double DQN. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "05 Double DQN"

# -- double_td_target ----------------------------------------------------------------------

# rows are transitions, columns are actions; the online network's best: 2, 1, 0
# (the largest of all is in column 2, the largest mean in column 1)
ONLINE = np.array([[1.0, 5.0, 9.0, 0.0], [4.0, 7.0, 1.0, 3.0], [5.0, 2.0, 3.0, -1.0]], np.float32)
# the target network's best: 1, 0, 1; at the online network's choice it says 4, −3, 7
FROZEN = np.array([[3.0, 8.0, 4.0, 1.0], [6.0, -3.0, 5.0, 0.0], [7.0, 9.0, 1.0, 2.0]], np.float32)


def _target_case(rows, reward, terminated, gamma, expected, story) -> Case:
    args = {
        "reward": np.array(reward, np.float32),
        "terminated": np.array(terminated),
        "online_next_q": ONLINE[rows],
        "target_next_q": FROZEN[rows],
        "gamma": gamma,
    }
    return Case(args, np.array(expected, np.float32), story)


def _best(q):
    return q.max(dim=1).values


def _at_best(q, values):
    """Return the value in `values` of each row's best action in `q`: [B, A], [B, A] -> [B]."""
    return values.gather(1, q.argmax(dim=1)[:, None])[:, 0]


def _following(value):
    """Make a mistake that takes another value for what follows: (online, target) -> [B]."""
    return lambda r, t, online, target, g: r + g * value(online, target) * ~t


def _with_gamma(number):
    """Make the mistake of those who write a discount of their own."""
    return lambda r, t, online, target, g: r + number * _at_best(online, target) * ~t


def _at_the_end(value):
    """Make a mistake that has another target after termination: (reward, gamma) -> [B]."""
    return lambda r, t, online, target, g: (r + g * _at_best(online, target)).where(~t, value(r, g))


DOUBLE_TD_TARGET = Check(
    path="dqnlib.targets.double_td_target",
    tensors=True,
    returns="a tensor [B]",
    cases=(
        # the online network picks action 2, and the target network values it 4: 1 + 0.5 · 4 = 3
        # action 0, worth 7: 2 + 0.5 · 7 = 5.5; terminated: −2
        _target_case(
            [0, 2, 1],
            [1.0, 2.0, -2.0],
            [False, False, True],
            0.5,
            [3.0, 5.5, -2.0],
            "three transitions; the third ended its episode",
        ),
        # action 0, worth 7: 2 + 0.9 · 7 = 8.3
        _target_case([2], [2.0], [False], 0.9, [8.3], "a batch of one transition"),
    ),
    mistakes=(
        Mistake(
            "the two networks are swapped",
            "The online network selects the action, the target network says what it is worth.",
            _following(lambda online, target: _at_best(target, online)),
        ),
        *(
            Mistake(
                "one action for the whole batch",
                "Each transition has its own best action: argmax(dim=1) gives one a row. Without "
                "dim it looks for the best of the whole table.",
                _following(lambda online, target, pick=pick: target[:, pick(online)]),
            )
            for pick in (
                lambda q: q.argmax() % q.shape[1],
                lambda q: q.mean(dim=0).argmax(),
                lambda q: q[0].argmax(),
            )
        ),
        Mistake(
            "the value of the whole batch's best action",
            "Each transition has its own best action and its own value: argmax(dim=1), and one "
            "value from each row of target_next_q.",
            _following(lambda online, target: target.flatten()[online.argmax()]),
        ),
        Mistake(
            "a soft maximum in place of the best action",
            "softmax mixes all actions, the bad ones too. Double DQN takes the one action that "
            "the online network likes best: argmax(dim=1).",
            _following(lambda online, target: (online.softmax(dim=1) * target).sum(dim=1)),
        ),
        Mistake(
            "the worst action in place of the best",
            "argmin finds the smallest value; the best action has the largest.",
            _following(lambda online, target: _at_best(-online, target)),
        ),
        Mistake(
            "the largest value of the target network",
            "That is plain DQN: the target network selects and evaluates. Let the online network "
            "select: online_next_q.argmax(dim=1).",
            _following(lambda online, target: _best(target)),
        ),
        Mistake(
            "the largest value of the online network",
            "The online network only selects. What its choice is worth, the target network says.",
            _following(lambda online, target: _best(online)),
        ),
        Mistake(
            "the smaller of both networks' largest values",
            "Double DQN takes one value: that of the target network, at the action which the "
            "online network selects.",
            _following(lambda online, target: _best(online).minimum(_best(target))),
        ),
        Mistake(
            "the largest of the smaller values",
            "Taking the minimum of two networks is another remedy (TD3). Double DQN selects with "
            "one and evaluates with the other.",
            _following(lambda online, target: _best(online.minimum(target))),
        ),
        Mistake(
            "the smaller of both networks' values",
            "The action is right. Its value comes from the target network alone; the minimum of "
            "two is another remedy (TD3).",
            _following(
                lambda online, target: _best(online).minimum(_at_best(online, target)),
            ),
        ),
        Mistake(
            "the mean of both networks",
            "One network selects, the other evaluates. Nothing is averaged.",
            _following(lambda online, target: _best((online + target) / 2)),
        ),
        Mistake(
            "the mean of both networks",
            "One network selects, the other evaluates. Nothing is averaged.",
            _following(lambda online, target: (_best(online) + _best(target)) / 2),
        ),
        Mistake(
            "the number of the action in place of its value",
            "argmax tells which action; target_next_q.gather(1, ...) tells what it is worth.",
            _following(lambda online, target: online.argmax(dim=1)),
        ),
        Mistake(
            "the value of a terminal state was kept",
            "After termination nothing follows: there the target is the reward alone.",
            lambda r, t, online, target, g: r + g * _at_best(online, target),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            lambda r, t, online, target, g: r + g * _at_best(online, target) * t,
        ),
        *(
            Mistake(
                "one ended episode ends all of them",
                "Each row has its own episode: a product with ~terminated, row by row, without "
                "any() or all().",
                lambda r, t, online, target, g, ended=ended: (
                    r + g * _at_best(online, target) * ~ended(t)
                ),
            )
            for ended in (lambda t: t.any(), lambda t: t.sum() > 0)
        ),
        *(
            Mistake(
                "a penalty at the end of the episode",
                "A punishment for the end is a change of the task: at the last step the target is "
                "the reward that the environment gave, and nothing else.",
                _at_the_end(value),
            )
            for value in (lambda r, g: 0 * r - 1, lambda r, g: r - 1, lambda r, g: r - g)
        ),
        Mistake(
            "the discount is missing",
            "The next value is multiplied by gamma.",
            lambda r, t, online, target, g: r + _at_best(online, target) * ~t,
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                _with_gamma(number),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the next value is subtracted",
            "What follows is added to the reward.",
            lambda r, t, online, target, g: r - g * _at_best(online, target) * ~t,
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, online, target, g: g * (r + _at_best(online, target) * ~t),
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, online, target, g: (r + g * _at_best(online, target)) * ~t,
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, online, target, g: g * _at_best(online, target) * ~t,
        ),
    ),
    hints=(
        "It is your `td_target` with the max taken apart: which action, and what is it worth? "
        "Each network answers one of the two.",
        "`action = online_next_q.argmax(dim=1)` is [B]. `target_next_q.gather(1, action[:, None])` "
        "picks one value a row, as in your loss, and is [B, 1]: `.squeeze(1)` makes it [B].",
        "`action = online_next_q.argmax(dim=1)`, then `next_value = target_next_q.gather(1, "
        "action[:, None]).squeeze(1)`, and `return reward + gamma * next_value * ~terminated`.",
    ),
)

# -- double_estimate -----------------------------------------------------------------------

# rows are trials, columns are actions; the chooser's best: 1, 0, 2, 1
CHOOSER = np.array([[1.0, 7.0, 3.0], [4.0, -2.0, 0.0], [2.0, 5.0, 8.0], [-3.0, -1.0, -8.0]])
# the judge's best: 0, 2, 0, 2
JUDGE = np.array([[8.0, 2.0, -1.0], [1.0, 0.0, 12.0], [10.0, 6.0, 3.0], [-7.0, -4.0, 5.0]])


def _each_trial(values, action):
    return values[np.arange(len(values)), action]


DOUBLE_ESTIMATE = Check(
    path="dqnlib.classics.maximization.double_estimate",
    cases=(
        # the judge's values of actions 1, 0, 2, 1: (2 + 1 + 3 − 4) / 4 = 0.5
        Case(
            {"chooser": CHOOSER, "judge": JUDGE},
            0.5,
            "four trials of three actions; the chooser likes the actions 1, 0, 2 and 1 best",
        ),
        # actions 0 and 1: (−5 + 4) / 2 = −0.5
        Case(
            {
                "chooser": np.array([[9.0, -2.0, 1.0, 0.0], [-6.0, -1.0, -3.0, -4.0]]),
                "judge": np.array([[-5.0, 3.0, 11.0, -8.0], [7.0, 4.0, -2.0, 6.0]]),
            },
            -0.5,
            "two trials of four actions; the chooser likes the actions 0 and 1 best",
        ),
    ),
    mistakes=(
        Mistake(
            "the judge's largest values",
            "That is the single estimator again: the judge selects and evaluates. Let the chooser "
            "select.",
            lambda chooser, judge: judge.max(axis=1).mean(),
        ),
        Mistake(
            "the chooser's largest values",
            "That is the single estimator again. The chooser only selects; the judge says what the "
            "choice is worth.",
            lambda chooser, judge: chooser.max(axis=1).mean(),
        ),
        Mistake(
            "chooser and judge are swapped",
            "Select with the chooser's argmax, and take the judge's value there.",
            lambda chooser, judge: _each_trial(chooser, judge.argmax(axis=1)).mean(),
        ),
        Mistake(
            "the mean over all actions",
            "In each trial one action is judged: the one that the chooser likes best.",
            lambda chooser, judge: judge.mean(),
        ),
        Mistake(
            "one action for all trials",
            "The chooser picks in every trial anew: argmax(axis=1), before anything is averaged.",
            lambda chooser, judge: judge[:, chooser.mean(axis=0).argmax()].mean(),
        ),
        Mistake(
            "one action for all trials",
            "Without axis, argmax looks for the best of the whole table. The chooser picks in each "
            "trial anew: argmax(axis=1).",
            lambda chooser, judge: judge[:, chooser.argmax() % chooser.shape[1]].mean(),
        ),
        Mistake(
            "one value for all trials",
            "Without axis, argmax gives one place in the whole table. The chooser picks in every "
            "trial anew: argmax(axis=1).",
            lambda chooser, judge: judge.flat[chooser.argmax()],
        ),
        Mistake(
            "every choice is judged in every trial",
            "judge[:, action] asks all trials about each choice. A trial's judge speaks about its "
            "own trial's choice: judge[np.arange(len(judge)), action].",
            lambda chooser, judge: judge[:, chooser.argmax(axis=1)].mean(),
        ),
        Mistake(
            "the best trial of each action",
            "argmax(axis=0) picks a row for each column. The actions are the columns: axis=1.",
            lambda chooser, judge: judge[chooser.argmax(axis=0), np.arange(judge.shape[1])].mean(),
        ),
        Mistake(
            "the worst action in place of the best",
            "argmin finds the smallest value; the chooser's favorite has the largest.",
            lambda chooser, judge: _each_trial(judge, chooser.argmin(axis=1)).mean(),
        ),
        Mistake(
            "the smaller of both values",
            "The chooser's value is too large by selection; leave it out altogether.",
            lambda chooser, judge: np.minimum(
                chooser.max(axis=1), _each_trial(judge, chooser.argmax(axis=1))
            ).mean(),
        ),
        Mistake(
            "the mean of both values",
            "The chooser's value is too large by selection; leave it out altogether.",
            lambda chooser, judge: (
                (chooser.max(axis=1) + _each_trial(judge, chooser.argmax(axis=1))).mean() / 2
            ),
        ),
        Mistake(
            "the sum in place of the mean",
            "The estimate is the mean over trials: divide by their number.",
            lambda chooser, judge: _each_trial(judge, chooser.argmax(axis=1)).sum(),
        ),
        Mistake(
            "only the first trial",
            "Every trial counts, not only the first. If you wrote a loop: a return inside it ends "
            "the function too early.",
            lambda chooser, judge: judge[0, chooser[0].argmax()],
        ),
        Mistake(
            "the largest of the judged values",
            "The estimate is the mean over trials, not the luckiest one.",
            lambda chooser, judge: _each_trial(judge, chooser.argmax(axis=1)).max(),
        ),
    ),
    hints=(
        "Two questions for every trial: which action does the chooser like best, and what does "
        "the judge say about that action?",
        "`action = chooser.argmax(axis=1)` is [N], one action a trial. An array can be asked for "
        "a row and a column at once: `judge[rows, columns]`, with `rows = np.arange(len(judge))`.",
        "`action = chooser.argmax(axis=1)`, and then "
        "`return judge[np.arange(len(judge)), action].mean()`.",
    ),
)

CHECKS = (DOUBLE_TD_TARGET, DOUBLE_ESTIMATE)
