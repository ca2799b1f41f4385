"""Why noisy layers get through a chain: noise left out where they act, or where they learn.

    python3 -m dqnlib bench -k noisy_chain -s

Lesson 07 quotes the numbers. Ten seeds that no setting was chosen by, a chain of 20 states, 3,500
steps, a training step in a loop over seeds: a minute an arm on two busy cores.
"""

import pytest

from dqnlib import Config, targets, train

CONFIG = Config(
    env_id="dqnlib/Chain20-v0", steps=3_500, hidden=(32,), batch_size=32, warmup=100,
    capacity=10_000, sync_every=50, final_learning_rate=1e-3, noisy=True, epsilon=0.0,
    final_epsilon=0.0, eval_every=250, eval_episodes=1, record_every=500,
)  # fmt: skip


def everywhere(online, target, optimizer, batch, gamma):
    return targets.dqn_update(online, target, optimizer, batch, gamma)


def not_in_targets(online, target, optimizer, batch, gamma):
    target.eval()
    return targets.dqn_update(online, target, optimizer, batch, gamma)


def not_in_learning(online, target, optimizer, batch, gamma):
    target.eval()
    online.eval()
    loss = targets.dqn_update(online, target, optimizer, batch, gamma)
    online.train()
    return loss


@pytest.mark.parametrize(
    ("update", "low", "high"),
    [(everywhere, 8, 10), (not_in_targets, 0, 8), (not_in_learning, 0, 3)],
)
def test_noisy_chain(update, low, high):
    run = train(CONFIG, range(100, 110), update=update)
    found = sum(bool((returns > 0.5).any()) for returns in run.returns)
    print(
        f"\nnoise {update.__name__}: {found} of 10 runs find the end, late {run.late().mean():.2f}"
    )
    assert low <= found <= high
