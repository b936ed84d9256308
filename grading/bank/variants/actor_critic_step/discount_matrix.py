"""Returns by a matrix of discounts, the losses as inner products."""

import torch

from lesson import GAMMA


def discount_matrix(T):
    r"""$D_{tk} = \gamma^{k-t}$ for $k \ge t$, and 0 below the diagonal, so that $G = D r$."""
    t = torch.arange(T, dtype=torch.float64)
    exponent = t[None, :] - t[:, None]
    return torch.triu(GAMMA ** exponent.clamp(min=0))


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    T = len(rewards)
    device = next(critic.parameters()).device

    r = torch.tensor(rewards, dtype=torch.float64)
    G = torch.einsum("tk,k->t", discount_matrix(T), r).float().to(device)

    S = torch.stack([torch.as_tensor(s, dtype=torch.float32) for s in states]).to(device)
    V = critic(S)
    delta = G - V  # carries a gradient with respect to phi
    A = delta.detach()  # does not

    # J(theta) = -<log pi, A>,  L(phi) = |delta|^2 / T
    J = -torch.dot(torch.stack(tuple(log_probs)), A)
    L = (delta @ delta) / T

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    J.backward()
    L.backward()
    actor_optimizer.step()
    critic_optimizer.step()

    return J.item(), L.item()
