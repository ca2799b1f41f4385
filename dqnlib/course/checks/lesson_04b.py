"""Lesson 04b: the whole DQN. Expected values are worked by hand beside each trial.

The training step changes networks: `changes` says how it is judged.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dqnlib.course.checks.changes import Seen, Trial, judge, network, numbers, same
from dqnlib.course.types import Case, Check, Mistake

TITLE = "04b Why a solved agent is lost"

NO_WAY = "no gradient reaches the online network"
OWN_OPTIMIZER = "the given optimizer is not used"
RETURNED = {
    "None": "returned None",
    "of the type": "wrong type",
    "numbers of the shape": "wrong shape",
    "NaN": "returned NaN",
}


def _special(trial: Trial, seen: Seen, label: str) -> str | None:
    """Return the name of a mistake that shows in something else than its numbers, or None."""
    if label.startswith("batch."):
        return "arguments changed"
    if label.startswith("returned"):
        got = str(seen.labels[label])
        return next((name for words, name in RETURNED.items() if got.startswith(words)), None)
    if label.startswith("online weight") and "step" not in seen.labels["what was done"]:
        moved = not same(trial.given["online"]["0.weight"], seen.labels[label])
        return OWN_OPTIMIZER if moved else None
    if label == "what was done" and "step" not in seen.labels[label]:
        return OWN_OPTIMIZER
    return None


# -- dqn_update ----------------------------------------------------------------------------

LEARNING_RATE = 0.1


class Transitions(NamedTuple):
    """What the lesson calls a batch: the same names in the same order."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    terminated: Any


class SGD:
    """Plain gradient descent, used like an optimizer of torch; notes in `done` what it did.

    torch's own takes seconds to load when the first one is made, and a check has a time limit.
    """

    def __init__(self, parameters, lr: float, done: list[str]):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self._done = done

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p in self.param_groups[0]["params"]:
            p.grad = None

    def step(self, closure: Callable | None = None):
        import torch

        loss = closure() if closure else None
        with torch.no_grad():
            for p in self.param_groups[0]["params"]:
                if p.grad is not None:
                    p -= self.param_groups[0]["lr"] * p.grad
        self._done.append("step")
        return loss


# Rows are actions: Q(s, a) = weight[a] · s.
WEIGHT = {"0.weight": [[1.0, 2.0], [3.0, -1.0], [-2.0, 0.0]]}
OLD_WEIGHT = {"0.weight": [[2.0, 0.0], [-1.0, 1.0], [0.0, -1.0]]}
# row 0: Q(s) = 5, 1, −2, action 1 is taken; target network on (2, 1): 4, −1, −1, best 4
# row 1: Q(s) = 1, −4, 2, action 0 is taken; the episode has terminated (else the best were 6)
# row 2: Q(s) = 4, 5, −4, action 0 is taken; target network on (−1, 2): −2, 3, −2, best 3
# row 3: Q(s) = −1, 4, −2, action 2 is taken; target network on (−1, −2): −2, −1, 2, best 2
BATCH = {
    "obs": [[1.0, 2.0], [-1.0, 1.0], [2.0, 1.0], [1.0, -1.0]],
    "action": [1, 0, 0, 2],
    "reward": [1.0, -2.0, 2.0, -1.0],
    "next_obs": [[2.0, 1.0], [3.0, -1.0], [-1.0, 2.0], [-1.0, -2.0]],
    "terminated": [False, True, False, False],
}
ONE = {name: values[:1] for name, values in BATCH.items()}


def _update_trial(story, steps, losses, batch=BATCH, target=OLD_WEIGHT, gamma=0.5) -> Trial:
    """Return a trial; steps, losses: the online weight and the loss after each call.

    target: None gives the online network twice.
    """
    labels = {f"batch.{k}": v for k, v in batch.items()}
    labels |= {f"online weight after call {k}": v for k, v in enumerate(steps, 1)}
    labels["what was done"] = ", ".join(["backward, step"] * len(steps))
    if target:
        labels["target weight"] = target["0.weight"]
        labels["gradient of the target weight"] = "none"
    labels |= {f"returned by call {k}": v for k, v in enumerate(losses, 1)}
    given = {"online": WEIGHT, "target": target, "batch": batch, "gamma": gamma}
    return Trial(story, given, labels)


UPDATE_TRIALS = (
    # targets 1 + 0.5 · 4 = 3, −2, 2 + 0.5 · 3 = 3.5, −1 + 0.5 · 2 = 0
    # TD errors Q − y: −2, 3, 0.5, −2
    # loss ½ (4 + 9 + 0.25 + 4) / 4 = 2.15625
    # gradients: action 0: (3 · (−1, 1) + 0.5 · (2, 1)) / 4 = (−0.5, 0.875)
    #            action 1: −2 · (1, 2) / 4 = (−0.5, −1); action 2: −2 · (1, −1) / 4 = (−0.5, 0.5)
    # second call: Q = 1.25, 0.8625, 4.0125, −1.9; TD errors −1.75, 2.8625, 0.5125, −1.9
    # loss ½ (3.0625 + 8.19390625 + 0.26265625 + 3.61) / 4
    # gradients: action 0: (−0.459375, 0.84375); 1: (−0.4375, −0.875); 2: (−0.475, 0.475)
    _update_trial(
        "four transitions: the actions taken have the values 1, 1, 4 and −2, the targets are 3, −2 "
        "(terminated), 3.5 and 0; gamma = 0.5, SGD with learning rate 0.1",
        steps=(
            [[1.05, 1.9125], [3.05, -0.9], [-1.95, -0.05]],
            [[1.0959375, 1.828125], [3.09375, -0.8125], [-1.9025, -0.0975]],
        ),
        losses=(2.15625, 1.8911328125),
    ),
    # target 1 + 0.9 · 4 = 4.6, TD error −3.6, loss ½ · 12.96; gradient of action 1: −3.6 · (1, 2)
    _update_trial(
        "one transition: the action taken has the value 1, the target is 4.6; gamma = 0.9, SGD "
        "with learning rate 0.1",
        steps=([[1.0, 2.0], [3.36, -0.28], [-2.0, 0.0]],),
        losses=(6.48,),
        batch=ONE,
        gamma=0.9,
    ),
    # online network on the next observations: best 5, (terminated), 3 and 2
    # targets 1 + 0.5 · 5 = 3.5, −2, 3.5, 0; TD errors −2.5, 3, 0.5, −2
    # loss ½ (6.25 + 9 + 0.25 + 4) / 4 = 2.4375
    # gradients: action 1: −2.5 · (1, 2) / 4, the others as above
    _update_trial(
        "the online network is given twice, so there is no target network: the values are 1, 1, 4 "
        "and −2, the targets 3.5, −2, 3.5 and 0; gamma = 0.5, SGD with learning rate 0.1",
        steps=([[1.05, 1.9125], [3.0625, -0.875], [-1.95, -0.05]],),
        losses=(2.4375,),
        target=None,
    ),
)


def _watch_update(function: Callable, trial: Trial) -> Seen:
    """Call the function as often as the trial says, and note what it did."""
    import torch

    given = trial.given
    online = network(given["online"])
    target = network(given["target"]) if given["target"] else online
    done: list[str] = []
    optimizer = SGD(online.parameters(), LEARNING_RATE, done)
    batch = Transitions(**{name: torch.tensor(values) for name, values in given["batch"].items()})
    online[0].weight.register_hook(lambda gradient: done.append("backward"))
    steps, returned = [], []
    for _ in range(sum(label.startswith("online") for label in trial.expected)):
        result = function(online, target, optimizer, batch, given["gamma"])
        steps.append(numbers(online)["0.weight"])
        returned.append(_returned(result))
    labels = {f"batch.{k}": v.detach().clone().numpy() for k, v in batch._asdict().items()}
    labels |= {f"online weight after call {k}": v for k, v in enumerate(steps, 1)}
    labels["what was done"] = ", ".join(done)
    if target is not online:
        labels["target weight"] = numbers(target)["0.weight"]
        gradient = target[0].weight.grad
        labels["gradient of the target weight"] = "none" if gradient is None else "there is one"
    labels |= {f"returned by call {k}": v for k, v in enumerate(returned, 1)}
    return Seen(labels, result)


def _returned(result: Any) -> Any:
    """Return a returned loss as a number, or what is wrong with it as a text."""
    if result is None:
        return "None"
    if getattr(result, "requires_grad", False):
        return "a tensor with its gradient graph"
    try:
        value = np.asarray(result)
    except Exception:
        value = np.asarray(None)
    if value.dtype.kind not in "iuf":
        return f"of the type {type(result).__name__}"
    if value.shape != ():
        return f"numbers of the shape {value.shape}"
    return "NaN" if np.isnan(value) else float(value)


def _step(
    *,
    values: Callable = lambda online, target, batch: target(batch.next_obs),  # -> [B, A]
    follow: Callable = lambda best, terminated: best * ~terminated,  # [B], [B] -> [B]
    taken: Callable = lambda q, action: q.gather(1, action[:, None])[:, 0],  # -> [B]
    loss: Callable = lambda q, y: 0.5 * (q - y.detach()).square().mean(),
    order: str = "zero backward step",
    discount: Callable = lambda gamma: gamma,
    learner: str = "online",
    result: Callable = lambda loss, recomputed: loss.item(),
    after: Callable = lambda online, target: None,
) -> Callable:
    """Make a training step that differs in one thing, as a mistake does."""

    def wrong(online, target, optimizer, batch, gamma):
        q_of = online if learner == "online" else target

        def error():
            best = values(online, target, batch).amax(dim=1)  # [B]
            y = batch.reward + discount(gamma) * follow(best, batch.terminated)  # [B]
            return loss(taken(q_of(batch.obs), batch.action), y)

        found = error()
        for act in order.split():
            if act == "zero":
                optimizer.zero_grad()
            elif act == "backward":
                found.backward()
            else:
                optimizer.step()
        after(online, target)
        return result(found, error)

    return wrong


def _huber(q, y):
    from torch import nn

    return nn.functional.huber_loss(q, y.detach())


def _double(online, target, batch):
    action = online(batch.next_obs).argmax(dim=1, keepdim=True)  # [B, 1]
    return target(batch.next_obs).gather(1, action)  # [B, 1]: one action is left to choose from


def _everywhere(value):
    """Return one value as the only entry of every row, [1, 1]: it goes with each batch."""
    return value.reshape(1, 1)


def _one_for_all(pick: Callable) -> Callable:
    """Make the values of one action, the same in every row: pick, [B, A] -> its number."""

    def values(online, target, batch):
        q = target(batch.next_obs)  # [B, A]
        return q[:, pick(q)][:, None]  # [B, 1]

    return values


TOO_LATE = (
    "zero_grad, backward, step: the gradient must be there before the optimizer uses it, and an "
    "older one must be gone before the new one is added."
)

DQN_UPDATE = Check(
    path="dqnlib.targets.dqn_update",
    judge=lambda function: judge(DQN_UPDATE, function, UPDATE_TRIALS, _watch_update, _special),
    mistakes=(
        Mistake(
            "gradients pile up",
            "The first call is right, the second is not: backward adds to the gradient that is "
            "there. Call optimizer.zero_grad() before it.",
            _step(order="backward step"),
        ),
        Mistake("step before backward", TOO_LATE, _step(order="zero step backward")),
        Mistake("step before backward", TOO_LATE, _step(order="step zero backward")),
        Mistake(
            "the gradient is thrown away before the step",
            TOO_LATE,
            _step(order="backward zero step"),
        ),
        Mistake(
            "the optimizer never moves a parameter",
            "The gradients are there, but nobody uses them: call optimizer.step() after backward.",
            _step(order="zero backward"),
        ),
        Mistake(
            "no gradient is computed",
            "Without it there is no gradient that the optimizer could use.",
            _step(order="zero step"),
        ),
        Mistake(
            "no gradient is computed",
            "Without it there is no gradient, and without optimizer.step() no parameter moves.",
            _step(order="zero"),
        ),
        Mistake(
            OWN_OPTIMIZER,
            "An optimizer remembers: Adam keeps means of earlier gradients. One that is made anew "
            "in each call forgets them. Use the argument `optimizer`.",
        ),
        Mistake(
            NO_WAY,
            "The loss does not know which parameters it came from. Only the targets belong inside "
            "`with torch.no_grad():`; online(batch.obs) and the loss stay outside.",
            raises="does not require grad and does not have a grad_fn",
        ),
        Mistake(
            "the next values come from the online network",
            "That is the moving target again: target(batch.next_obs) holds it still.",
            _step(values=lambda online, target, batch: online(batch.next_obs).detach()),
        ),
        Mistake(
            "a gradient flows through the next values of the online network",
            "The next values come from the target network, without a gradient: "
            "target(batch.next_obs) inside `with torch.no_grad():`.",
            _step(
                values=lambda online, target, batch: online(batch.next_obs),
                loss=lambda q, y: 0.5 * (q - y).square().mean(),
            ),
        ),
        Mistake(
            "a gradient flows into the targets",
            "The targets are what is learned from, not what learns: compute them inside "
            "`with torch.no_grad():`.",
            _step(loss=lambda q, y: 0.5 * (q - y).square().mean()),
        ),
        Mistake(
            "a gradient flows into the targets",
            "Throwing it away afterwards is too late where online and target are one network: "
            "compute the targets inside `with torch.no_grad():`.",
            _step(
                loss=lambda q, y: 0.5 * (q - y).square().mean(),
                after=lambda online, target: target.zero_grad(),
            ),
        ),
        Mistake(
            "obs in place of next_obs",
            "The target asks what can follow: the values of batch.next_obs.",
            _step(values=lambda online, target, batch: target(batch.obs)),
        ),
        Mistake(
            "the target network learns",
            "The values that learn are the online network's, online(batch.obs); the target network "
            "gives the next values, target(batch.next_obs).",
            _step(learner="target"),
        ),
        Mistake(
            "the online network selects the next action",
            "That is Double DQN, the next lesson's idea. Here the target network does both: the "
            "largest of its values.",
            _step(values=_double),
        ),
        Mistake(
            "the value of a terminal state was kept",
            "After termination nothing follows: hand batch.terminated to td_target.",
            _step(follow=lambda best, terminated: best),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on.",
            _step(follow=lambda best, terminated: best * terminated),
        ),
        Mistake(
            "the discount is missing",
            "The next value is multiplied by gamma.",
            _step(discount=lambda gamma: 1.0),
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                _step(discount=lambda gamma, number=number: number),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the largest value of the whole batch",
            "Each transition has its own next state: take the max of each row, max(dim=1).values.",
            _step(values=lambda online, target, batch: _everywhere(target(batch.next_obs).max())),
        ),
        *(
            Mistake(
                "one action for the whole batch",
                "Each transition has its own best action: take the max of each row of "
                "target(batch.next_obs), max(dim=1).values.",
                _step(values=_one_for_all(pick)),
            )
            for pick in (
                lambda q: q.argmax() % q.shape[1],
                lambda q: q.mean(dim=0).argmax(),
                lambda q: q[0].argmax(),
            )
        ),
        Mistake(
            "one ended episode ends all of them",
            "Each row has its own episode: a product with ~terminated, row by row, without any() "
            "or all().",
            _step(follow=lambda best, terminated: best * ~terminated.any()),
        ),
        Mistake(
            "the largest value in place of that of the action taken",
            "Only the taken action has been tried: batch.action says which one.",
            _step(taken=lambda q, action: q.amax(dim=1)),
        ),
        Mistake(
            "the factor ½ is missing",
            "It is right up to a factor 2. The loss is half the mean squared TD error, so that the "
            "gradient is the TD error itself. nn.functional.mse_loss has no ½.",
            _step(loss=lambda q, y: (q - y.detach()).square().mean()),
        ),
        Mistake(
            "the sum over the batch in place of the mean",
            "With the sum, a larger batch would make larger steps: take the mean.",
            _step(loss=lambda q, y: 0.5 * (q - y.detach()).square().sum()),
        ),
        Mistake(
            "the Huber loss",
            "It is milder to large errors. This lesson uses half the mean squared error.",
            _step(loss=_huber),
        ),
        Mistake(
            "the target network is synced in every step",
            "That takes the stillness away again. The training loop syncs it, every C steps.",
            _step(after=lambda online, target: target.load_state_dict(online.state_dict())),
        ),
        Mistake(
            "the loss is returned with its graph",
            "The step is right. But a tensor drags its gradient graph along, and a list of 50,000 "
            "of them fills the memory: return loss.item().",
            _step(result=lambda loss, recomputed: loss),
        ),
        Mistake(
            "the loss is taken after the step",
            "The step is right. Return the loss that the step was made from.",
            _step(result=lambda loss, recomputed: recomputed().item()),
        ),
    ),
    hints=(
        "Five things in order: targets, loss, zero_grad, backward, step. For which of them must "
        "no gradient be recorded?",
        "Inside `with torch.no_grad():` compute the targets `y` with your `td_target` from "
        "`target(batch.next_obs)`. Then the loss with your `mse_loss` from `online(batch.obs)`, "
        "`batch.action` and `y`; `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
        "`with torch.no_grad(): y = td_target(batch.reward, batch.terminated, "
        "target(batch.next_obs), gamma)`, then `loss = mse_loss(online(batch.obs), batch.action, "
        "y)`, the three calls, and `return loss.item()`.",
    ),
)

# -- expected_sarsa_target -----------------------------------------------------------------


def _soft_case(reward, terminated, next_q, gamma, epsilon, expected, story) -> Case:
    args = {
        "reward": np.array(reward, np.float32),
        "terminated": np.array(terminated),
        "next_q": np.array(next_q, np.float32),
        "gamma": gamma,
        "epsilon": epsilon,
    }
    return Case(args, np.array(expected, np.float32), story)


def _best(q):
    return q.amax(dim=1)


def _soft(q, e):
    return (1 - e) * _best(q) + e * q.mean(dim=1)


def _following(value):
    """Make a mistake that takes another value for what follows: (next_q, epsilon) -> [B]."""
    return lambda r, t, q, g, e: r + g * value(q, e) * ~t


def _at_the_end(value):
    """Make a mistake that has another target after termination: (reward, gamma) -> [B]."""
    return lambda r, t, q, g, e: (r + g * _soft(q, e)).where(~t, value(r, g))


EXPECTED_SARSA_TARGET = Check(
    path="dqnlib.targets.expected_sarsa_target",
    tensors=True,
    returns="a tensor [B]: one target a transition",
    cases=(
        # largest 5, 8, 6; means 2, 3, 2; half and half 3.5, 5.5, 4
        # 1 + 0.5 · 3.5 = 2.75; the second episode is over: 2; −2 + 0.5 · 4 = 0
        _soft_case(
            [1, 2, -2],
            [False, True, False],
            [[1, 5, 3, -1], [4, 0, 8, 0], [2, 6, -2, 2]],
            0.5,
            0.5,
            [2.75, 2.0, 0.0],
            "three transitions; the second one ended its episode",
        ),
        # largest −1 and 4, means −3 and 1; 0.75 · (−1) + 0.25 · (−3) = −1.5; the second is over: −1
        # the third: largest 2, mean −2: 0.75 · 2 + 0.25 · (−2) = 1; 3 + 0.5 · 1 = 3.5
        _soft_case(
            [1, -1, 3],
            [False, True, False],
            [[-5, -1], [4, -2], [2, -6]],
            0.5,
            0.25,
            [0.25, -1.0, 3.5],
            "three transitions, two actions; epsilon is a quarter",
        ),
        # epsilon = 0 is the target of DQN: 1 + 0.9 · 5 = 5.5
        _soft_case([1], [False], [[1, 5, 3]], 0.9, 0.0, [5.5], "epsilon = 0: nothing is random"),
        # epsilon = 1 is the mean: 1 + 0.5 · 3 = 2.5
        _soft_case([1], [False], [[1, 5, 3]], 0.5, 1.0, [2.5], "epsilon = 1: all is random"),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After termination nothing follows: there the target is the reward alone. A product "
            "with ~terminated does it.",
            lambda r, t, q, g, e: r + g * _soft(q, e),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            lambda r, t, q, g, e: r + g * _soft(q, e) * t,
        ),
        Mistake(
            "a part of what follows is kept after the end",
            "Both parts follow, the greedy one and the random one: put brackets around their sum "
            "and multiply all of it with ~terminated.",
            lambda r, t, q, g, e: r + g * ((1 - e) * _best(q) * ~t + e * q.mean(dim=1)),
        ),
        Mistake(
            "a part of what follows is kept after the end",
            "Both parts follow, the greedy one and the random one: put brackets around their sum "
            "and multiply all of it with ~terminated.",
            lambda r, t, q, g, e: r + g * ((1 - e) * _best(q) + e * q.mean(dim=1) * ~t),
        ),
        Mistake(
            "the best value alone",
            "That is DQN's target. With probability epsilon any action follows, and then the mean "
            "of the row counts: add epsilon times the mean, and weigh the max with 1 - epsilon.",
            _following(lambda q, e: _best(q)),
        ),
        Mistake(
            "the plain mean of the next values",
            "With probability 1 - epsilon the policy is greedy: weigh the max of each row with it.",
            _following(lambda q, e: q.mean(dim=1)),
        ),
        Mistake(
            "the random part is missing",
            "With probability epsilon a random action follows: add epsilon times the mean of the "
            "row.",
            _following(lambda q, e: (1 - e) * _best(q)),
        ),
        Mistake(
            "the greedy part keeps its full weight",
            "The weights are probabilities and add up to 1: 1 - epsilon and epsilon.",
            _following(lambda q, e: _best(q) + e * q.mean(dim=1)),
        ),
        Mistake(
            "epsilon and 1 − epsilon are swapped",
            "epsilon is the probability of a random action: it weighs the mean, and 1 - epsilon "
            "the max.",
            _following(lambda q, e: _soft(q, 1 - e)),
        ),
        Mistake(
            "epsilon and gamma are swapped",
            "Here gamma comes before epsilon; the function of lesson 01b has them the other way "
            "round.",
            lambda r, t, q, g, e: r + e * _soft(q, g) * ~t,
        ),
        Mistake(
            "the sum in place of the mean",
            "Each of A random actions has the probability epsilon / A: their part is epsilon times "
            "the mean of the row.",
            _following(lambda q, e: (1 - e) * _best(q) + e * q.sum(dim=1)),
        ),
        Mistake(
            "exploring leaves out the best action",
            "A random action is any action, the best one too: take the mean of the whole row.",
            _following(
                lambda q, e: (1 - e) * _best(q) + e * (q.sum(dim=1) - _best(q)) / (q.shape[1] - 1)
            ),
        ),
        Mistake(
            "the best action's share of the random part is missing",
            "The best action is chosen greedily, and now and then by chance, too: its probability "
            "is 1 - epsilon + epsilon / A.",
            _following(
                lambda q, e: (1 - e) * _best(q) + e * (q.sum(dim=1) - _best(q)) / q.shape[1]
            ),
        ),
        Mistake(
            "the smallest value in place of the largest",
            "The greedy part of the policy takes the best action: the max of each row.",
            _following(lambda q, e: (1 - e) * q.amin(dim=1) + e * q.mean(dim=1)),
        ),
        Mistake(
            "the median in place of the mean",
            "A random action is each with the same probability: their expected value is the mean.",
            _following(lambda q, e: (1 - e) * _best(q) + e * q.median(dim=1).values),
        ),
        *(
            Mistake(
                "values of the whole batch",
                "Each transition has its own next state: take max and mean along each row, with "
                "dim=1.",
                _following(value),
            )
            for value in (
                lambda q, e: (1 - e) * q.max() + e * q.mean(),
                lambda q, e: (1 - e) * _best(q) + e * q.mean(),
                lambda q, e: (1 - e) * q.max() + e * q.mean(dim=1),
                lambda q, e: _soft(q, e).mean(),
            )
        ),
        *(
            Mistake(
                "a soft maximum in place of the two parts",
                "softmax and logsumexp weigh the actions by their values. An ε-greedy policy has "
                "two parts only: the best action with 1 - epsilon, and all alike with epsilon.",
                _following(value),
            )
            for value in (
                lambda q, e: (q.softmax(dim=1) * q).sum(dim=1),
                lambda q, e: q.logsumexp(dim=1),
                lambda q, e: (1 - e) * _best(q) + e * (q.softmax(dim=1) * q).sum(dim=1),
            )
        ),
        Mistake(
            "the number of the action in place of its value",
            "argmax says which action is best; the target needs how good it is: max.",
            _following(lambda q, e: (1 - e) * q.argmax(dim=1) + e * q.mean(dim=1)),
        ),
        *(
            Mistake(
                "epsilon is written as a number",
                "The argument epsilon says how much is left to chance, and it differs from run to "
                "run: write epsilon in place of the number.",
                _following(lambda q, e, number=number: _soft(q, number)),
            )
            for number in (0.5, 0.1, 0.2)
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                lambda r, t, q, g, e, number=number: r + number * _soft(q, e) * ~t,
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the discount is missing",
            "What follows is multiplied by gamma.",
            lambda r, t, q, g, e: r + _soft(q, e) * ~t,
        ),
        *(
            Mistake(
                "gamma reaches only a part of what follows",
                "Put brackets around the whole expected value: gamma * (... + ...).",
                wrong,
            )
            for wrong in (
                lambda r, t, q, g, e: r + (g * (1 - e) * _best(q) + e * q.mean(dim=1)) * ~t,
                lambda r, t, q, g, e: r + ((1 - e) * _best(q) + g * e * q.mean(dim=1)) * ~t,
            )
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, q, g, e: g * (r + _soft(q, e) * ~t),
        ),
        Mistake(
            "the next value is subtracted",
            "What follows is added to the reward.",
            lambda r, t, q, g, e: r - g * _soft(q, e) * ~t,
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, q, g, e: (r + g * _soft(q, e)) * ~t,
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, q, g, e: g * _soft(q, e) * ~t,
        ),
        *(
            Mistake(
                "one ended episode ends all of them",
                "Each row has its own episode: a product with ~terminated, row by row, without "
                "any() or all().",
                lambda r, t, q, g, e, ended=ended: r + g * _soft(q, e) * ~ended(t),
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
    ),
    hints=(
        "Which two things can the policy do next, and with what probability does it do each? An "
        "expected value weighs both.",
        "For each row of `next_q` you need two numbers, [B] each: what follows if the policy is "
        "greedy, and what follows on average if the action is random. Their weights add up to 1. "
        "The rest of the line is that of `td_target`.",
        "`greedy = next_q.max(dim=1).values` and `chance = next_q.mean(dim=1)`. Weigh them with "
        "`1 - epsilon` and `epsilon`, and put the sum where `td_target` has its max.",
    ),
)

CHECKS = (DQN_UPDATE, EXPECTED_SARSA_TARGET)
