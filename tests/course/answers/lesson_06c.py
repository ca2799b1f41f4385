"""Answers to the exercises of lesson 06c, as learners write them."""

from answers import answers

HEAD = """import numpy as np
from dqnlib import Transition

"""

RELABEL = answers(
    "dqnlib.transitions.relabel",
    r"""
=== right
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(
        env.with_goal(transition.obs, goal), transition.action,
        env.compute_reward(reached, goal, {}), env.with_goal(transition.next_obs, goal),
        env.compute_terminated(reached, goal, {}),
    )

=== right
def relabel(transition, goal, env):
    next_obs = env.with_goal(transition.next_obs, goal)
    return transition._replace(
        obs=env.with_goal(transition.obs, goal),
        next_obs=next_obs,
        reward=float(env.compute_reward(env.achieved_goal(next_obs), goal, info={})),
        terminated=bool(env.compute_terminated(env.achieved_goal(next_obs), goal, info={})),
    )

=== right
def ask(env, what, obs, goal):
    return getattr(env, f"compute_{what}")(env.achieved_goal(obs), goal, {})

@exercise("dqnlib.transitions.relabel")
def relabel(transition, goal, env):
    obs, action, reward, next_obs, terminated = transition
    obs, next_obs = (env.with_goal(o, goal) for o in (obs, next_obs))
    return Transition(obs, action, ask(env, "reward", next_obs, goal), next_obs,
                      ask(env, "terminated", next_obs, goal))

=== right
def relabel(transition, goal, env):
    # a plain tuple in the same order does as well
    reached = env.achieved_goal(transition[3])
    reward, terminated = (
        f(reached, goal, {}) for f in (env.compute_reward, env.compute_terminated)
    )
    return (env.with_goal(transition[0], goal), transition[1], reward,
            env.with_goal(transition[3], goal), terminated)

=== right
def relabel(transition, goal, env):
    fields = transition._asdict()
    for name in ("obs", "next_obs"):
        fields[name] = env.with_goal(fields[name].copy(), goal.copy())
    reached = env.achieved_goal(fields["next_obs"])
    fields["reward"] = np.float32(env.compute_reward(reached, goal, None))
    fields["terminated"] = np.bool_(env.compute_terminated(reached, goal, None))
    return Transition(**fields)

=== blank
def relabel(transition, goal, env):
    return ____

=== blank
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(obs=____, next_obs=____)

=== blank
def relabel(transition, goal, env):
    pass

=== blank
def relabel(transition, goal, env):
    raise NotImplementedError

=== wrong: nothing is relabeled
def relabel(transition, goal, env):
    return transition

=== wrong: returned None
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    Transition(env.with_goal(transition.obs, goal), transition.action, 0.0, transition.next_obs,
               True)

=== wrong: no Transition comes back
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return [Transition(env.with_goal(transition.obs, goal), transition.action,
                       env.compute_reward(reached, goal, {}),
                       env.with_goal(transition.next_obs, goal),
                       env.compute_terminated(reached, goal, {}))]

=== wrong: no Transition comes back
def relabel(transition, goal, env):
    return env.with_goal(transition.obs, goal), env.with_goal(transition.next_obs, goal)

=== wrong: the goals alone are exchanged
def relabel(transition, goal, env):
    return transition._replace(obs=env.with_goal(transition.obs, goal),
                               next_obs=env.with_goal(transition.next_obs, goal))

=== wrong: the reward is that of the old goal
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(obs=env.with_goal(transition.obs, goal),
                               next_obs=env.with_goal(transition.next_obs, goal),
                               terminated=env.compute_terminated(reached, goal, {}))

=== wrong: the episode ends where it ended for the old goal
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(obs=env.with_goal(transition.obs, goal),
                               next_obs=env.with_goal(transition.next_obs, goal),
                               reward=env.compute_reward(reached, goal, {}))

=== wrong: the episode ends for the old goal, too
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    terminated = transition.terminated or env.compute_terminated(reached, goal, {})
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal), terminated)

=== wrong: next_obs keeps the old goal
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(obs=env.with_goal(transition.obs, goal),
                               reward=env.compute_reward(reached, goal, {}),
                               terminated=env.compute_terminated(reached, goal, {}))

=== wrong: obs keeps the old goal
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(next_obs=env.with_goal(transition.next_obs, goal),
                               reward=env.compute_reward(reached, goal, {}),
                               terminated=env.compute_terminated(reached, goal, {}))

=== wrong: neither observation is given the new goal
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    env.with_goal(transition.obs, goal)
    env.with_goal(transition.next_obs, goal)
    return transition._replace(reward=env.compute_reward(reached, goal, {}),
                               terminated=env.compute_terminated(reached, goal, {}))

=== wrong: it looks at what was reached before the step
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(reached, goal, {}))

=== wrong: the reward looks at what was reached before the step
def relabel(transition, goal, env):
    before, after = (env.achieved_goal(o) for o in (transition.obs, transition.next_obs))
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(before, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(after, goal, {}))

=== wrong: the end looks at what was reached before the step
def relabel(transition, goal, env):
    before, after = (env.achieved_goal(o) for o in (transition.obs, transition.next_obs))
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(after, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(before, goal, {}))

=== wrong: achieved and desired goal are exchanged
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(goal, reached, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(goal, reached, {}))

=== wrong: every copy is taken for a success
def relabel(transition, goal, env):
    return Transition(env.with_goal(transition.obs, goal), transition.action, 0.0,
                      env.with_goal(transition.next_obs, goal), True)

=== wrong: every copy is taken for a success
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal), True)

=== wrong: no copy ever ends
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal), False)

=== wrong: the rewards of bit flipping are written down
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    done = env.compute_terminated(reached, goal, {})
    return Transition(env.with_goal(transition.obs, goal), transition.action, 0.0 if done else -1.0,
                      env.with_goal(transition.next_obs, goal), done)

=== wrong: rewards and ends of bit flipping are written down
def relabel(transition, goal, env):
    there = bool(np.array_equal(env.achieved_goal(transition.next_obs), goal))
    return Transition(env.with_goal(transition.obs, goal), transition.action, there - 1.0,
                      env.with_goal(transition.next_obs, goal), there)

=== wrong: the end is read off something else
def relabel(transition, goal, env):
    reward = env.compute_reward(env.achieved_goal(transition.next_obs), goal, {})
    return Transition(env.with_goal(transition.obs, goal), transition.action, reward,
                      env.with_goal(transition.next_obs, goal), bool(reward == 0))

=== wrong: obs and next_obs are exchanged
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.next_obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.obs, goal),
                      env.compute_terminated(reached, goal, {}))

=== wrong: both observations are the same one
def relabel(transition, goal, env):
    reached, obs = env.achieved_goal(transition.next_obs), env.with_goal(transition.obs, goal)
    return Transition(obs, transition.action, env.compute_reward(reached, goal, {}), obs,
                      env.compute_terminated(reached, goal, {}))

=== wrong: the goal takes the whole observation's place
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(goal, transition.action, env.compute_reward(reached, goal, {}), goal,
                      env.compute_terminated(reached, goal, {}))

=== wrong: the goal of bit flipping's place is written down
def relabel(transition, goal, env):
    n = len(goal)
    obs, next_obs = (np.concatenate([o[:-n], goal]) for o in (transition.obs, transition.next_obs))
    reached = env.achieved_goal(next_obs)
    return Transition(obs, transition.action, env.compute_reward(reached, goal, {}), next_obs,
                      env.compute_terminated(reached, goal, {}))

=== wrong: arguments changed
def relabel(transition, goal, env):
    transition.obs[:] = env.with_goal(transition.obs, goal)
    transition.next_obs[:] = env.with_goal(transition.next_obs, goal)
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(reward=env.compute_reward(reached, goal, {}),
                               terminated=env.compute_terminated(reached, goal, {}))

=== wrong: terminated is a number
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      int(env.compute_terminated(reached, goal, {})))

=== wrong: a method of the environment is not called
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      None, env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(reached, goal, {}))

=== wrong, 0.5 s: does not end
def relabel(transition, goal, env):
    obs = transition.obs
    while not (env.achieved_goal(obs) == 2).all():
        obs = env.with_goal(obs, goal)
    return transition._replace(obs=obs)

=== wrong: raises NameError
def relabel(transition, goal, env):
    reached = env.achieved_goal(next_obs)
    return transition._replace(reward=env.compute_reward(reached, goal, {}))

=== wrong: raises TypeError
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return transition._replace(reward=env.compute_reward(reached, goal))

=== wrong: it prints
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    print(reached, goal)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(reached, goal, {}))

=== wrong: another name
def relabeled(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(env.with_goal(transition.obs, goal), transition.action,
                      env.compute_reward(reached, goal, {}),
                      env.with_goal(transition.next_obs, goal),
                      env.compute_terminated(reached, goal, {}))
""",
    HEAD,
)

FUTURE_STEPS = answers(
    "dqnlib.transitions.future_steps",
    r"""
=== right
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length)])

=== right
def future_steps(length, k, rng):
    return rng.integers(np.arange(length)[:, None], length, size=(length, k))

=== right
def future_steps(length, k, rng):
    return [[int(rng.integers(t, length)) for _ in range(k)] for t in range(length)]

=== right
def future_steps(length, k, rng):
    left = length - np.arange(length)[:, None]
    return (np.arange(length)[:, None] + np.floor(rng.random((length, k)) * left)).astype(int)

=== right
def future_steps(length, k, rng):
    found = np.empty((length, k), np.int64)
    for t in reversed(range(length)):
        found[t] = rng.choice(np.arange(t, length), size=k, replace=True)
    return found

=== blank
def future_steps(length, k, rng):
    return ____

=== blank
def future_steps(length, k, rng):
    return np.array([____ for t in range(length)])

=== blank
def future_steps(length, k, rng):
    pass

=== wrong: returned None
def future_steps(length, k, rng):
    found = np.array([rng.integers(t, length, size=k) for t in range(length)])

=== wrong: earlier steps are drawn
def future_steps(length, k, rng):
    return rng.integers(length, size=(length, k))

=== wrong: earlier steps are drawn
def future_steps(length, k, rng):
    return np.array([rng.integers(t + 1, size=k) for t in range(length)])

=== wrong: a step outside the episode
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length + 1, size=k) for t in range(length)])

=== wrong: a step outside the episode
def future_steps(length, k, rng):
    return np.array([t + rng.integers(length, size=k) for t in range(length)])

=== wrong: only the end of the episode
def future_steps(length, k, rng):
    return np.full((length, k), length - 1)

=== wrong: only what the step itself reached
def future_steps(length, k, rng):
    return np.repeat(np.arange(length)[:, None], k, axis=1)

=== wrong: what the step itself reached is left out
def future_steps(length, k, rng):
    return np.array([rng.integers(t + 1, length, size=k) for t in range(length)])

=== wrong: what the step itself reached is left out
def future_steps(length, k, rng):
    return np.array([rng.integers(min(t + 1, length - 1), length, size=k) for t in range(length)])

=== wrong: the last step is never drawn
def future_steps(length, k, rng):
    return np.array([rng.integers(t, max(t + 1, length - 1), size=k) for t in range(length)])

=== wrong: the last step is left out
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length - 1)])

=== wrong: the k goals of a step are the same one
def future_steps(length, k, rng):
    return np.array([[rng.integers(t, length)] * k for t in range(length)])

=== wrong: one goal for each step in place of k
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length) for t in range(length)])

=== wrong: rows and columns are exchanged
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length)]).T

=== wrong: the goals of one step alone
def future_steps(length, k, rng):
    return rng.integers(0, length, size=k)

=== wrong: the goals of one step alone
def future_steps(length, k, rng):
    for t in range(length):
        return rng.integers(t, length, size=k)

=== wrong: another generator than rng
def future_steps(length, k, rng):
    rng = np.random.default_rng()
    return np.array([rng.integers(t, length, size=k) for t in range(length)])

=== wrong: another generator than rng
def future_steps(length, k, rng):
    rng = np.random.default_rng(0)
    return np.array([rng.integers(t, length, size=k) for t in range(length)])

=== wrong: drawn without replacement
def future_steps(length, k, rng):
    return np.array([rng.choice(np.arange(t, length), k, replace=False) for t in range(length)])

=== wrong: drawn without replacement
def future_steps(length, k, rng):
    rows = []
    for t in range(length):
        later = rng.permutation(np.arange(t, length))
        rows.append(np.resize(later, k))
    return np.array(rows)

=== wrong: the draws are uneven
def future_steps(length, k, rng):
    drawn = rng.integers(length, size=(length, k))
    return np.maximum(drawn, np.arange(length)[:, None])

=== wrong: the draws are uneven
def future_steps(length, k, rng):
    # near steps more often than far ones
    return np.array([t + (rng.random(k) ** 2 * (length - t)).astype(int) for t in range(length)])

=== wrong: all steps share their draws
def future_steps(length, k, rng):
    u = rng.random(k)
    drawn = np.array([t + np.floor(u * (length - t)) for t in range(length)]).astype(int)
    first = rng.integers(length, size=k)
    return np.array([np.where(first >= t, first, row) for t, row in enumerate(drawn)])

=== wrong: steps that are no whole numbers
def future_steps(length, k, rng):
    return np.array([rng.uniform(t, length, size=k) for t in range(length)])

=== wrong: no table of steps comes back
def future_steps(length, k, rng):
    return [rng.integers(t, length, size=length - t) for t in range(length)]

=== wrong: no table of steps comes back
def future_steps(length, k, rng):
    return {t: rng.integers(t, length, size=k) for t in range(length)}

=== wrong, 0.5 s: does not end
def future_steps(length, k, rng):
    found = []
    while len(found) < length:
        drawn = rng.integers(length, size=k)
        if (drawn > length).all():
            found.append(drawn)
    return np.array(found)

=== wrong: raises NameError
def future_steps(length, k, rng):
    return np.array([rng.integers(t, T, size=k) for t in range(length)])

=== wrong: it prints
def future_steps(length, k, rng):
    found = np.array([rng.integers(t, length, size=k) for t in range(length)])
    print(found)
    return found

=== wrong: another name
def future(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length)])

=== wrong: wrong shape
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length)]).ravel()
""",
    HEAD,
)

ANSWERS = (*RELABEL, *FUTURE_STEPS)
