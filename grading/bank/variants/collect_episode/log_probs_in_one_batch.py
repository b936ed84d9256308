"""Acts without a graph, and runs the actor once over all states at the end."""

import numpy as np
import torch


@torch.no_grad()
def choose(actor, x):
    return torch.multinomial(actor(x), 1).item()


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device

    def to_tensor(array):
        return torch.as_tensor(array, dtype=torch.float32, device=device)

    states, actions, rewards = [], [], []
    s, _ = env.reset()
    while True:
        s = np.array(s, copy=True)
        a = choose(actor, to_tensor(s))
        s_next, r, terminated, truncated, _ = env.step(a)
        states.append(s)
        actions.append(a)
        rewards.append(float(r))
        if terminated or truncated:
            break
        s = s_next

    # second pass, this time with the graph: (T, n_actions) -> (T,)
    everything = to_tensor(np.array(states))
    taken = torch.tensor(actions, device=device).unsqueeze(1)
    log_probs = actor(everything).gather(1, taken).squeeze(1).log()
    values = critic(everything).detach().cpu().numpy().tolist()

    return states, actions, rewards, list(log_probs.unbind()), values
