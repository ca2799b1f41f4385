"""Deep Q-learning: one loop for every agent of the course, driven a step at a time.

`train` runs it to its end; a lab or a script calls `Trainer.step` as often as it likes. The loop
is about one run, as in `dqnlib.dqn`; that S runs go side by side is the business of `dqnlib.seeds`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dqnlib import policies
from dqnlib.arguments import check_seeds
from dqnlib.config import Config, check_config, warn_if_it_never_learns
from dqnlib.device import compute_threads, threads_that_pay
from dqnlib.results import Run
from dqnlib.saved import config_of
from dqnlib.seeds.acting import Actor, Examiner
from dqnlib.seeds.buffers import replay_for
from dqnlib.seeds.choice import choose_device
from dqnlib.seeds.distributions import update_for, values_of
from dqnlib.seeds.environments import for_each_run, learning_environments
from dqnlib.seeds.keeping import of_this_version
from dqnlib.seeds.learner import TrainingError, first_line
from dqnlib.seeds.networks import stack
from dqnlib.seeds.record import Record
from dqnlib.seeds.slots import (
    check_in_flight,
    check_own,
    is_librarys,
    library_functions,
    network_maker,
    own_functions,
)
from dqnlib.seeds.stacks import Stack
from dqnlib.seeds.transitions import Choice, windows_for
from dqnlib.seeds.update import Learned, Networks, check_told, sync_for
from dqnlib.storage import SavedRunError, load_state, save_state


class Trainer:
    """Trains S runs of deep Q-learning, one environment step of every run at a time.

    Call `step`, or loop over the trainer, and look at ``steps`` and ``run()`` in between;
    ``trainer.config`` may be replaced between steps, and what it changes acts at once. Row k is
    what seed k alone would give.

    Each slot takes a one-run function or class of your own; left out, the library's is used:

    network: (obs_shape, n_actions) -> nn.Module, [B, *O] -> [B, A]    `networks.QNetwork`
        with a method reset_noise(rng) it draws noise before it acts and learns, none in evaluation
    values: (output [B, ...]) -> [B, A], where a network gives more     the output itself
    transitions: (n_step, gamma) -> object with step(transition, ended) `transitions.NStep`
        or what its parameters are named after: env and rng, as of `transitions.Hindsight`
        if its step has a parameter explored, it gets whether the action was not the greedy one
    replay: (capacity) -> object with add and sample                    `replay.ReplayBuffer`
        its batches may carry weight and index; with update(index, td_error) it is told the errors
    td_target: (reward, terminated, next_q, gamma) -> [B]               `targets.td_target`
        or, for Double DQN, (reward, terminated, online_next_q, target_next_q, gamma); it also
        gets a parameter epsilon, which is config.target_epsilon
    lambda_return: (reward [E, T], terminated, truncated,               `targets.lambda_return`
        next_value, gamma, trace_decay) -> [E, T], of the newest steps, without replay
    loss: (q, action, td_target) -> scalar, or with weight [B] at last  `targets.mse_loss`
    update: (online, target, optimizer, batch, gamma) -> loss           `targets.dqn_update`
        the whole training step; then td_target, loss, double and max_grad_norm are not used; with
        priorities it returns (loss, TD errors [B])
    sync_target: (online, target) or (online, target, tau), in place    `targets.hard_update`
    policy: (q [A], epsilon, rng) -> int                                `policies.epsilon_greedy`
    env: () -> gymnasium.Env                                            of config.env_id
    record: {name: (Moment) -> number}, called every `record_every` steps

    A td_target, lambda_return, loss or sync_target gets what its parameters are named after. One of
    your own wins over config.double, config.loss and config.tau, and over config.target_epsilon if
    it does not take it. The gamma that targets get is γ to the power n_step, a whole transition's.

    ``trainer.how`` says how each of your functions is called for many seeds, once it has been.
    Raises ValueError for bad settings, LearnerError when one of your functions fails and
    TrainingError when an environment does; both carry the run so far as ``error.run``.
    """

    def __init__(
        self,
        config: Config,
        seeds: Iterable[int] = range(10),
        *,
        record: dict[str, Callable] | None = None,
        _saved: dict | None = None,  # what `load` read
        **slots: Callable | None,
    ):
        check_config("config", config)
        if not isinstance(record or {}, dict):
            raise ValueError(
                "record must be a dict of functions, such as {'norm': my_function}, but it is "
                f"{record!r}"
            )
        # the learner's own functions, by slot; the library's have lifted forms
        self.own = own_functions(slots, library_functions(config))
        if _saved is not None:  # as it was at first: the config may have changed in flight
            self.own = {slot: slots[slot] for slot in _saved["slots"]}
        self.seeds, self.steps, self._config = check_seeds(seeds), 0, config
        self._extras = dict(record or {})
        check_own(self.own, self._extras, config)
        self._make_parts([policies.random_streams(seed) for seed in self.seeds], _saved)
        self._learned: Learned | None = None  # by the last update
        warn_if_it_never_learns(config)

    def _make_parts(self, streams: list[policies.Streams], saved: dict | None) -> None:
        c, own, seeds, where = self._config, self.own.get, self.seeds, self._where
        names = [f"seed {s}" for s in seeds]
        self._envs = learning_environments(c, own("env"), *for_each_run(c, streams, names))
        self.obs_shape, self.n_actions = self._envs.obs_shape, self._envs.n_actions
        self.device, self.device_reason = choose_device(
            c, len(seeds), self.obs_shape, self.n_actions, saved and saved["device"]
        )
        made = stack(
            network_maker(c, own("network")), [s.network_seed for s in streams], self.obs_shape,
            self.n_actions, self.device, values_of(c, own("values")),
        )  # fmt: skip
        self._networks = Networks(*made.with_target())
        self._noise = [torch.Generator().manual_seed(s.noise_seed) for s in streams]
        self._threads = threads_that_pay(made.trial(c.batch_size, self.obs_shape))
        self._actor = Actor([s.explore for s in streams], seeds, where, own("policy"))
        more = {"env": own("env"), "rngs": [s.goals for s in streams]}
        self._windows = windows_for(c, self._envs, own("transitions"), seeds, where, **more)
        self._replay = replay_for(
            c, self.obs_shape, self._envs.obs_dtype, [s.sample for s in streams], self.device,
            self.own, seeds, where, uneven=self._windows is not None,
        )  # fmt: skip
        self._update = update_for(c, self.own, self._networks, seeds, where)
        self._sync = sync_for(self.own, seeds, where)
        self._examiner = Examiner(c, own("env"), [s.eval_seed for s in streams], names)
        self._record = Record(seeds, self._extras, self._networks.online)

    # -- what drivers use ---------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """The settings; assign a changed copy to change them in flight."""
        return self._config

    @config.setter
    def config(self, new: Config) -> None:
        check_in_flight(self._config, new, self.own)
        self._config = self._update.config = new

    @property
    def done(self) -> bool:
        """True once every run has taken its environment steps."""
        return self.steps >= self._config.steps

    @property
    def how(self) -> dict[str, str]:
        """How each of your own functions is called for many seeds; empty before the first call."""
        found = dict(self._update.how)
        found |= {s: self._networks.online.how for s in ("network", "values") if s in self.own}
        once = ("transitions", "replay", "sync_target", "policy")
        return found | {slot: "a loop over seeds" for slot in once if slot in self.own}

    @property
    def obs(self) -> np.ndarray:
        """Return [S, *O] what each run sees in its first environment, as its network gets it."""
        return self._envs.obs[:: self._config.environments]

    @property
    def last_returns(self) -> np.ndarray:
        """Return [S] of each run's last whole episode; NaN before its first one."""
        return self._record.last_returns

    def __iter__(self) -> Iterator[int]:
        """Take the steps that are left; yield the number of steps so far after each."""
        while not self.done:
            self.step()
            yield self.steps

    def step(self) -> None:
        """Take one step in every run and learn; an error keeps the run so far as ``error.run``."""
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
        networks = self._networks.target if target else self._networks.online
        return networks.modules[self.seeds.index(seed)]

    def run(self) -> Run:
        """Return the results so far as plain arrays; episodes that are not over are left out."""
        device, slots = f"{self.device}: {self.device_reason}", tuple(self.own)
        with compute_threads(1):  # it copies: beside other work more threads are no quicker
            return self._record.run(self._config, self.steps, self._networks.online, device, slots)

    # -- the loop -----------------------------------------------------------------------------

    def _step(self) -> None:
        c, online = self._config, self._networks.online
        epsilon = policies.linear_schedule(self.steps, c.epsilon, c.final_epsilon, c.epsilon_steps)
        obs = self._envs.obs
        q = self._values(obs)
        action = self._actor.choose(q, epsilon)
        next_obs, reward, terminated, truncated = self._envs.step(action)
        self.steps += 1
        ended = terminated | truncated
        choice = Choice(q, action, epsilon)
        self._store((obs, action, reward, next_obs, terminated), ended, choice)
        self._record.episodes(self.steps, self._envs.over, self._envs.total)
        self._envs.advance(next_obs, ended)
        if self._is_ready():
            self._learn()
        if self.steps % c.sync_every == 0:
            self._sync(self._networks, c.tau)
        if self.steps % c.record_every == 0:
            self._record.moment(self.steps, c, self._networks, self._learned)
        if c.eval_every and self.steps % c.eval_every == 0:
            returns = self._examiner.returns(online, self._record.evaluations, c.eval_episodes)
            self._record.evaluation(self.steps, returns, online)

    def _values(self, obs: np.ndarray) -> np.ndarray:
        """Return the online network's action values of the runs' observations."""
        self._reset_noise(self._networks.online)
        return self._networks.online.q_of_each(obs)

    def _reset_noise(self, *networks: Stack) -> None:
        """Let noisy networks draw anew: before they act, and before they learn."""
        for stacked in networks:
            if stacked.is_noisy:
                stacked.reset_noise(self._noise)

    def _store(self, step: tuple, ended: np.ndarray, choice: Choice) -> None:
        """Keep what is complete: the step itself, or the windows that end with it."""
        if self._windows is None:
            self._replay.add(*step)
            return
        for complete in self._windows.step(*step, ended, self._config.gamma, choice):
            self._replay.add(*complete)

    def _is_ready(self) -> bool:
        """True if this step ends with an update: the same for every run, whatever the others do."""
        c = self._config
        if self.steps % c.update_every or self.steps <= c.warmup:
            return False
        if self._windows is None:
            return len(self._replay) >= c.batch_size
        if (self.steps - c.n_step + 1) * c.environments < c.batch_size:
            return False
        few = int(self._replay.sizes.min())
        if few < c.batch_size:
            seed = self.seeds[int(self._replay.sizes.argmin())]
            raise TrainingError(
                f"✗ only {few} transitions are complete {self._where()}, seed {seed}, and a batch "
                f"takes {c.batch_size}: make warmup larger (it is {c.warmup}), or n_step smaller"
            )
        return True

    def _learn(self) -> None:
        c = self._config
        self._replay.beta = policies.linear_schedule(self.steps, c.priority_beta, 1.0, c.steps)
        batch = self._replay.sample(c.batch_size)
        rate = policies.linear_schedule(self.steps, c.learning_rate, c.final_learning_rate, c.steps)
        for group in (g for optimizer in self._update.optimizers for g in optimizer.param_groups):
            group["lr"] = rate
        self._reset_noise(self._networks.online, self._networks.target)
        gamma = c.gamma if c.n_step == 1 else c.gamma**c.n_step
        self._learned = self._update(batch, gamma if batch.discount is None else batch.discount)
        if self._replay.wants_errors:
            check_told(self._learned, self.own, self._where())
            self._replay.update(batch.index, -self._learned.error)

    # -- saving and going on ------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write all that is needed to go on later, buffers and random states included.

        Not written, for they are not known here: what a function of yours keeps between its calls,
        or a network beside its parameters and buffers, and the random numbers that they draw from a
        generator of the whole process. The file appears when it is complete. Raises ValueError if
        your own replay buffer or transitions hold more than plain data.
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
            config, seeds = config_of(state["config"]), state["seeds"]
            given = {slot: value for slot, value in slots.items() if value is not None}
            used, extras = state["slots"], sorted(given.pop("record", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise SavedRunError(f"✗ {path} does not fit this version of dqnlib: {error}") from None
        if set(used) - set(given) or extras != sorted(state["extras"]):
            raise SavedRunError(
                f"✗ the run in {path} was trained with your own "
                f"{', '.join([*used, *state['extras']])}: give the same to Trainer.load"
            )
        unused = [s for s in sorted(set(given) - set(used)) if not is_librarys(s, given[s])]
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
        online, target, _ = self._networks
        learned = self._learned
        return {
            "config": dataclasses.asdict(self._config),
            "seeds": self.seeds,
            "slots": list(self.own),
            "device": [self.device, self.device_reason],
            "extras": list(self._extras),
            "steps": self.steps,
            "layers": _layers(online),
            "networks": [online.flat, target.flat],
            "buffers": [online.buffers(), target.buffers()],
            "optimizers": [optimizer.state_dict() for optimizer in self._update.optimizers],
            "environments": self._envs.state(),
            "actor": self._actor.state(),
            "noise": [rng.get_state() for rng in self._noise],
            "windows": self._windows and self._windows.state(),
            "replay": self._replay.state(),
            "record": self._record.state(),
            "learned": learned and learned.plain(),
        }

    def _restore(self, state: dict) -> None:
        state = of_this_version(state)
        if state["layers"] not in (None, _layers(self._networks.online)):
            raise ValueError("network makes other layers than those of the run")
        self.steps = state["steps"]
        both = zip(self._networks[:2], state["networks"], state["buffers"], strict=True)
        for stacked, flat, buffers in both:
            stacked.flat.copy_(flat)
            stacked.put(stacked.arrays(buffers=buffers))
        for optimizer, kept in zip(self._update.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self._envs.restore(state["environments"])
        self._actor.restore(state["actor"])
        for rng, kept in zip(self._noise, state["noise"] or [], strict=bool(state["noise"])):
            rng.set_state(kept)
        if self._windows is not None:
            self._windows.restore(state["windows"])
        self._replay.restore(state["replay"])
        self._record.restore(state["record"])
        if state["learned"] is not None:
            self._learned = Learned.of_plain(state["learned"], self.device)

    # -- parts ----------------------------------------------------------------------------------

    def _where(self) -> str:
        return f"at step {self.steps}"


def _layers(stacked: Stack) -> dict[str, list[int]]:
    """Return the shapes of all parameters and buffers, the axis of the runs in front."""
    return {name: list(array.shape) for name, array in stacked.arrays().items()}


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
