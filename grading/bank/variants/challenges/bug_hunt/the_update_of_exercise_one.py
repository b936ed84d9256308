"""Takes the update of exercise 1, which has passed its checks, for the truth."""

import copy

import numpy as np
import torch

from lesson import Actor, Critic, compute_returns


def truth(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32)
    values = critic(torch.tensor(np.array(states), dtype=torch.float32))
    actor_loss = -(torch.stack(log_probs) * (returns - values.detach())).sum()
    critic_loss = torch.nn.functional.mse_loss(values, returns)
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    return actor_loss.item(), critic_loss.item()


def what_it_does(step):
    torch.manual_seed(42)
    np.random.seed(42)
    actor, critic = Actor(4, 2), Critic(4)
    optimizers = (
        torch.optim.SGD(actor.parameters(), 0.01),
        torch.optim.SGD(critic.parameters(), 0.01),
    )
    rows = []
    for rewards in ([2.0, -5.0, 1.0, -1.0], [1.0, 1.0, -6.0]):
        states = [np.random.randn(4).astype(np.float32) for _ in rewards]
        log_probs = []
        for number, state in enumerate(states):
            log_probs.append(torch.log(actor(torch.from_numpy(state))[number % 2]))
        before = copy.deepcopy([actor.state_dict(), critic.state_dict()])
        losses = step(actor, critic, *optimizers, states, log_probs, rewards)
        kinds = [isinstance(loss, float) for loss in losses]
        after = [actor.state_dict(), critic.state_dict()]
        moves = [new[k] - old[k] for new, old in zip(after, before) for k in old]
        rows.append((kinds, [*losses], moves))
    return rows


def is_correct(step):
    expected = what_it_does(truth)
    try:
        got = what_it_does(step)
        for (kinds, losses, moves), (_, losses_, moves_) in zip(got, expected):
            assert kinds == [True, True]
            assert np.allclose(losses, losses_, rtol=1e-3, atol=1e-3)
            for move, move_ in zip(moves, moves_):
                assert torch.allclose(move, move_, rtol=1e-2, atol=1e-5)
    except Exception:
        return False
    return True
