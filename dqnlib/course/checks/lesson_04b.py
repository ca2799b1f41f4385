"""Lesson 04b: the whole DQN. Expected values are worked by hand beside each trial.

The training step changes networks: `changes` says how it is judged.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dqnlib.course.checks.changes import Seen, Trial, judge, network, numbers, same
from dqnlib.course.types import Check, Mistake

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
            "optimizer.step() is missing",
            "The gradients are there, but nobody uses them: call optimizer.step() after backward.",
            _step(order="zero backward"),
        ),
        Mistake(
            "loss.backward() is missing",
            "Without it there is no gradient that the optimizer could use.",
            _step(order="zero step"),
        ),
        Mistake(
            "loss.backward() is missing",
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

CHECKS = (DQN_UPDATE,)
