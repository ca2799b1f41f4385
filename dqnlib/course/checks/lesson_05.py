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
            "the worst action",
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
            "the mean over the actions",
            "That is the value of pure chance. Double DQN takes the one action that the online "
            "network likes best.",
            _following(lambda online, target: target.mean(dim=1)),
        ),
        Mistake(
            "half of the maximum and half of the mean",
            "That is the soft target of lesson 04b, with Double DQN's choice. Here nothing is left "
            "to chance: take the value of the chosen action alone.",
            _following(lambda online, target: (_at_best(online, target) + target.mean(dim=1)) / 2),
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
        "First one action a row from `online_next_q`, as a number. Then, in each row of "
        "`target_next_q`, the value in that column: your loss of lesson 02 picks one value a row "
        "in the same way. What terminated has no next value.",
        "`action = online_next_q.argmax(dim=1, keepdim=True)` is a column [B, 1], and "
        "`gather(1, action)` on the other network's values gives a column, too: `squeeze(1)` makes "
        "it [B]. The rest is your `td_target`, with this in the place of the max.",
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
            "the worst action",
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
            "both ways, and then the mean",
            "One direction is enough here: the chooser selects, the judge evaluates.",
            lambda chooser, judge: (
                (
                    _each_trial(judge, chooser.argmax(axis=1)).mean()
                    + _each_trial(chooser, judge.argmax(axis=1)).mean()
                )
                / 2
            ),
        ),
        Mistake(
            "the largest of both sets together",
            "Averaged first, both sets are one larger set of estimates, and its luckiest error "
            "wins again. Keep them apart.",
            lambda chooser, judge: ((chooser + judge) / 2).max(axis=1).mean(),
        ),
        Mistake(
            "the sum over the trials",
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
        "The first answer is one number a trial, [N]: look for an argmax along the actions. For "
        "the second, an array can be asked for a row and a column at once: `values[rows, columns]` "
        "with two lists of the same length.",
        "`action = chooser.argmax(axis=1)` says which column. The rows are all of them in turn, "
        "`np.arange(len(judge))`. What is left is one value a trial: take the mean.",
    ),
)

# -- returns_to_go -------------------------------------------------------------------------


def _earned(reward, gamma, last_value):
    found, following = np.zeros(len(reward)), last_value
    for t in reversed(range(len(reward))):
        found[t] = following = reward[t] + gamma * following
    return found


def _weighted(reward, gamma):
    """Return the rewards as seen from the start of the episode, [T]."""
    return reward * gamma ** np.arange(len(reward))


def _past(reward, gamma, last_value):
    found, before = np.zeros(len(reward)), 0.0
    for t, r in enumerate(reward):
        found[t] = before = r + gamma * before
    return found


def _all_late(reward, gamma, last_value):
    found, following = np.zeros(len(reward)), last_value
    for t in reversed(range(len(reward))):
        found[t] = following = gamma * (reward[t] + following)
    return found


def _normalized(ddof):
    def wrong(reward, gamma, last_value):
        found = _earned(reward, gamma, last_value)
        spread = found.std(ddof=ddof) if len(found) > ddof else 0.0
        return (found - found.mean()) / (spread + 1e-8)

    return wrong


RETURNS_TO_GO = Check(
    path="dqnlib.targets.returns_to_go",
    returns="a list or an array [T]",
    cases=(
        # from the last step back: 5; 2 + 0.5 · 5 = 4.5; 1 + 0.5 · 4.5 = 3.25
        Case(
            {"reward": np.array([1, 2, 5]), "gamma": 0.5, "last_value": 0.0},
            np.array([3.25, 4.5, 5.0]),
            "three steps, and then the episode terminated",
        ),
        # −2 + 0.9 · 10 = 7; 3 + 0.9 · 7 = 9.3
        Case(
            {"reward": np.array([3.0, -2.0]), "gamma": 0.9, "last_value": 10.0},
            np.array([9.3, 7.0]),
            "cut after two steps, with 10 still to come",
        ),
        # 4 + 0.5 · (−6) = 1
        Case(
            {"reward": np.array([4.0]), "gamma": 0.5, "last_value": -6.0},
            np.array([1.0]),
            "one step, and -6 still to come",
        ),
    ),
    mistakes=(
        Mistake(
            "what came before is summed up",
            "A return looks ahead: from the last step go back to the first one.",
            _past,
        ),
        Mistake(
            "the last step comes first",
            "You went through the episode from its end. Turn the result round, so that place 0 "
            "belongs to the first step.",
            lambda r, g, v: _earned(r, g, v)[::-1],
        ),
        Mistake(
            "nothing is discounted",
            "A reward that comes k steps later counts gamma to the power of k.",
            lambda r, g, v: r[::-1].cumsum()[::-1] + v,
        ),
        Mistake(
            "what follows is discounted once, however late it comes",
            "Each further step costs one more factor gamma. Work backwards, and use the return of "
            "the step after.",
            lambda r, g, v: np.array([r[t] + g * (r[t + 1 :].sum() + v) for t in range(len(r))]),
        ),
        *(
            Mistake(
                "all is discounted from the start of the episode",
                "Each return is seen from its own step, whose reward counts in full.",
                wrong,
            )
            for wrong in (
                lambda r, g, v: _earned(r, g, v) * g ** np.arange(len(r)),
                lambda r, g, v: _weighted(r, g)[::-1].cumsum()[::-1] + v,
                lambda r, g, v: _weighted(r, g)[::-1].cumsum()[::-1],
            )
        ),
        Mistake(
            "a running sum from the start",
            "That adds up the past. The return of a step adds up what is still to come.",
            lambda r, g, v: _weighted(r, g).cumsum(),
        ),
        Mistake(
            "the reward of the step itself is discounted, too",
            "It comes at once, so it counts in full; only what follows it is discounted.",
            _all_late,
        ),
        *(
            Mistake(
                "the reward of the step itself is left out",
                "The return from a step on begins with the reward of this step.",
                lambda r, g, v, factor=factor: (
                    (g if factor else 1) * np.append(_earned(r, g, v)[1:], v)
                ),
            )
            for factor in (False, True)
        ),
        Mistake(
            "last_value is not used",
            "Where the episode was only cut, something is still to come after the last reward.",
            lambda r, g, v: _earned(r, g, 0.0),
        ),
        Mistake(
            "last_value is not discounted",
            "It comes one step after the last reward, so one factor gamma is due.",
            lambda r, g, v: _earned(r, g, v / g),
        ),
        Mistake(
            "last_value in place of the last reward",
            "It is what comes after the last reward, and the last reward counts, too.",
            lambda r, g, v: _earned(np.append(r[:-1], v), g, 0.0),
        ),
        Mistake(
            "last_value follows every step",
            "It follows the last step only. What follows any other one is the return of the next.",
            lambda r, g, v: r + g * v,
        ),
        Mistake(
            "only one step is looked ahead",
            "The return holds all later rewards, not the next one alone.",
            lambda r, g, v: r + g * np.append(r[1:], v),
        ),
        *(
            Mistake(
                "the returns are normalized",
                "Some policy-gradient programs do so. Here the number itself is wanted, since it "
                "is to be compared with a Q-value.",
                _normalized(ddof),
            )
            for ddof in (0, 1)
        ),
        Mistake(
            "the fractions are cut off",
            "The rewards are whole numbers here, and an array made like them keeps whole numbers "
            "only: make one of floats.",
            lambda r, g, v: _earned(r, g, v).astype(r.dtype),
        ),
        Mistake(
            "the mean in place of the sum",
            "A return adds up; nothing is divided by the number of steps.",
            lambda r, g, v: _earned(r, g, v) / np.arange(len(r), 0, -1),
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                lambda r, g, v, number=number: _earned(r, number, v),
            )
            for number in (0.99, 0.98, 0.95, 0.9, 0.5)
        ),
    ),
    hints=(
        "What is earned from a step on is its reward, and then what is earned from the next step "
        "on. So in which direction do you go through the episode?",
        "Begin at the end, where you know what follows: `last_value`. At each step put the reward "
        "in front of what follows; that is then what follows the step before.",
        "With `following = last_value`, loop over `reversed(range(len(reward)))`, let "
        "`following = reward[t] + gamma * following`, and keep each at place t of an array of "
        "floats.",
    ),
)

CHECKS = (DOUBLE_TD_TARGET, DOUBLE_ESTIMATE, RETURNS_TO_GO)
