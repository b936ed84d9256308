"""The learning checks: train a group with a solution's step, judge it, and say what came of it."""

from grading.cases import ACTOR_CRITIC_STEP, UpdateFunction
from grading.checks import CheckFailed, fail_raised
from grading.learning.audit import MAX_JUMP, Agreement, least_agreement
from grading.learning.curve import draw_curve
from grading.learning.group import Group, train_group
from grading.learning.rule import LEARNING, calibration, judge, rule_in_force, stated_error
from grading.messages import Message, number
from grading.oracle import Reference
from grading.player import Player
from grading.solution import has_reference


def require_learning(
    player: Player,
    seed: int,
    name: str = LEARNING,
    function: UpdateFunction = ACTOR_CRITIC_STEP,
    read: str = "",
) -> list[str]:
    """What to remark about a group that passes the rule of the calibration `name`.

    Where the reference is at hand, its updates are made beside those of some runs. Raises
    CheckFailed if the group does not learn, or not by such updates, and if the step raises.
    """
    rule = rule_in_force(name)
    group = train_group(
        player.learners,
        seed,
        rule,
        until=lambda rewards, finished: judge(rewards, finished, rule) is not None,
        audit=Reference() if has_reference() else None,
        halves=player.halves,
        function=function,
    )
    if group.raised is not None:
        fail_raised(group.raised, read=read)
    verdict = judge(group.rewards, group.finished, rule)
    assert verdict is not None  # the last look always decides
    curve = draw_curve(group.rewards, group.finished, calibration(name)["reference"]["curve"])
    looked_at = f"mean reward of the last {rule.window} of {verdict.look.episodes} episodes"
    if not verdict.passed:
        raise CheckFailed(
            Message(
                "trained many times over, it does not learn as fast as Actor-Critic does.",
                got=f"{number(verdict.statistic)}, the {looked_at}, over {rule.runs} runs",
                expected=f"at least {number(verdict.look.low)}",
                think="mend the other checks first: this one cannot tell what is wrong",
                case=f"error: {stated_error(name)}",
                read=read,
                detail="\n".join(curve),
            )
        )
    if group.audit is not None:
        _require_agreement(group, group.audit, least_agreement(function), read)
    return [
        *curve,
        f"{number(verdict.statistic)}, the {looked_at}, over {rule.runs} runs; "
        f"needed: {number(verdict.look.high)}.",
        f"Error: {stated_error(name)}.",
    ]


def _require_agreement(group: Group, audit: Agreement, least: float, read: str) -> None:
    """That the weights come from updates like the reference's."""
    if audit.cosine >= least and group.largest_change <= MAX_JUMP:
        return
    raise CheckFailed(
        Message(
            "it gets better, but not by the updates of Actor-Critic.",
            got=f"mean cosine with the right changes of the actor: {number(audit.cosine)}; "
            f"largest change of a weight in one update: {number(group.largest_change)} "
            "learning rates",
            expected=f"at least {number(least)}, more or less the same direction; at most "
            f"{number(MAX_JUMP)} learning rates",
            think="where do the weights come from that your function leaves behind?",
            case=f"{audit.updates} updates of runs chosen at random",
            read=read,
        ),
        alarm="brought weights that no update gives",
    )
