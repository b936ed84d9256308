"""Does it learn? 20 points, after everything that can be decided without luck."""

from math import isfinite

import pytest

from grading.cases import TrainingCase
from grading.checks import CheckFailed, check, fail_raised
from grading.learning.verdict import require_learning
from grading.messages import Message
from grading.player import Player

pytestmark = pytest.mark.learning

READ = "putting-it-together"
EPISODES = 3
ACTOR_CHANGES = tuple(
    f"actor_critic_step/{slug}"
    for slug in ("actor_gradient", "stale_gradients", "adam", "rewards", "long_episode")
)
"""What cannot be passed without a right change of the actor, from more than one step."""
PLAYED = tuple(f"collect_episode/{slug}" for slug in ("states", "rewards", "values", "log_probs"))
"""What cannot be passed without having played."""


@check(
    "learning/own_functions",
    points=3,
    needs=["actor_critic_step/runs", "collect_episode/runs"],
    time_limit=60,
    beside=[ACTOR_CHANGES, PLAYED],
)
def test_the_lessons_training_loop_runs_with_both_functions(player: Player, case_seed: int) -> None:
    """The lesson's training loop runs with both of your functions."""
    description = f"{EPISODES} episodes of CartPole-v1 in lesson.train_actor_critic"
    outcome = player.training(TrainingCase(description, "CartPole-v1", EPISODES, case_seed))
    trained = outcome.trained
    if trained.raised is not None:
        fail_raised(trained.raised, read=READ)
    losses = [*trained.actor_losses, *trained.critic_losses]
    if len(losses) != 2 * EPISODES or outcome.trajectory.episodes < EPISODES:
        raise CheckFailed(
            Message(
                "training does not play its episodes.",
                got=f"{outcome.trajectory.episodes} episodes to their end, {len(losses)} losses",
                expected=f"{EPISODES} episodes, {2 * EPISODES} losses",
                think="is every episode played to its end?",
                case=description,
                read=READ,
            )
        )
    if not all(loss is not None and isfinite(loss) for loss in losses):
        raise CheckFailed(
            Message(
                "training gives losses that are not finite numbers.",
                got=f"losses {losses}",
                expected="finite floats",
                case=description,
                read=READ,
            )
        )
    for name in ("actor", "critic"):
        if name not in trained.moved:
            raise CheckFailed(
                Message(
                    f"the {name} is the same after training as before.",
                    got=f"no weight of the {name} changed",
                    expected="both networks are updated after each episode",
                    think="do your two functions fit together: what one stores, the other needs?",
                    case=description,
                    read=READ,
                )
            )


@check(
    "learning/group",
    points=17,
    needs=["actor_critic_step/runs"],
    time_limit=120,
    beside=[ACTOR_CHANGES],
)
def test_many_short_runs_learn_as_actor_critic_does(
    player: Player, case_seed: int, remarks: list[str]
) -> None:
    """Trained many times over, it learns as fast as Actor-Critic does."""
    remarks += require_learning(player, case_seed, read=READ)
