"""A critic ten times as fast as the actor."""

from lesson.lander import Plan


def choose_plan() -> Plan:
    actor_lr = 0.006
    return Plan(
        hidden_dim=128,
        episodes=3000,
        beta=1,
        actor_lr=actor_lr,
        critic_lr=round(actor_lr * 25 / 3, 6),
    )
