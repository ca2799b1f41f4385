"""S runs that learn from their newest steps alone: by traces, or by λ-returns of short rollouts.

Without replay the order of the steps is known. One environment with an update after each step has
eligibility traces (`TraceUpdate`); several environments, or several steps an update, give rows of
steps, whose λ-returns are worked out backward (`RolloutUpdate`).
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.replay import as_input
from dqnlib.seeds import learning
from dqnlib.seeds.lift import Lifted
from dqnlib.seeds.update import Learned, SharedUpdate
from dqnlib.streaming import KAPPA


class Following:
    """Gives out every step as it is, and whether a trace goes on to it from the step before.

    It does not where an episode begins; nor, with one step an update, to an action that was not
    the greedy one (Watkins 1989). λ-returns of rollouts do not mind those (Peng & Williams 1996),
    as in Gallici et al. 2025.
    """

    def __init__(self, config: Config, rows: int):
        self._watkins = config.batch_size == 1
        self._goes_on = np.zeros(rows, bool)  # the step before did not end its episode [S·E]

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice
    ) -> Iterator[tuple]:
        """Take one step of every environment, arrays [S·E, ...]; yield it, whole."""
        follows = self._goes_on & ~choice.explored if self._watkins else self._goes_on
        self._goes_on = ~ended
        yield obs, action, reward, next_obs, terminated, None, follows

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        return {"goes on": self._goes_on.copy()}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._goes_on = state["goes on"].copy()


class Newest:
    """In the place of a replay buffer: the last T steps of the E environments of S runs.

    A batch holds each of them once, B = E·T: environment by environment, the oldest step first.
    """

    wants_errors = False

    def __init__(self, config: Config, s: int, obs_shape, obs_dtype, device: str):
        e, t = config.environments, config.update_every
        self._added, self._device = 0, device
        images = {"obs": (obs_shape, obs_dtype), "next_obs": (obs_shape, obs_dtype)}
        kinds = {"action": ((), np.int64), "reward": ((), np.float32)}
        flags = {"terminated": ((), bool), "follows": ((), bool)}
        self._kept = {
            name: np.zeros((s, e, t, *shape), kind)
            for name, (shape, kind) in (images | kinds | flags).items()
        }

    @property
    def sizes(self) -> np.ndarray:
        """[S] transitions of each run."""
        s, e, t = self._kept["action"].shape
        return np.full(s, e * min(self._added, t))

    def __len__(self) -> int:
        return int(self.sizes[0])

    def add(self, obs, action, reward, next_obs, terminated, rows, follows) -> None:
        """Keep one step of every environment: arrays [S·E, ...]; rows: None, for it is all."""
        given = {
            "obs": obs, "next_obs": next_obs, "action": action, "reward": reward,
            "terminated": terminated, "follows": follows,
        }  # fmt: skip
        for name, array in self._kept.items():
            place = self._added % array.shape[2]
            array[:, :, place] = given[name].reshape(array.shape[:2] + array.shape[3:])
        self._added += 1

    def sample(self, batch_size: int) -> Batch:
        """Return the steps of every run: obs [S, E·T, *O] and so on."""
        s, e, t = self._kept["action"].shape
        order = (self._added + np.arange(t)) % t  # the oldest first
        found = {
            name: torch.from_numpy(array[:, :, order].reshape(s, e * t, *array.shape[3:]))
            for name, array in self._kept.items()
        }
        for name, field in found.items():
            change = as_input if name in ("obs", "next_obs") else Tensor.to
            found[name] = change(field, self._device)
        return Batch(**found)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        return {"added": self._added, "kept": {n: a.copy() for n, a in self._kept.items()}}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._added = state["added"]
        for name, array in self._kept.items():
            array[:] = state["kept"][name]


class RolloutUpdate(SharedUpdate):
    """One update of all runs from the rows of steps that came since the last one.

    Its targets are λ-returns; with trace_decay=0 those of one step. The whole batch makes one step
    of the optimizer (Gallici et al. 2025 go through it several times, in parts).
    """

    @property
    def _has_targets_of_its_own(self) -> bool:
        return self.config.trace_decay > 0

    def _targets(self, batch: Batch, next_q: Tensor, gamma: float) -> Tensor:
        own, trace_decay = self._lifted.get("lambda_return"), self.config.trace_decay
        if not trace_decay and own is None:
            return super()._targets(batch, next_q, gamma)
        rewardless = batch._replace(
            reward=torch.zeros_like(batch.reward), terminated=torch.zeros_like(batch.terminated)
        )
        value = super()._targets(rewardless, next_q, 1.0)  # [S, B] of what follows
        rows = (-1, self.config.update_every)  # [S·E, T]: each environment is a row of steps
        terminated, follows = (x.reshape(rows) for x in (batch.terminated, batch.follows))
        truncated = torch.zeros_like(terminated)
        truncated[:, :-1] = ~follows[:, 1:] & ~terminated[:, :-1]
        steps = {
            "reward": batch.reward.reshape(rows), "terminated": terminated, "truncated": truncated,
            "next_value": value.reshape(rows),
        }  # fmt: skip
        if own is None:
            found = targets.lambda_return(**steps, gamma=gamma, trace_decay=trace_decay)
        else:
            found = self._own_returns(own, steps, {"gamma": gamma, "trace_decay": trace_decay})
        return found.view_as(batch.reward)

    def _own_returns(self, own: Lifted, steps: dict, numbers: dict) -> Tensor:
        """Return the learner's λ-returns [S, E, T]; steps: [S·E, T] each."""
        takes = self._takes["lambda_return"]
        by_run = (-1, self.config.environments, self.config.update_every)
        given = [steps[name].reshape(by_run) for name in takes if name in steps]
        return own(*given, extra=tuple(numbers[name] for name in takes if name in numbers))


class TraceUpdate(SharedUpdate):
    """One update of all runs from one step each, with eligibility traces of their parameters.

    z ← γλ z + ∇Q(s, a), and θ ← θ + α δ z, or what the optimizer makes of the gradient −δ z
    (Watkins 1989; Elsayed, Vasan & Mahmood 2024, Algorithm 1).
    """

    def __init__(self, config: Config, own: dict, networks, seeds, where: Callable):
        super().__init__(config, own, networks, seeds, where)
        self.traces = Traces(networks.online.grad)
        self.optimizers = [*self.optimizers, self.traces]  # what is saved of an update

    def __call__(self, batch: Batch, gamma: float) -> Learned:
        """Learn from the newest step of every run; batch: [S, 1]."""
        c, online = self.config, self._networks.online
        q, next_q, pull = self._networks.both(batch.obs, batch.next_obs)
        error = learning.td_errors(q, batch.action, self._targets(batch, next_q, gamma))  # −δ
        pull(torch.zeros_like(q).scatter_(-1, batch.action.unsqueeze(-1), 1.0))
        trace = self.traces.step(online.grad, gamma * c.trace_decay, batch.follows)
        slope = error if c.loss == "mse" else error.clamp(-1, 1)  # [S, 1]
        torch.mul(trace, slope, out=online.grad)
        if c.max_grad_norm != np.inf:
            learning.clip_gradients(online.grad, c.max_grad_norm)
        self._optimize()
        return Learned(batch, q, error)

    def _make_optimizer(self) -> tuple:
        if self.config.optimizer != "obgd":
            return super()._make_optimizer()
        online = self._networks.online
        bounded = Bounded(online.flat, online.grad, self.config.learning_rate)
        return bounded, lambda: bounded.step(self.traces.trace)


class Traces:
    """The eligibility traces of S runs, one number a parameter; saved as an optimizer is."""

    param_groups: list = []  # noqa: RUF012  (there is no learning rate in it)

    def __init__(self, like: Tensor):
        self.trace = torch.zeros_like(like)  # [S, P]

    def step(self, gradient: Tensor, decay: float, follows: Tensor) -> Tensor:
        """Return the traces [S, P] after one more step; gradient: [S, P]; follows: [S, 1] bool."""
        return self.trace.mul_(decay * follows).add_(gradient)

    def state_dict(self) -> dict:
        """Return what is to be saved."""
        return {"trace": self.trace}

    def load_state_dict(self, state: dict) -> None:
        """Go back to what was saved."""
        self.trace.copy_(state["trace"])


class Bounded:
    """`streaming.bounded_step` for S runs: a step is made shorter where it would go too far."""

    def __init__(self, flat: Tensor, grad: Tensor, rate: float):
        self._flat, self._grad = flat, grad
        self.param_groups = [{"lr": rate}]

    def step(self, trace: Tensor) -> None:
        """Move all parameters; trace: [S, P], of which the gradient is −δ times."""
        rate = self.param_groups[0]["lr"]
        length = trace.abs().sum(1)  # [S]
        # the gradient is as long as the trace times |δ|, and |δ| below 1 counts as 1
        reach = rate * KAPPA * torch.maximum(length, self._grad.abs().sum(1))
        step = rate / reach.clamp(min=1)
        self._flat.addcmul_(self._grad, step.unsqueeze(1), value=-1)

    def state_dict(self) -> dict:
        """Return what is to be saved: nothing but the parameters is changed."""
        return {}

    def load_state_dict(self, state: dict) -> None:
        """Go back to what was saved."""


def kind_of(config: Config) -> type[SharedUpdate]:
    """Return the update of agents whose networks give action values."""
    if not config.online:
        return SharedUpdate
    return TraceUpdate if config.batch_size == 1 else RolloutUpdate
