"""64 units, in a plan that is changed step by step."""

from lesson.lander import Plan

START = Plan(actor_lr=0.003, critic_lr=0.01, hidden_dim=128, episodes=500)


def choose_plan():
    plan = START._replace(episodes=5_000)
    plan = plan._replace(hidden_dim=plan.hidden_dim // 2, actor_lr=0.005, critic_lr=0.02)
    return plan._replace(beta=1.0)
