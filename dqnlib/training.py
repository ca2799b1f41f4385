"""Deep Q-learning: one loop for every agent of the course, driven a step at a time.

`train` runs it to its end; a lab or a script calls `Trainer.step` as often as it likes. The loop
is about one run; that S runs go side by side is the business of `dqnlib.seeds`.
"""

import dataclasses
import inspect
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from dqnlib import frames, policies, replay, targets
from dqnlib.arguments import check_seeds
from dqnlib.config import Config, check_config
from dqnlib.data import Batch
from dqnlib.device import compute_threads, threads_that_pay
from dqnlib.networks import QNetwork
from dqnlib.results import Run, parameters_of
from dqnlib.seeds import learning
from dqnlib.seeds.acting import Actor, Examiner, network_input
from dqnlib.seeds.adam import QuickAdam
from dqnlib.seeds.environments import environments
from dqnlib.seeds.learner import LearnerError, TrainingError, first_line, name_of
from dqnlib.seeds.lift import Lifted
from dqnlib.seeds.networks import stack
from dqnlib.seeds.replay import Buffers, Ring
from dqnlib.storage import SavedRunError, load_state, save_state

FIXED = ("env_id", "capacity", "hidden", "obs_scale", "optimizer", "max_episode_steps", "device")


def library_functions(config: Config) -> dict[str, Callable]:
    """What each slot is with these settings: given in its slot, it needs no call a run."""
    return {
        "td_target": targets.double_td_target if config.double else targets.td_target,
        "loss": targets.huber_loss if config.loss == "huber" else targets.mse_loss,
        "sync_target": targets.hard_update if config.tau == 1 else targets.polyak_update,
        "policy": policies.epsilon_greedy,
        "replay": replay.ReplayBuffer,
    }


class Moment(NamedTuple):
    """What a function in ``record`` sees of one run, when a record is made."""

    steps: int  # environment steps so far
    seed: int
    online: nn.Module  # the network that learns; to read, not to change
    target: nn.Module  # the target network
    batch: Batch | None  # what the last update learned from; None before the first one


class Trainer:
    """Trains S runs of deep Q-learning, one environment step of every run at a time.

    Call `step`, or loop over the trainer, and look at ``steps`` and ``run()`` in between;
    ``trainer.config`` may be replaced between steps, and what it changes acts at once. Row k is
    what seed k alone would give.

    Each slot takes a one-run function or class of your own; left out, the library's is used:

    network: (obs_shape, n_actions) -> nn.Module, [B, *O] -> [B, A]    `networks.QNetwork`
    replay: (capacity) -> object with add and sample                    `replay.ReplayBuffer`
    td_target: (reward, terminated, next_q, gamma) -> [B]               `targets.td_target`
        with config.double (reward, terminated, online_next_q, target_next_q, gamma)
    loss: (q, action, td_target) -> scalar                              `targets.mse_loss`
    update: (online, target, optimizer, batch, gamma) -> loss           `targets.dqn_update`
        the whole training step; then td_target, loss, double and max_grad_norm are not used
    sync_target: (online, target) or (online, target, tau), in place    `targets.hard_update`
    policy: (q [A], epsilon, rng) -> int                                `policies.epsilon_greedy`
    env: () -> gymnasium.Env                                            of config.env_id
    record: {name: (Moment) -> number}, called every `record_every` steps

    ``trainer.how`` says how each of your functions is called for many seeds, once it has been.
    Raises ValueError for bad settings, LearnerError when one of your functions fails and
    TrainingError when an environment does; both carry the run so far as ``error.run``.
    """

    def __init__(
        self,
        config: Config,
        seeds: Iterable[int] = range(10),
        *,
        network: Callable | None = None,
        replay: Callable | None = None,
        td_target: Callable | None = None,
        loss: Callable | None = None,
        update: Callable | None = None,
        sync_target: Callable | None = None,
        policy: Callable | None = None,
        env: Callable | None = None,
        record: dict[str, Callable] | None = None,
        _saved: dict | None = None,  # what `load` read
        **unknown,
    ):
        given = {
            "network": network, "replay": replay, "td_target": td_target, "loss": loss,
            "update": update, "sync_target": sync_target, "policy": policy, "env": env,
        }  # fmt: skip
        if unknown:
            raise TypeError(
                f"there is no slot {next(iter(unknown))!r}; there are {', '.join(given)} and record"
            )
        check_config("config", config)
        if not isinstance(record or {}, dict):
            raise ValueError(
                "record must be a dict of functions, such as {'norm': my_function}, but it is "
                f"{record!r}"
            )
        if _saved is None:
            library = library_functions(config)
            used = [k for k, f in given.items() if f is not None and f is not library.get(k)]
        else:  # as it was at first: the config may have changed in flight
            used = _saved["slots"]
        # the learner's own functions, by slot; the library's have lifted forms
        self.own = {slot: given[slot] for slot in used}
        self.seeds, self.steps, self._config = check_seeds(seeds), 0, config
        self._extras = dict(record or {})
        self._check_slots()
        self.device, self.device_reason = _choose_device(
            config, self.seeds, given, _saved and _saved["device"]
        )
        streams = [policies.random_streams(seed) for seed in self.seeds]
        own = self.own.get
        self._envs = environments(
            config, own("env"), [s.env_seed for s in streams], [f"seed {s}" for s in self.seeds]
        )
        self.obs_shape, self.n_actions = self._envs.obs_shape, self._envs.n_actions
        stacked = stack(
            own("network") or (lambda obs_shape, n: QNetwork(obs_shape, n, config.hidden)),
            [s.network_seed for s in streams], self.obs_shape, self.n_actions, self.device,
        )  # fmt: skip
        self._online, self._target, self._both = stacked.with_target()
        self._threads = threads_that_pay(stacked.trial(config.batch_size, self.obs_shape))
        self._actor = Actor([s.explore for s in streams], self.seeds, self._where, own("policy"))
        self._replay = self._make_replay([s.sample for s in streams])
        self._lifted = {
            slot: Lifted(self.own[slot], self.seeds, self._where, rows=slot == "td_target")
            for slot in ("td_target", "loss")
            if slot in self.own
        }
        self._optimizers = self._make_optimizers()
        self._examiner = Examiner(
            config, own("env"), [s.eval_seed for s in streams], [f"seed {s}" for s in self.seeds]
        )
        s = len(self.seeds)
        self._returns: list[list[float]] = [[] for _ in self.seeds]
        self._ends: list[list[int]] = [[] for _ in self.seeds]
        self._record_steps: list[int] = []
        self._records: dict[str, list] = {name: [] for name in ("loss", "q", *self._extras)}
        self._eval_steps: list[int] = []
        self._eval_returns: list[np.ndarray] = []
        self._diverged, self._best_steps = np.full(s, -1), np.full(s, -1)
        self._best_score = np.full(s, -np.inf)
        self._best, self._best_buffers = self._online.flat.clone(), self._online.buffers()
        self._learned: tuple | None = None  # batch, q, TD errors or losses of the last update

    # -- what drivers use ---------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """The settings; assign a changed copy to change them in flight."""
        return self._config

    @config.setter
    def config(self, new: Config) -> None:
        for name in FIXED:
            if getattr(new, name) != getattr(self._config, name):
                raise ValueError(
                    f"{name} cannot change in flight: make a new trainer for it. All settings "
                    f"but {', '.join(FIXED)} can"
                )
        if new.double != self._config.double and "td_target" in self.own:
            raise ValueError("double cannot change in flight: your td_target takes what it took")
        self._config = new

    @property
    def done(self) -> bool:
        """True once every run has taken its environment steps."""
        return self.steps >= self._config.steps

    @property
    def how(self) -> dict[str, str]:
        """How each of your own functions is called for many seeds; empty before the first call."""
        found = {slot: lifted.how for slot, lifted in self._lifted.items() if lifted.how}
        if "network" in self.own:
            found["network"] = self._online.how
        once = ("replay", "update", "sync_target", "policy")
        return found | {slot: "a loop over seeds" for slot in once if slot in self.own}

    @property
    def last_returns(self) -> np.ndarray:
        """Return [S] of each run's last whole episode; NaN before its first one."""
        return np.array([returns[-1] if returns else np.nan for returns in self._returns])

    def __iter__(self) -> Iterator[int]:
        """Take the steps that are left; yield the number of steps so far after each."""
        while not self.done:
            self.step()
            yield self.steps

    def step(self) -> None:
        """Take one environment step in every run, and learn from it; nothing once `done`.

        An error keeps the run so far in ``error.run``.
        """
        if self.done:
            return
        try:
            # gradients are worked out where they are needed only
            with compute_threads(self._threads), torch.no_grad():
                self._step()
        except TrainingError as error:
            error.run = self.run()
            raise

    def network(self, seed: int, *, target: bool = False) -> nn.Module:
        """Return the network of one run as it is now; it goes on changing as training goes on.

        Raises ValueError for a seed that is not trained here.
        """
        if seed not in self.seeds:
            raise ValueError(f"the trainer has the seeds {self.seeds}, but not {seed}")
        return (self._target if target else self._online).modules[self.seeds.index(seed)]

    # -- the loop -----------------------------------------------------------------------------

    def _step(self) -> None:
        c = self._config
        epsilon = policies.linear_schedule(self.steps, c.epsilon, c.final_epsilon, c.epsilon_steps)
        obs = self._envs.obs
        action = self._actor.choose(self._values(obs), epsilon)
        next_obs, reward, terminated, truncated = self._envs.step(action)
        self.steps += 1
        self._replay.add(obs, action, reward, next_obs, terminated)
        ended = terminated | truncated
        for row in ended.nonzero()[0]:
            self._returns[row].append(float(self._envs.total[row]))
            self._ends[row].append(self.steps)
        self._envs.advance(next_obs, ended)
        ready = len(self._replay) >= c.batch_size and self.steps > c.warmup
        if ready and self.steps % c.update_every == 0:
            self._learn()
        if self.steps % c.sync_every == 0:
            self._sync()
        if self.steps % c.record_every == 0:
            self._record()
        if c.eval_every and self.steps % c.eval_every == 0:
            self._evaluate()

    def _values(self, obs: np.ndarray) -> np.ndarray:
        """Return the online network's action values of the runs' observations."""
        x = network_input(torch.from_numpy(obs), self.device).unsqueeze(1)
        return self._online.q(x).squeeze(1).cpu().numpy()

    def _learn(self) -> None:
        c = self._config
        batch = self._replay.sample(c.batch_size)
        rate = policies.linear_schedule(self.steps, c.learning_rate, c.final_learning_rate, c.steps)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        if "update" in self.own:
            self._learned = (batch, None, self._own_updates(batch))
            return
        q, next_q, pull = self._both(batch.obs, batch.next_obs)
        y = self._targets(batch, next_q)
        error = learning.td_errors(q, batch.action, y)
        if "loss" in self.own:
            value, gradient = self._own_loss(q, batch.action, y)
        else:
            value, gradient = None, learning.loss_gradient(c.loss, q, batch.action, error)
        pull(gradient)
        if c.max_grad_norm != np.inf:
            learning.clip_gradients(self._online.grad, c.max_grad_norm)
        self._optimize()
        self._learned = (batch, q, error if value is None else value)

    def _targets(self, batch: Batch, next_q):
        """Return what the action values are moved toward; next_q: of the target networks."""
        c, values = self._config, [next_q]
        if c.double:
            values.insert(0, self._online.q(batch.next_obs))
        if "td_target" in self.own:
            lifted = self._lifted["td_target"]
            return lifted(batch.reward, batch.terminated, *values, extra=(c.gamma,))
        own = learning.double_td_target if c.double else learning.td_target
        return own(batch.reward, batch.terminated, *values, c.gamma)

    def _own_loss(self, q, action, y):
        leaf = q.detach().requires_grad_()
        with torch.enable_grad():
            value = self._lifted["loss"](leaf, action, y)
        if not value.requires_grad:
            raise LearnerError(
                f"✗ the loss of {name_of(self.own['loss'])} does not depend on q {self._where()}: "
                "was it detached, or made a plain number with .item()?"
            )
        return value.detach(), torch.autograd.grad(value, leaf, torch.ones_like(value))[0]

    def _own_updates(self, batch: Batch):
        """Call the learner's training step for each run, on its own views of the parameters."""
        update, losses = self.own["update"], []
        rows = zip(
            self.seeds, self._online.modules, self._target.modules, self._optimizers,
            zip(*batch, strict=True), strict=True,
        )  # fmt: skip
        for seed, online, target, optimizer, fields in rows:
            where = f"{self._where()}, seed {seed}"
            try:
                with torch.enable_grad():
                    loss = update(online, target, optimizer, Batch(*fields), self._config.gamma)
            except Exception as error:
                raise LearnerError(
                    f"✗ {name_of(update)} failed {where}: {first_line(error)}"
                ) from error
            loss = loss.detach().cpu() if isinstance(loss, torch.Tensor) else loss
            if loss is None or np.ndim(loss) != 0 or isinstance(loss, str):
                raise LearnerError(
                    f"✗ {name_of(update)} returned {loss!r} {where}; expected its loss, one number"
                )
            losses.append(float(loss))
        self._adopt(update)
        return torch.tensor(losses)

    def _adopt(self, function: Callable) -> None:
        for networks in (self._online, self._target):
            networks.adopt(name_of(function))

    def _sync(self) -> None:
        tau = self._config.tau
        if "sync_target" not in self.own:
            if tau == 1:
                self._target.flat.copy_(self._online.flat)
            else:
                self._target.flat.lerp_(self._online.flat, tau)
            return
        sync = self.own["sync_target"]
        extra = (tau,) if _takes(sync, 3) else ()
        pairs = zip(self.seeds, self._online.modules, self._target.modules, strict=True)
        for seed, online, target in pairs:
            try:
                sync(online, target, *extra)
            except Exception as error:
                raise LearnerError(
                    f"✗ {name_of(sync)} failed {self._where()}, seed {seed}: {first_line(error)}"
                ) from error
        self._adopt(sync)

    # -- what is kept ---------------------------------------------------------------------------

    def _record(self) -> None:
        s = len(self.seeds)
        loss = q = np.full(s, np.nan)
        if self._learned is not None:
            batch, values, found = self._learned
            if found.ndim == 2:  # TD errors
                found = learning.loss_value(self._config.loss, found)
            if values is None:
                values = self._online.q(batch.obs)
            loss, q = found.cpu().numpy(), values.amax(-1).mean(-1).cpu().numpy()
            lost = ~(np.isfinite(loss) & np.isfinite(q)) & (self._diverged < 0)
            self._diverged[lost] = self.steps
        found = {"loss": loss, "q": q}
        for name, function in self._extras.items():
            found[name] = np.array([self._extra(name, function, k) for k in range(s)])
        self._record_steps.append(self.steps)  # after all of them, so that a failure keeps order
        for name, values in found.items():
            self._records[name].append(values)

    def _extra(self, name: str, function: Callable, k: int) -> float:
        batch = self._learned and Batch(*(field[k] for field in self._learned[0]))
        online, target = self._online.modules[k], self._target.modules[k]
        where = f"{self._where()}, seed {self.seeds[k]}"
        try:
            value = function(Moment(self.steps, self.seeds[k], online, target, batch))
            if isinstance(value, torch.Tensor):
                value = value.detach().cpu()
            return float(value)
        except Exception as error:
            raise LearnerError(f"✗ record {name!r} failed {where}: {first_line(error)}") from error

    def _evaluate(self) -> None:
        number, episodes = len(self._eval_steps), self._config.eval_episodes
        found = self._examiner.returns(self._online, number, episodes)  # one row a seed
        score = found.mean(1)
        better = score >= self._best_score  # of equals the latest, which has learned longest
        self._best_score[better], self._best_steps[better] = score[better], self.steps
        mask = torch.from_numpy(better).to(self.device)
        self._best[mask] = self._online.flat[mask]
        for name, kept in self._online.buffers().items():
            self._best_buffers[name][mask] = kept[mask]
        self._eval_steps.append(self.steps)
        self._eval_returns.append(found)

    def run(self) -> Run:
        """Return the results so far as plain arrays; episodes that are not over are left out."""
        s = len(self.seeds)
        widths = {len(found[0]) for found in self._eval_returns} or {0}
        evaluations = np.full((s, len(self._eval_steps), max(widths)), np.nan)
        for m, found in enumerate(self._eval_returns):
            evaluations[:, m, : found.shape[1]] = found
        return Run(
            config=self._config,
            seeds=self.seeds,
            steps=self.steps,
            returns=tuple(np.array(r, float) for r in self._returns),
            ends=tuple(np.array(e, np.int64) for e in self._ends),
            record_steps=np.array(self._record_steps, np.int64),
            records={
                name: np.array(values, float).reshape(len(self._record_steps), s).T.copy()
                for name, values in self._records.items()
            },
            eval_steps=np.array(self._eval_steps, np.int64),
            eval_returns=evaluations,
            diverged=self._diverged.copy(),
            parameters={n: v.cpu().numpy() for n, v in self._online.arrays().items()},
            best_parameters={
                n: v.cpu().numpy()
                for n, v in self._online.arrays(self._best, self._best_buffers).items()
            },
            best_steps=self._best_steps.copy(),
            device=f"{self.device}: {self.device_reason}",
        )

    # -- saving and going on ------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write all that is needed to go on later, buffers and random states included.

        Not written, for they are not known here: what a function of yours keeps between its calls,
        and the random numbers that it draws from a generator of the whole process. The file appears
        when it is complete. Raises ValueError if your own replay buffer holds more than plain data.
        """
        return save_state(path, "checkpoint", self._state())

    @classmethod
    def load(cls, path: str | Path, **slots) -> "Trainer":
        """Return the trainer that `save` wrote; it goes on as if it had never stopped.

        slots: your own functions, as they were given to the trainer that was saved: a file holds
        data only. Raises SavedRunError for a file that is cut short or is something else, for a
        slot that is missing or too much, and for an environment that cannot be brought back.
        """
        state = load_state(path, "checkpoint")
        try:
            config, seeds = Config(**state["config"]), state["seeds"]
            names = {slot: name_of(value) for slot, value in slots.items() if value is not None}
            used = state["slots"]
        except (KeyError, TypeError, ValueError) as error:
            raise SavedRunError(f"✗ {path} does not fit this version of dqnlib: {error}") from None
        extras = sorted(slots.get("record") or {})
        if set(used) - set(names) or extras != sorted(state["extras"]):
            raise SavedRunError(
                f"✗ the run in {path} was trained with your own "
                f"{', '.join([*used, *state['extras']])}: give the same to Trainer.load"
            )
        every = Config(), Config(double=True, loss="huber", tau=0.5)
        known = [library_functions(c) for c in every]  # all that the library has for a slot
        unused = [
            slot
            for slot in sorted(set(names) - {*used, "record"})
            if all(slots[slot] is not library.get(slot) for library in known)
        ]
        if unused:
            raise SavedRunError(
                f"✗ the run in {path} was trained without your own {', '.join(unused)}: leave it "
                "out"
            )
        trainer = cls(config, seeds, **slots, _saved=state)
        try:
            trainer._restore(state)
        except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
            raise SavedRunError(f"✗ {path} cannot be resumed: {first_line(error)}") from None
        return trainer

    def _state(self) -> dict:
        return {
            "config": dataclasses.asdict(self._config),
            "seeds": self.seeds,
            "slots": list(self.own),
            "device": [self.device, self.device_reason],
            "extras": list(self._extras),
            "steps": self.steps,
            "networks": [self._online.flat, self._target.flat, self._best],
            "buffers": [self._online.buffers(), self._target.buffers(), self._best_buffers],
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "environments": self._envs.state(),
            "actor": self._actor.state(),
            "replay": self._replay.state(),
            "returns": self._returns,
            "ends": self._ends,
            "records": [self._record_steps, self._records],
            "evaluations": [self._eval_steps, self._eval_returns],
            "marks": [self._diverged, self._best_steps, self._best_score],
            "learned": self._learned and (tuple(self._learned[0]), *self._learned[1:]),
        }

    def _restore(self, state: dict) -> None:
        self.steps = state["steps"]
        networks = (self._online.flat, self._target.flat, self._best)
        for array, kept in zip(networks, state["networks"], strict=True):
            array.copy_(kept)
        *buffers, self._best_buffers = state["buffers"]
        for stacked, kept in zip((self._online, self._target), buffers, strict=True):
            stacked.put(stacked.arrays(buffers=kept))
        for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self._envs.restore(state["environments"])
        self._actor.restore(state["actor"])
        self._replay.restore(state["replay"])
        self._returns, self._ends = state["returns"], state["ends"]
        self._record_steps, self._records = state["records"]
        self._eval_steps, self._eval_returns = state["evaluations"]
        self._diverged, self._best_steps, self._best_score = state["marks"]
        learned = state["learned"]
        if learned is not None:
            batch, q, found = learned
            self._learned = (Batch(*(x.to(self.device) for x in batch)), q, found)

    # -- parts ----------------------------------------------------------------------------------

    def _where(self) -> str:
        return f"at step {self.steps}"

    def _check_slots(self) -> None:
        for slot, value in self.own.items():
            if not callable(value):
                raise ValueError(f"{slot} must be a function or a class, but it is {value!r}")
        if "update" in self.own and {"td_target", "loss"} & set(self.own):
            raise ValueError(
                "update is the whole training step: give it alone, without td_target and loss"
            )
        for name, function in self._extras.items():
            if not callable(function) or name in ("loss", "q"):
                raise ValueError(
                    f"record[{name!r}] must be a function of a Moment, under a name that is "
                    "neither loss nor q"
                )

    def _make_replay(self, rngs: list[np.random.Generator]):
        own, capacity = self.own.get("replay"), self._config.capacity
        if own is None and len(self.obs_shape) == 1:
            return Ring(capacity, self.obs_shape[0], rngs, self.device)
        make = own or frames.FrameReplayBuffer
        return Buffers(make, capacity, rngs, self.device, self.seeds, self._where)

    def _make_optimizers(self) -> list[torch.optim.Optimizer]:
        """One optimizer for all rows, or one a run where the learner's step calls it."""
        kinds = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
        make, rate = kinds[self._config.optimizer], self._config.learning_rate
        if "update" in self.own:
            return [make(module.parameters(), lr=rate) for module in self._online.modules]
        flat = nn.Parameter(self._online.flat)  # the same memory
        flat.grad = self._online.grad
        if make is torch.optim.Adam:
            optimizer = QuickAdam(flat, rate)
            self._optimize = optimizer.quick_step
        else:
            optimizer = make([flat], lr=rate, foreach=False)
            self._optimize = optimizer.step
        return [optimizer]


def train(
    config: Config, seeds: Iterable[int] = range(10), *, progress: bool = False, **slots
) -> Run:
    """Train deep Q-learning with every seed and return the results of all of them.

    progress: show a bar (tqdm). slots: your own functions in place of the library's; see
    `Trainer`, which says what each takes. Raises what `Trainer` raises.
    """
    trainer = Trainer(config, seeds, **slots)
    steps = iter(trainer)
    if progress:
        from tqdm.auto import tqdm

        steps = tqdm(steps, total=config.steps, unit=" steps", mininterval=0.3)
    for _ in steps:
        pass
    return trainer.run()


def network_of(run: Run, seed: int, *, best: bool = False, network: nn.Module | None = None):
    """Return one run's trained network as a module [B, *O] -> [B, A], on the CPU.

    best: as it was at the best evaluation, not at the end. network: a fresh network of your own,
    if the run was trained with your own; its parameters are overwritten. Raises ValueError for a
    seed that is not in the run or for a network whose parameters do not fit.
    """
    if seed not in run.seeds:
        raise ValueError(f"the run has the seeds {run.seeds}, but not {seed}")
    row, arrays = run.seeds.index(seed), parameters_of(run, best)
    kept = {name: torch.from_numpy(array[row].copy()) for name, array in arrays.items()}
    if network is None:
        weights = [array for name, array in arrays.items() if name.endswith("weight")]
        network = QNetwork(weights[0].shape[2], weights[-1].shape[1], run.config.hidden)
    try:
        network.load_state_dict(kept)
    except RuntimeError as error:
        raise ValueError(
            f"the network does not fit the run: {first_line(error)}. If the run was trained with "
            "a network of your own, give it as network=..."
        ) from None
    return network


def _takes(function: Callable, n: int) -> bool:
    """True if a function takes n arguments in order."""
    try:
        inspect.signature(function).bind(*range(n))
    except (TypeError, ValueError):
        return False
    return True


def _choose_device(
    config: Config, seeds: tuple[int, ...], slots: dict, before: tuple[str, str] | None = None
) -> tuple[str, str]:
    """Return the device of a config and why: "auto" measures where there is a choice.

    before: what was chosen when the run began; it stays there if it can.
    """
    if before and config.device == "auto" and (before[0] == "cpu" or torch.cuda.is_available()):
        return tuple(before)
    if config.device == "cpu":
        return "cpu", "as asked"
    if not torch.cuda.is_available():
        why = "PyTorch finds no CUDA device here"
        if config.device == "cuda":
            why += ", so this runs on the CPU"
        return "cpu", why
    if config.device == "cuda":
        return "cuda", "as asked"
    seconds = {}
    for device in ("cpu", "cuda"):
        try:
            seconds[device] = _seconds_a_step(config.replace(device=device), seeds, slots)
        except TrainingError:
            raise
        except RuntimeError as error:  # no memory left on the card, a driver too old, ...
            return "cpu", f"{device} failed: {first_line(error)}"
    best = min(seconds, key=seconds.get)
    measured = " and ".join(f"{1e3 * t:.2f} ms on {d}" for d, t in seconds.items())
    return best, f"a step of {len(seeds)} seeds took {measured}"


def _seconds_a_step(config: Config, seeds: tuple[int, ...], slots: dict, steps: int = 60) -> float:
    """Return the median seconds of an environment step with its update, after some to warm up."""
    filled = config.batch_size + 20
    trial = config.replace(warmup=0, steps=filled + steps, update_every=1, eval_every=0)
    trainer, seconds = Trainer(trial, seeds, **slots), []
    while not trainer.done:
        start = time.perf_counter()
        trainer.step()  # ends with values on the CPU, so that the device has finished
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[filled:]))
