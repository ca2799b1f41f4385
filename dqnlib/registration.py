"""The course's environments get their names, such as dqnlib/Catch-v0."""

import gymnasium as gym


def register(
    env_id: str, entry_point: str, max_episode_steps: int | None = None, **settings
) -> None:
    """Let ``gymnasium.make(env_id)`` make an environment; what has its name already keeps it.

    So a reload of its module registers nothing twice. entry_point: as "dqnlib.catch:Catch";
    max_episode_steps: environment steps after which Gymnasium truncates; settings: keyword
    arguments that make it.
    """
    if env_id not in gym.registry:
        gym.register(env_id, entry_point, max_episode_steps=max_episode_steps, kwargs=settings)
