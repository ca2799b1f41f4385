"""Which replay buffer the runs get."""

from dqnlib.config import Config
from dqnlib.seeds.frames import FrameRing
from dqnlib.seeds.replay import Buffers, Ring
from dqnlib.seeds.uneven import UnevenRing


def replay_for(
    config: Config, obs_shape, obs_dtype, rngs, device: str, own, names, where, uneven=False
):
    """Return the replay buffer of S runs.

    obs_shape, obs_dtype: of one observation; rngs: a generator a run, which draws its batches;
    own: the learner's class, (capacity) -> object, or None; names, where: how its errors call
    each run, and say when; uneven: the runs may add different numbers of transitions. A ring for
    vectors, a ring of frames for images.
    """
    if own is not None:
        return Buffers(own, config.capacity, rngs, device, names, where)
    if len(obs_shape) == 1:
        kind = UnevenRing if uneven else Ring
        return kind(config.capacity, obs_shape[0], rngs, device)
    return FrameRing(config.capacity, obs_shape, obs_dtype, rngs, device, n_step=config.n_step)
