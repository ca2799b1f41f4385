"""Environments: how they are made, what a network sees of them, and the tables behind some."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from dqnlib import probes  # noqa: F401 (registers the course's own environments)
from dqnlib.config import Config


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
    episode never terminates. ``make("dqnlib/PureNoise-v0", n_actions=16)`` has 16 actions.
    """

    n_states = 10

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
        """Return a state, a reward, terminated and truncated (both False) and an empty dict."""
        return self._somewhere(), float(self.np_random.standard_normal()), False, False, {}


if "dqnlib/PureNoise-v0" not in gym.registry:  # a reload registers nothing twice
    gym.register("dqnlib/PureNoise-v0", entry_point="dqnlib.envs:PureNoise", max_episode_steps=100)

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

    def observation(self, observation) -> np.ndarray:
        """Return one observation as the network's input [*O]."""
        shape = self.observation_space.shape
        if self.kind == "number":
            state = int(observation) - self.first_state
            if not 0 <= state < shape[0]:
                raise ValueError(f"{observation} is no state of {self.env.observation_space}")
            vector = np.zeros(shape, np.float32)
            vector[state] = 1
            return vector
        if self.kind == "image":
            return np.asarray(observation, self.observation_space.dtype).reshape(shape)
        return np.asarray(observation, np.float32).reshape(shape) * self.scale

    def step(self, action):
        """Take action 0 to A − 1, also where the environment numbers them from elsewhere."""
        return super().step(int(action) + self.first_action)


def make_for(config: Config, env: Callable[[], gym.Env] | None = None) -> NetworkObservation:
    """Return the environment of a config, with observations for a network.

    env: makes an environment of your own, in place of config.env_id.
    """
    scale = config.obs_scale
    if scale == "auto":
        scale = 1.0 if env else SCALES.get(config.env_id, 1.0)
    return NetworkObservation(env() if env else make(config.env_id), scale)


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
