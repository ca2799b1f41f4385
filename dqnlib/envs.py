"""Environments: how they are made, what a network sees of them, and the tables behind some."""

import difflib
import operator
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control import PendulumEnv

from dqnlib import atari, catch, goals, minatar, probes, showcases  # noqa: F401 (to register)
from dqnlib.config import Config
from dqnlib.registration import register
from dqnlib.stacking import stacked


def make(env_id: str, **kwargs) -> gym.Env:
    """``gymnasium.make`` with an error that says which name was wanted and what to do.

    The course's own names, such as dqnlib/TwoStepDiscount-v0, are known without an import.
    """
    try:
        return gym.make(env_id, **kwargs)
    except (gym.error.Error, ImportError) as error:
        names = [name for name in gym.registry if "/" not in name]  # the others need more packages
        near = difflib.get_close_matches(str(env_id), names, n=3, cutoff=0.5)
        hint = f" Near names: {', '.join(near)}." if near else " See gymnasium.pprint_registry()."
        hint = "" if env_id in gym.registry else hint
        raise ValueError(
            f"Gymnasium {gym.__version__} cannot make the environment {env_id!r}.{hint} "
            f"Gymnasium says: {' '.join(str(error).split())}"
        ) from None


class PureNoise(gym.Env):
    """Ten states and nothing to gain: Q* = 0 everywhere, so a positive maximum is bias (lesson 05).

    Whatever the action, the next state is any of the ten, equally likely, and the reward is a
    draw from N(0, 1). A network sees a state one-hot. Gymnasium truncates after 100 steps; the
    episode never terminates. ``make("dqnlib/PureNoise-v0", n_actions=16)`` has 16 actions, and so
    has ``make("dqnlib/PureNoise16-v0")``, which exists for 2, 4, 8 and 16.
    """

    n_states, starts = 10, 10  # rooms; of these an episode starts in any of the first
    mean, door = 0.0, None  # of the reward; the action that leaves

    def __init__(self, n_actions: int = 4):
        self.observation_space = gym.spaces.Discrete(self.n_states)
        self.action_space = gym.spaces.Discrete(n_actions)

    def _somewhere(self) -> int:
        return int(self.np_random.integers(self.n_states))

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return a state and an empty dict."""
        super().reset(seed=seed)
        return self._somewhere(), {}

    def step(self, action):
        """Return a state, a reward, whether the agent left, truncated (False) and an empty dict."""
        state = self._somewhere()
        if action == self.door:
            return state, 0.0, True, False, {}
        return state, self.mean + float(self.np_random.standard_normal()), False, False, {}


class Casino(PureNoise):
    """Slot machines that lose on average, and a door: to leave at once is best, V* = 0.

    Ten rooms, one-hot for a network. The actions 0 to `machines` − 1 play a machine: reward drawn
    from N(mean, 1), then any of the rooms. The last action leaves: reward 0, and the episode
    terminates. With a negative mean a machine is worth the mean. Gymnasium truncates after 50
    steps. (The idea is the roulette of van Hasselt 2010, Figure 1, with fewer bets; lesson 05.)
    """

    def __init__(self, machines: int = 8, mean: float = -0.1):
        super().__init__(machines + 1)
        self.door, self.mean = machines, mean


class DiscretePendulum(PendulumEnv):
    """Gymnasium's Pendulum-v1 with numbered torques: `n_actions`, evenly from −2 to 2.

    Every reward is at most 0 (16.27 below it at worst), so every true value is, too: a positive
    value can only be an overestimate (lesson 05). Gymnasium truncates after 200 steps; the
    episode never terminates.
    """

    def __init__(self, n_actions: int = 11):
        super().__init__()
        self.torques = np.linspace(-self.max_torque, self.max_torque, n_actions)
        self.action_space = gym.spaces.Discrete(n_actions)

    def step(self, action):
        """Act with one of the torques; return what Pendulum-v1 returns."""
        return super().step(self.torques[[int(action)]])


TORQUES = (2, 3, 5, 9, 17, 33)  # of the pendulums that have a name of their own (lesson 09b)
_OWN = {  # what is registered as dqnlib/...-v0: class, settings, environment steps of an episode
    "PureNoise": ("PureNoise", {}, 100),
    **{f"PureNoise{m}": ("PureNoise", {"n_actions": m}, 100) for m in (2, 4, 8, 16)},
    "Casino": ("Casino", {}, 50),
    "DiscretePendulum": ("DiscretePendulum", {}, 200),
    **{f"DiscretePendulum{k}": ("DiscretePendulum", {"n_actions": k}, 200) for k in TORQUES},
}
for _name, (_class, _settings, _limit) in _OWN.items():
    register(f"dqnlib/{_name}-v0", f"dqnlib.envs:{_class}", _limit, **_settings)

# what CartPole-v1 observes, made about equally large: half-widths of 2.4 m, 2 m/s, 0.2 rad, 2 rad/s
SCALES = {"CartPole-v1": (0.4, 0.5, 5.0, 0.5)}


class NetworkObservation(gym.ObservationWrapper):
    """Observations as a Q-network takes them, whatever the environment gives.

    A state's number (Discrete) becomes a one-hot vector [N]; images (bytes or truth values) stay
    as they are, to be stored small; everything else becomes float32, times `scale`. The shape is
    at least one axis long. Raises ValueError for structured spaces and for actions that are not
    numbered.
    """

    def __init__(self, env: gym.Env, scale: float | tuple[float, ...] = 1.0):
        super().__init__(env)
        space = env.observation_space
        name = env.spec.id if env.spec else type(env.unwrapped).__name__
        if not isinstance(env.action_space, gym.spaces.Discrete):
            raise ValueError(
                f"deep Q-learning picks one of A numbered actions, but the actions of {name} are "
                f"{env.action_space}: choose an environment with Discrete actions"
            )
        if isinstance(space, gym.spaces.Discrete):
            shape, self.kind = (int(space.n),), "number"
            self.first_state = int(space.start)
        elif isinstance(space, gym.spaces.Box | gym.spaces.MultiBinary | gym.spaces.MultiDiscrete):
            shape = space.shape or (1,)
            image = space.dtype in (np.uint8, np.bool_) and len(shape) > 1
            self.kind = "image" if image else "vector"
        else:
            raise ValueError(
                f"the observations of {name} are {space}: make them one array first, for example "
                "with gymnasium.wrappers.FlattenObservation"
            )
        if np.ndim(scale) and self.kind != "vector":
            raise ValueError(
                f"obs_scale has {len(scale)} numbers, but the observations of {name} are {space}, "
                "which are not scaled: leave obs_scale out"
            )
        if np.ndim(scale) and np.shape(scale) != shape:
            raise ValueError(
                f"obs_scale has {len(scale)} numbers, but an observation of {name} has the shape "
                f"{shape}"
            )
        self.scale = np.asarray(scale, np.float32)
        self.n_actions = int(env.action_space.n)
        self.first_action = int(env.action_space.start)
        self.action_space = gym.spaces.Discrete(self.n_actions)
        dtype = np.dtype(space.dtype if self.kind == "image" else np.float32)
        low, high = {"B": (0, 255), "?": (0, 1), "f": (-np.inf, np.inf)}[dtype.char]
        self.observation_space = gym.spaces.Box(low, high, shape, dtype.type)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; ValueError if the environment returns no observation with its info."""
        found = self.env.reset(seed=seed, options=options)
        if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict)):
            raise ValueError(
                "reset must return two values, an observation and a dict (info), but it returned "
                f"{_in_words(found)}"
            )
        return self.observation(found[0]), found[1]

    def step(self, action):
        """Take action 0 to A − 1, also where the environment numbers them from elsewhere.

        Raises ValueError for anything but five values: an observation of the space, a number, two
        truth values and a dict.
        """
        try:
            found = self.env.step(int(action) + self.first_action)
        except (TypeError, ValueError) as error:
            if "unpack" not in str(error) or not _raised_in_gymnasium(error):
                raise
            raise ValueError(f"{_FIVE}; Gymnasium says: {error}") from error
        if not (isinstance(found, tuple) and len(found) == 5 and isinstance(found[4], dict)):
            raise ValueError(f"{_FIVE}, but it returned {_in_words(found)}")
        obs, reward, terminated, truncated, info = found
        return (
            self.observation(obs),
            _as_reward(reward),
            _as_switch("terminated", terminated),
            _as_switch("truncated", truncated),
            info,
        )

    def observation(self, observation) -> np.ndarray:
        """Return one observation as the network's input [*O]; ValueError if it is none."""
        space, shape = self.env.observation_space, self.observation_space.shape
        if self.kind == "number":
            try:
                state = operator.index(observation) - self.first_state
            except TypeError:
                raise ValueError(
                    f"an observation of {space} is a whole number, but it is {observation!r}"
                ) from None
            if not 0 <= state < shape[0]:
                raise ValueError(f"{observation} is no state of {space}")
            vector = np.zeros(shape, np.float32)
            vector[state] = 1
            return vector
        found = np.asarray(observation)
        if found.shape != space.shape and not found.shape == shape == (1,):
            raise ValueError(
                f"observation_space says that an observation has the shape {list(space.shape)}, "
                f"but one has the shape {list(found.shape)}"
            )
        if found.dtype.kind not in "biuf":
            raise ValueError(
                f"an observation must hold numbers, as {space} says, but one is {observation!r}"
            )
        if self.kind != "image":
            return found.astype(np.float32, copy=False).reshape(shape) * self.scale
        if found.dtype != self.observation_space.dtype:
            given, found = found, found.astype(self.observation_space.dtype)
            if (given != found).any():
                raise ValueError(
                    f"observation_space says that an image holds {self.observation_space.dtype}, "
                    f"but one holds {given.dtype}, from {given.min():g} to {given.max():g}"
                )
        return found.reshape(shape)


_FIVE = "step must return five values, (obs, reward, terminated, truncated, info)"


def _raised_in_gymnasium(error: Exception) -> bool:
    """True if an error comes from a wrapper of Gymnasium, not from the environment in it."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "").startswith("gymnasium.")


def _in_words(found) -> str:
    if not isinstance(found, tuple):
        return f"one value ({type(found).__name__})"
    if len(found) in (2, 5) and not isinstance(found[-1], dict):
        return f"{type(found[-1]).__name__} in place of the dict"
    return f"{len(found)} values"


def _as_reward(value) -> float:
    """Return a reward as a number: one alone in an array is one, too."""
    if isinstance(value, float | int):
        return value
    try:
        array = np.asarray(value)
        if array.size == 1 and (array.dtype.kind in "biuf" or hasattr(array.item(), "__float__")):
            return float(array.item())
    except (TypeError, ValueError, RuntimeError):  # a ragged list, a tensor with a gradient, ...
        pass
    raise ValueError(f"a reward must be one number, but step returned {value!r}")


def _as_switch(name: str, value) -> bool:
    """Return a truth value of any kind, or 0 or 1, as one of Python."""
    if value is True or value is False:
        return value
    try:
        array = np.asarray(value)
        if array.size == 1 and array.dtype.kind in "biuf" and array.item() in (0, 1):
            return bool(array.item())
    except (TypeError, ValueError, RuntimeError):
        pass
    raise ValueError(f"{name} must be True or False, but step returned {value!r}")


def make_for(config: Config, env: Callable[[], gym.Env] | None = None) -> NetworkObservation:
    """Return the environment of a config, with observations for a network.

    env: makes an environment of your own, in place of config.env_id. An environment of Gymnasium
    gets config.max_episode_steps in place of the time limit that it is registered with. Raises
    ValueError if it has a shorter one that stays.
    """
    scale, limit = config.obs_scale, config.max_episode_steps
    if scale == "auto":
        scale = 1.0 if env else SCALES.get(config.env_id, 1.0)
    inner = env() if env else make(config.env_id, max_episode_steps=limit)
    made = NetworkObservation(stacked(inner, config.frame_stack), scale)
    shorter = time_limit(made)
    if limit is not None and shorter is not None and shorter < limit:
        raise ValueError(
            f"max_episode_steps is {limit}, but a TimeLimit in the environment ends every episode "
            f"after {shorter} steps: leave max_episode_steps out, or give your environment another "
            "limit, or none"
        )
    return made


def time_limit(env: gym.Env) -> int | None:
    """Return after how many steps a wrapper truncates; None if there is none that does."""
    limits = []
    while isinstance(env, gym.Wrapper):
        if isinstance(env, gym.wrappers.TimeLimit):
            limits.append(env._max_episode_steps)
        env = env.env
    return min(limits, default=None)


@dataclass(frozen=True, eq=False)
class TabularModel:
    """The transitions of a discrete environment with N states and A actions, as arrays.

    Each state-action pair has up to K outcomes; unused outcomes have probability 0. Reading
    the model is planning, not learning: `value_iteration` may, `q_learning` may not.
    """

    env_id: str
    probability: np.ndarray  # [N, A, K]
    next_obs: np.ndarray  # [N, A, K] int
    reward: np.ndarray  # [N, A, K]
    terminated: np.ndarray  # [N, A, K] bool
    initial: np.ndarray  # [N] probability of each first state
    max_episode_steps: int | None  # time limit that Gymnasium registers, if any

    @classmethod
    def from_env(cls, env: gym.Env | str) -> "TabularModel":
        """Read the transition table ``P`` that Gymnasium's toy-text environments carry.

        Raises ValueError for an unknown id, for continuous or structured spaces, and for
        environments without a table.
        """
        env = make(env) if isinstance(env, str) else env
        spec = env.spec
        name = spec.id if spec else type(env.unwrapped).__name__
        for what, space in (("observations", env.observation_space), ("actions", env.action_space)):
            if not isinstance(space, gym.spaces.Discrete):
                raise ValueError(
                    f"a table needs numbered states and actions, but the {what} of {name!r} are "
                    f"{space}. Tabular methods work on Discrete spaces, such as "
                    "CliffWalking-v1; for this environment you need function approximation "
                    "(lesson 02)"
                )
        table = getattr(env.unwrapped, "P", None)
        initial = getattr(env.unwrapped, "initial_state_distrib", None)
        if table is None or initial is None:
            raise ValueError(
                f"{name!r} shows no transition table (attributes P and initial_state_distrib); "
                "CliffWalking-v1, FrozenLake-v1 and Taxi-v4 do"
            )
        n, a = int(env.observation_space.n), int(env.action_space.n)
        k = max(len(table[s][b]) for s in range(n) for b in range(a))
        arrays = (np.zeros((n, a, k)), np.zeros((n, a, k), int), np.zeros((n, a, k)))
        probability, next_obs, reward = arrays
        terminated = np.zeros((n, a, k), bool)
        for s in range(n):
            for b in range(a):
                for j, outcome in enumerate(table[s][b]):
                    probability[s, b, j], next_obs[s, b, j] = outcome[:2]
                    reward[s, b, j], terminated[s, b, j] = outcome[2:]
        return cls(
            env_id=name,
            probability=probability,
            next_obs=next_obs,
            reward=reward,
            terminated=terminated,
            initial=np.asarray(initial, float),
            max_episode_steps=spec.max_episode_steps if spec else None,
        )

    @property
    def n_states(self) -> int:
        return self.probability.shape[0]

    @property
    def n_actions(self) -> int:
        return self.probability.shape[1]

    @property
    def start(self) -> int:
        """The most likely first state."""
        return int(self.initial.argmax())

    def reachable(self) -> np.ndarray:
        """Return a mask [N]: states where an agent can stand and still has to act.

        Terminal states are not among them, nor are states that no transition leads to. On
        Cliff Walking 37 of the 48 states remain: neither the goal nor the ten cliff cells.
        """
        seen = self.initial > 0
        while True:
            alive = (self.probability > 0) & ~self.terminated & seen[:, None, None]
            more = seen.copy()
            more[self.next_obs[alive]] = True
            if (more == seen).all():
                return seen
            seen = more
