"""How S runs learn from their batches, and how their target networks follow.

Which way is taken is decided once, when the trainer is made: the library's own update computes
all runs at once, and calls the learner's td_target or loss where they are given; a training step
of the learner's own is called run by run.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.seeds import learning
from dqnlib.seeds.adam import QuickAdam
from dqnlib.seeds.learner import LearnerError, call, name_of
from dqnlib.seeds.lift import Lifted
from dqnlib.seeds.slots import arguments_of
from dqnlib.seeds.stacks import Stack

NUMBERS = ("gamma", "epsilon", "trace_decay")  # plain ones among a function's arguments
KINDS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}


class Learned(NamedTuple):
    """What an update found, for S runs."""

    batch: Batch  # [S, B, ...]
    q: Tensor | None = None  # [S, B, A] of the online networks, before the update
    error: Tensor | None = None  # [S, B] Q(s, a) − y
    loss: Tensor | None = None  # [S]; None: of the error

    def plain(self) -> tuple:
        """Return it as plain data for a checkpoint."""
        batch = self.batch
        more = batch.discount, batch.follows
        return (tuple(batch), batch.weight, batch.index, *self[1:], *more)

    @classmethod
    def of_plain(cls, plain: tuple, device: str) -> "Learned":
        """Return what `plain` was made of, with its batch on the device."""
        fields, weight, index, q, error, loss, *more = plain  # more: of later versions
        added = dict(zip(("discount", "follows"), more))
        batch = Batch(*fields, weight=weight, index=index, **added)
        return cls(each_field(batch, lambda field: field.to(device)), q, error, loss)


class Networks(NamedTuple):
    """The networks of S runs, and what computes both at once; see `Stack.with_target`."""

    online: Stack
    target: Stack
    both: Callable


class SharedUpdate:
    """One update of all runs at once."""

    _has_targets_of_its_own = False  # of a subclass: other than `learning.td_target`

    def __init__(self, config: Config, own: dict, networks: Networks, seeds, where: Callable):
        self.config, self._networks, self._where = config, networks, where
        self._lifted = {
            slot: Lifted(_arranged(own[slot], names), seeds, where, axes=axes)
            for slot, axes in (("td_target", 1), ("loss", 0), ("lambda_return", 2))
            if slot in own
            for names in [arguments_of(slot, own[slot])]
        }
        self._takes = {slot: arguments_of(slot, own[slot]) for slot in self._lifted}
        self._optimizer, self._optimize = self._make_optimizer()
        self.optimizers = [self._optimizer]

    @property
    def how(self) -> dict[str, str]:
        """How each of the learner's functions is called; empty before the first call."""
        return {slot: lifted.how for slot, lifted in self._lifted.items() if lifted.how}

    def __call__(self, batch: Batch, gamma: float | Tensor) -> Learned:
        """Learn from a batch of every run; gamma: discount of a whole transition, or [S, B]."""
        c, online = self.config, self._networks.online
        q, next_q, pull = self._networks.both(batch.obs, batch.next_obs)
        if self._lifted or c.double or self._has_targets_of_its_own:
            error, loss, gradient = self._step_by_step(batch, q, next_q, gamma)
        else:
            loss, (error, gradient) = (
                None,
                learning.errors_and_gradient(
                    c.loss,
                    q,
                    batch.action,
                    batch.reward,
                    batch.terminated,
                    next_q,
                    gamma,
                    batch.weight,
                    c.target_epsilon,
                ),
            )
        pull(gradient)
        if c.max_grad_norm != np.inf:
            learning.clip_gradients(online.grad, c.max_grad_norm)
        self._optimize()
        return Learned(batch, q, error, loss)

    def _step_by_step(self, batch: Batch, q: Tensor, next_q: Tensor, gamma: float) -> tuple:
        """Return the TD errors [S, B], the learner's losses [S] or None, the gradient by q."""
        y = self._targets(batch, next_q, gamma)
        error = learning.td_errors(q, batch.action, y)
        if "loss" in self._lifted:
            return error, *self._own_loss(q, batch, y)
        gradient = learning.loss_gradient(self.config.loss, q, batch.action, error, batch.weight)
        return error, None, gradient

    def _targets(self, batch: Batch, next_q: Tensor, gamma: float) -> Tensor:
        """Return what the action values are moved toward [S, B]; next_q: of the target networks."""
        own, epsilon = self._lifted.get("td_target"), self.config.target_epsilon
        if own is None and not self.config.double:
            return learning.td_target(batch.reward, batch.terminated, next_q, gamma, epsilon)
        if own is None:
            online_next_q = self._networks.online.q_again(batch.next_obs)
            return learning.double_td_target(
                batch.reward, batch.terminated, online_next_q, next_q, gamma, epsilon
            )
        offered = {
            "reward": batch.reward, "terminated": batch.terminated, "next_q": next_q,
            "target_next_q": next_q,
        }  # fmt: skip
        takes = self._takes["td_target"]
        if "online_next_q" in takes:
            offered["online_next_q"] = self._networks.online.q_again(batch.next_obs)
        plain = {"gamma": gamma, "epsilon": epsilon}
        tensors = [offered[name] for name in takes if name not in plain]
        return own(*tensors, extra=tuple(plain[name] for name in takes if name in plain))

    def _own_loss(self, q: Tensor, batch: Batch, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the learner's losses [S] and their gradient by q [S, B, A]."""
        lifted, takes = self._lifted["loss"], self._takes["loss"]
        name, leaf = name_of(lifted.function), q.detach().requires_grad_()
        if batch.weight is not None and "weight" not in takes:
            raise LearnerError(
                f"✗ the replay buffer gives each transition a weight, but {name} does not take "
                f"it {self._where()}: write {name}(q, action, td_target, weight), and multiply"
            )
        ones = torch.ones_like(y) if batch.weight is None else batch.weight
        offered = {"q": leaf, "action": batch.action, "td_target": y, "weight": ones}
        with torch.enable_grad():
            value = lifted(*(offered[name] for name in takes))
        if not value.requires_grad:
            raise LearnerError(
                f"✗ the loss of {name} does not depend on q {self._where()}: "
                "was it detached, or made a plain number with .item()?"
            )
        return value.detach(), torch.autograd.grad(value, leaf, torch.ones_like(value))[0]

    def _make_optimizer(self) -> tuple[torch.optim.Optimizer, Callable]:
        """Return one optimizer for all runs, and what does its step."""
        make, rate = KINDS[self.config.optimizer], self.config.learning_rate
        flat = nn.Parameter(self._networks.online.flat)  # the same memory
        flat.grad = self._networks.online.grad
        if make is torch.optim.Adam:
            optimizer = QuickAdam(flat, rate)
            return optimizer, optimizer.quick_step
        optimizer = make([flat], lr=rate, foreach=False)
        return optimizer, optimizer.step


class OwnUpdate:
    """The learner's training step, called for each run on its own views of the parameters."""

    def __init__(self, config: Config, own: dict, networks: Networks, seeds, where: Callable):
        self.config, self._networks, self._seeds, self._where = config, networks, seeds, where
        self._update, self._name = own["update"], name_of(own["update"])
        make = KINDS[config.optimizer]
        self.optimizers = [
            make(module.parameters(), lr=config.learning_rate) for module in networks.online.modules
        ]
        self.how = {"update": "a loop over seeds"}

    def __call__(self, batch: Batch, gamma: float) -> Learned:
        """Learn from a batch of every run; gamma: discount of a whole transition."""
        online, target, _ = self._networks
        rows = zip(self._seeds, online.modules, target.modules, self.optimizers, strict=True)
        losses = [
            self._one(seed, *parts, row_of(batch, k), gamma)
            for k, (seed, *parts) in enumerate(rows)
        ]
        losses, told = zip(*losses, strict=True)
        for networks in (online, target):
            networks.adopt(self._name)
        error = None if any(e is None for e in told) else -torch.stack(told)  # [S, B]
        return Learned(batch, error=error, loss=torch.tensor(losses))

    def _one(self, seed: int, online, target, optimizer, batch: Batch, gamma: float) -> tuple:
        """Return the loss of one run, and its TD errors [B] if there are."""
        where = f"{self._where()}, seed {seed}"
        with torch.enable_grad():
            loss = call(
                self._update, online, target, optimizer, batch, gamma, name=self._name, where=where
            )
        told = None
        if isinstance(loss, tuple) and len(loss) == 2:
            loss, told = loss
        loss = loss.detach().cpu() if isinstance(loss, Tensor) else loss
        if loss is None or np.ndim(loss) != 0 or isinstance(loss, str):
            raise LearnerError(
                f"✗ {self._name} returned {loss!r} {where}; expected its loss, one number"
            )
        return float(loss), None if told is None else self._checked(told, batch, where)

    def _checked(self, told, batch: Batch, where: str) -> Tensor:
        shape = list(getattr(told, "shape", ()))
        if not isinstance(told, Tensor) or shape != list(batch.reward.shape):
            what = f"a tensor {shape}" if isinstance(told, Tensor) else type(told).__name__
            raise LearnerError(
                f"✗ beside its loss {self._name} returned {what} {where}; expected the TD errors, "
                f"one for each of the {len(batch.reward)} transitions"
            )
        return told.detach().to(batch.reward)


def check_told(learned: Learned, own: dict, where: str) -> None:
    """Raise LearnerError if a buffer waits for TD errors that the learner's step does not tell."""
    if learned.error is None:
        raise LearnerError(
            "✗ the replay buffer is told the TD errors of each batch, but "
            f"{name_of(own['update'])} returned its loss alone {where}: return the two as "
            "(loss, error), with one error for each transition"
        )


def row_of(batch: Batch, k: int) -> Batch:
    """Return the batch of one run: [S, B, ...] -> [B, ...]."""
    return each_field(batch, lambda field: field[k])


def each_field(batch: Batch, change: Callable) -> Batch:
    """Return a batch of changed tensors; what it lacks it goes on lacking."""
    added = {name: change(field) for name, field in batch.added().items()}
    return Batch(*map(change, batch), **added)


def _arranged(function: Callable, names: tuple[str, ...]) -> Callable:
    """Return a function that takes its plain numbers last, as `Lifted` gives them."""
    order = sorted(names, key=lambda name: name in NUMBERS)  # stable
    if order == list(names):
        return function

    @functools.wraps(function)
    def arranged(*args):
        given = dict(zip(order, args, strict=True))
        return function(*(given[name] for name in names))

    return arranged


# -- how the target networks follow --------------------------------------------------------------


def shared_sync(networks: Networks, tau: float) -> None:
    """Move all target networks a part tau of the way to the online networks; 1 copies them."""
    if tau == 1:
        networks.target.flat.copy_(networks.online.flat)
    else:
        networks.target.flat.lerp_(networks.online.flat, tau)


class OwnSync:
    """The learner's sync of the target network, called for each run."""

    def __init__(self, function: Callable, seeds, where: Callable):
        self._function, self._name, self._seeds = function, name_of(function), seeds
        self._takes, self._where = arguments_of("sync_target", function), where

    def __call__(self, networks: Networks, tau: float) -> None:
        """Let every run's target network follow."""
        online, target, _ = networks
        for seed, fresh, frozen in zip(self._seeds, online.modules, target.modules, strict=True):
            offered = {"online": fresh, "target": frozen, "tau": tau}
            args = (offered[name] for name in self._takes)
            where = f"{self._where()}, seed {seed}"
            call(self._function, *args, name=self._name, where=where)
        for stacked in (online, target):
            stacked.adopt(self._name)


def sync_for(own: dict, seeds, where: Callable) -> Callable[[Networks, float], None]:
    """Return how the target networks of these runs follow."""
    return OwnSync(own["sync_target"], seeds, where) if "sync_target" in own else shared_sync
