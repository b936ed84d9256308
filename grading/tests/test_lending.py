"""A lent step is the step itself as far as an honest test can see, and no more than that."""

import copy
import importlib.util
import inspect
import sys
import types
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
import torch

from grading.bank.pipeline import FaultySolution, faulty, pipelines
from grading.cases import HuntCase
from grading.evidence import Said
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.intake import take_in
from grading.isolation.plays import messages
from grading.isolation.process import Worker
from grading.isolation.remote import RemotePlayer
from grading.isolation.wire import MAX_FRAME, Malformed, pack, unpack
from grading.lending import Lender
from grading.oracle import reference_function
from grading.outcome import Verdict
from grading.player import LocalPlayer
from grading.probes.lent import lent
from grading.probes.live import preserved_globals
from grading.probes.parts import StepReply
from grading.scorecard import VARIANTS
from grading.solution import OwnFunction, Solution
from grading.trials import HuntTrials
from lesson import Actor, Critic
from lesson.sending import MAX_CALLS, MAX_GRADIENTS, MAX_STEPS

STEP = "actor_critic_step"
REWARDS = [1.0, -0.5, 2.0, 0.25, -3.0]
OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
    "momentum": lambda parameters: torch.optim.SGD(
        parameters, lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True
    ),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "amsgrad": lambda parameters: torch.optim.Adam(parameters, 0.01, (0.8, 0.95), amsgrad=True),
}
FORMS = [mistake.forms[0].name for mistake in pipelines()[STEP].mistakes.values()]
UNSEEN = ["update_reseeds[0]"]
"""What it does to the whole process stays where it runs."""
LISTS = ["update_empties_all_lists", "update_empties_the_log_probs"]
SOME = ["sign_lost", "advantages_share_the_graph", "update_leaves_gradients_off", "result_tensors",
        "update_empties_the_lists", "returns_written_over_the_rewards"]  # fmt: skip


def variant(name):
    path = VARIANTS / STEP / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"variant_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.actor_critic_step


def here(step):
    """A step, lent within this process."""
    return lent(partial(Lender([step]).ask, 0), [])


def over_the_wire(step):
    """A step, lent as a worker has it: everything goes through frames."""
    lender = Lender([step])

    def ask(request):
        for message in messages(0, request):
            answer = unpack(pack(lender.answer(unpack(pack(message)[4:])))[4:])
        return from_plain(StepReply, answer[0])

    return lent(ask, [])


class World:
    """What a test makes for a step, and all that it may look at afterwards."""

    def __init__(self, optimizer="sgd", seed=0, hidden=16):
        self.rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self.actor, self.critic = Actor(4, 3, hidden), Critic(4, hidden)
        self.optimizers = [
            OPTIMIZERS[optimizer](network.parameters()) for network in (self.actor, self.critic)
        ]
        self.episode()

    def episode(self, rewards=REWARDS):
        self.states = [self.rng.normal(size=4).astype(np.float32) for _ in rewards]
        self.log_probs = [self.actor.sample_action(torch.from_numpy(s))[1] for s in self.states]
        self.rewards = list(rewards)

    @property
    def arguments(self):
        lists = self.states, self.log_probs, self.rewards
        return self.actor, self.critic, *self.optimizers, *lists

    def call(self, step):
        before = [*self.states], [*self.log_probs]
        try:
            returned = step(*self.arguments)
        except Exception as error:
            returned = error
        places = [
            [next((i for i, was in enumerate(old) if was is item), None) for item in now]
            for old, now in zip(before, (self.states, self.log_probs), strict=True)
        ]
        return {
            "returned": seen(returned),
            "networks": [
                [[p, p.grad, p.requires_grad] for p in network.parameters()] + [network.training]
                for network in (self.actor, self.critic)
            ],
            "memories": [list(optimizer.state.values()) for optimizer in self.optimizers],
            "settings": [{k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
                         for optimizer in self.optimizers],
            "states": before[0],
            "places": places,
            "rewards": self.rewards,
            "gradients": torch.is_grad_enabled(),
        }  # fmt: skip


def seen(returned):
    if isinstance(returned, Exception):
        text = str(returned)
        # Torch counts its own versions and operations in this one.
        return type(returned), "inplace" if "inplace operation" in text else text.split("\n")[0]
    return returned


def plain(thing):
    """Copied, and numbers as arrays, with their types beside them."""
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items() if value is not None}
    if isinstance(thing, (list, tuple)):
        return [type(thing).__name__, *map(plain, thing)]
    if isinstance(thing, torch.Tensor):
        return ["tensor", thing.dtype, thing.requires_grad, thing.detach().numpy().copy()]
    return copy.deepcopy(thing)


def require_equal(got, expected, where="", tolerance=2e-6):
    assert type(got) is type(expected), where
    if isinstance(expected, dict):
        assert got.keys() == expected.keys(), where
        for key in expected:
            require_equal(got[key], expected[key], f"{where}/{key}", tolerance)
    elif isinstance(expected, list):
        assert len(got) == len(expected), where
        for i, (one, other) in enumerate(zip(got, expected, strict=True)):
            require_equal(one, other, f"{where}/{i}", tolerance)
    elif isinstance(expected, (np.ndarray, np.generic, float)):
        assert np.shape(got) == np.shape(expected), where
        np.testing.assert_allclose(got, expected, 1e-5, tolerance, err_msg=where)
    else:
        assert got == expected, where


def history(step, optimizer):
    """What each of two calls of a step has left, with an episode of its own."""
    with preserved_globals(0):
        world = World(optimizer)
        first = plain(world.call(step))
        world.episode()
        return [first, plain(world.call(step))]


def reference():
    return reference_function(STEP, STEP)


@pytest.mark.parametrize("form", [form for form in [*FORMS, *LISTS] if form not in UNSEEN])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_faulty_step_does_the_same_when_it_is_lent(form, optimizer):
    direct = history(faulty(STEP, form), optimizer)
    require_equal(history(here(faulty(STEP, form)), optimizer), direct)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_honest_step_does_the_same_when_it_is_lent(optimizer):
    direct = history(reference(), optimizer)
    require_equal(history(here(reference()), optimizer), direct)
    for name in ("beginner_loops", "combined_loss", "numpy_habits", "gradient_tape"):
        require_equal(history(here(variant(name)), optimizer), history(variant(name), optimizer))


@pytest.mark.parametrize("form", SOME)
def test_the_wire_changes_nothing(form):
    for optimizer in OPTIMIZERS:
        local = history(here(faulty(STEP, form)), optimizer)
        require_equal(history(over_the_wire(faulty(STEP, form)), optimizer), local, tolerance=0)


def test_a_graph_is_used_up_by_one_call_and_only_then():
    for form, raises in (("sign_lost", True), ("actor_without_gradients", False)):
        for make in (here, over_the_wire, lambda step: step):
            world = World()
            assert isinstance(world.call(make(faulty(STEP, form)))["returned"], tuple)
            again = world.call(make(faulty(STEP, form)))["returned"]
            assert (again[0] is RuntimeError) == raises
            assert not raises or "second time" in again[1]


def test_log_probs_of_a_distribution_are_as_good():
    outcomes = []
    for step in (here(reference()), reference()):
        world = World()
        probs = world.actor(torch.from_numpy(np.array(world.states)))
        log_probs = torch.distributions.Categorical(probs).log_prob(torch.tensor([0, 1, 2, 0, 1]))
        world.log_probs = list(log_probs)
        outcomes.append(plain(world.call(step)))
    require_equal(*outcomes)


def test_copies_of_networks_can_be_compared():
    world = World()
    world.actor, world.critic = copy.deepcopy(world.actor), copy.deepcopy(world.critic)
    world.optimizers = [torch.optim.SGD(n.parameters(), 0.1) for n in (world.actor, world.critic)]
    world.episode()
    before = copy.deepcopy(world.critic.state_dict())
    over_the_wire(reference())(*world.arguments)
    assert not torch.equal(before["output.weight"], world.critic.output.weight)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_networks_that_have_diverged_are_lent_too(number):
    outcomes = []
    for step in (over_the_wire(reference()), reference()):
        world = World()
        world.critic.output.weight.data[0, 0] = number
        outcomes.append(plain(world.call(step)))
    lent_, direct = outcomes
    require_equal(lent_["returned"], direct["returned"])
    require_equal(lent_["networks"][2], direct["networks"][2])  # the critic's
    assert not np.isfinite(direct["returned"][2])


def test_the_longest_episode_of_cartpole_can_be_sent():
    weights = []
    for step in (over_the_wire(reference()), reference()):
        world = World()
        world.actor, world.critic = Actor(4, 2), Critic(4)
        both = (world.actor, world.critic)
        # Gradients are in the hundreds, and sums of thousands of terms.
        world.optimizers = [torch.optim.SGD(one.parameters(), 1e-5) for one in both]
        before = plain([list(one.parameters()) for one in both])
        world.episode([1.0] * MAX_STEPS)
        assert isinstance(world.call(step)["returned"], tuple)
        weights.append(plain([list(one.parameters()) for one in both]))
    require_equal(*weights)
    with pytest.raises(AssertionError):
        require_equal(before, weights[0])


def test_the_largest_networks_can_be_sent_with_all_that_adam_remembers():
    step = over_the_wire(reference())
    with pytest.raises(ValueError, match="smaller hidden_dim"):
        step(*World("amsgrad", hidden=5_720).arguments)
    world = World("amsgrad", hidden=5_700)
    for _ in range(2):  # the second request brings along what the first reply has left
        world.episode([1.0])
        assert type(step(*world.arguments)[0]) is float


# -- what it cannot be called with


class OwnActor(Actor):
    pass


def frozen_layer(world):
    world.actor.hidden = torch.nn.Sequential(world.actor.hidden)


def other_layer(world):
    world.critic.output = torch.nn.Linear(8, 1)
    world.optimizers[1] = torch.optim.SGD(world.critic.parameters(), 0.1)


def hook(world):
    world.critic.register_forward_hook(lambda *_: None)


def hooked_parameter(world):
    world.critic.output.bias.register_hook(lambda gradient: gradient)


def patched_forward(world):
    world.critic.forward = lambda states: states


def patched_step(world):
    world.optimizers[0].step = lambda: None


def setting(name):
    def change(world):
        if name == "own actor":
            world.actor = OwnActor(4, 3, 16)
        elif name == "another optimizer":
            world.optimizers[1] = torch.optim.RMSprop(world.critic.parameters())
        elif name == "an optimizer of both":
            both = [*world.actor.parameters(), *world.critic.parameters()]
            world.optimizers[0] = torch.optim.SGD(both, 0.1)
        elif name == "an unusual setting":
            world.optimizers[0] = torch.optim.Adam(world.actor.parameters(), capturable=True)
        elif name == "detached log-probs":
            world.log_probs = [one.detach() for one in world.log_probs]
        elif name == "log-probs of another actor":
            world.actor = copy.deepcopy(world.actor)
            world.optimizers[0] = torch.optim.SGD(world.actor.parameters(), 0.1)
        elif name == "log-probs as one tensor":
            world.log_probs = torch.stack(world.log_probs)
        elif name == "log-probs as floats":
            world.log_probs = [one.item() for one in world.log_probs]
        elif name == "states as tensors":
            world.states = [torch.from_numpy(state) for state in world.states]
        elif name == "states of integers":
            world.states = [state.astype(int) for state in world.states]
        elif name == "rewards as text":
            world.rewards = ["1.0"] * 5
        elif name == "too long":
            world.episode([1.0] * 2_001)
        elif name == "too large":
            world.__init__(hidden=20_000)

    return change


MISUSE = {
    "own actor": (setting("own actor"), TypeError, "actor: use the lesson's Actor, not OwnActor"),
    "another layer": (frozen_layer, ValueError, "actor: use the lesson's Actor with its own two"),
    "a layer that does not fit": (other_layer, ValueError, "critic: use the lesson's Critic with"),
    "a hook": (hook, ValueError, "critic: without hooks"),
    "a hook on a parameter": (hooked_parameter, ValueError, "critic: without hooks"),
    "a patched network": (patched_forward, ValueError, "critic: without hooks and patches"),
    "a patched optimizer": (patched_step, ValueError, "actor_optimizer: without hooks and patches"),
}
MISUSE |= {
    name: (setting(name), kind, words)
    for name, kind, words in (
        (
            "another optimizer",
            TypeError,
            "critic_optimizer: use torch.optim's SGD or Adam, not RMS",
        ),
        ("an optimizer of both", ValueError, "actor_optimizer: give it all parameters"),
        ("an unusual setting", ValueError, "actor_optimizer: leave capturable at its default"),
        ("detached log-probs", ValueError, "log_probs: with their graph"),
        ("log-probs of another actor", ValueError, "compute them with the actor that you hand"),
        ("log-probs as one tensor", TypeError, "log_probs: give a list, not Tensor"),
        ("log-probs as floats", TypeError, "log_probs: each is a scalar tensor"),
        ("states as tensors", TypeError, "states: each is an array"),
        ("states of integers", ValueError, "states: arrays of one shape, all of float32"),
        ("rewards as text", TypeError, "rewards: each is a float"),
        ("too long", ValueError, "use a shorter episode"),
        ("too large", ValueError, "or a smaller hidden_dim"),
    )
}


@pytest.mark.parametrize(("change", "kind", "words"), MISUSE.values(), ids=MISUSE)
def test_what_cannot_be_lent_is_an_error_that_is_noted(change, kind, words):
    def never(_request):
        raise AssertionError("it was asked")

    world, misuse = World(), []
    change(world)
    with pytest.raises(kind, match=words):
        lent(never, misuse)(*world.arguments)
    assert words in misuse[0]


def test_what_a_step_has_left_behind_is_no_misuse():
    for form in ("update_leaves_gradients_off", "update_leaves_the_critic_frozen"):
        misuse = []
        step = lent(partial(Lender([faulty(STEP, form)]).ask, 0), misuse)
        with preserved_globals(0):
            world = World()
            world.call(step)
            world.episode()
            assert world.call(step)["returned"][0] is RuntimeError
        assert misuse == []


# -- what is seen of it


def test_a_lent_step_shows_nothing_but_a_signature():
    step = over_the_wire(faulty(STEP, "sign_lost"))
    assert step.__name__ == "actor_critic_step"
    assert list(inspect.signature(step).parameters) == list(
        inspect.signature(reference()).parameters
    )
    assert "lent.py" in inspect.getsourcefile(step)
    assert vars(step) == {}


class Unknown(Exception):
    pass


RAISED = {
    "one of Python's": (KeyError("losses"), KeyError, "'losses'"),
    "torch's own": (torch.OutOfMemoryError("none"), RuntimeError, "OutOfMemoryError: none"),
    "unknown": (Unknown("why"), RuntimeError, "Unknown: why"),
    "of another form": (
        UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
        RuntimeError,
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0x78 in position 0: bad",
    ),
    "in several lines": (ValueError("a\nb"), ValueError, "a b"),
}


@pytest.mark.parametrize(("error", "kind", "text"), RAISED.values(), ids=RAISED)
def test_what_a_step_raises_is_raised_by_its_stand_in(error, kind, text):
    def step(*_given):
        raise error

    with pytest.raises(kind) as caught:
        over_the_wire(step)(*World().arguments)
    assert type(caught.value) is kind
    assert str(caught.value) == text
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("form", [form.name for form in pipelines()[STEP].forms()])
def test_no_exception_gives_a_mistake_away(form):
    with preserved_globals(0):
        world = World()
        returned = world.call(here(faulty(STEP, form)))["returned"]
    if isinstance(returned, tuple) and isinstance(returned[0], type):
        assert not any(word in returned[1] for word in (form.partition("[")[0], "grading", ".py"))


def test_what_a_step_prints_is_dropped(capfd):
    def step(*_given):
        print("I am a mistake")

    assert over_the_wire(step)(*World().arguments) is None
    assert capfd.readouterr().out == ""


RETURNED = {
    "numbers": (1, 2.5, True, None, 2**70),
    "numpy's": [np.float32(0.1), np.float64(0.1), np.int64(3), np.ones((2, 1)), np.bool_(1)],
    "tensors": (torch.ones(2), torch.tensor(1), torch.tensor([[0.5]], requires_grad=True) * 2),
    "texts": ("a", {"b": 1}),
}


@pytest.mark.parametrize("value", RETURNED.values(), ids=RETURNED)
def test_what_a_step_returns_comes_back_with_its_type(value):
    returned = over_the_wire(lambda *_: value)(*World().arguments)
    assert type(returned) is type(value)
    assert len(returned) == len(value)
    for got, given in zip(returned, value, strict=True):
        if isinstance(given, (str, dict)) or given is RETURNED["numbers"][-1]:
            assert type(got) is object
        else:
            require_equal(plain(got), plain(given), tolerance=0)


def test_much_that_a_step_returns_is_not_sent():
    returned = over_the_wire(lambda *_: (np.ones(MAX_FRAME), [0] * 5_000))(*World().arguments)
    assert [type(one) for one in returned] == [object, object]


def test_each_call_begins_with_the_same_random_numbers():
    draws = over_the_wire(lambda *_: (torch.rand(1).item(), np.random.rand()))
    before = torch.get_rng_state()
    assert draws(*World().arguments) == draws(*World(seed=3).arguments)
    torch.set_rng_state(before)
    world = World()
    before = torch.get_rng_state()
    here(lambda *_: torch.rand(1))(*world.arguments)
    assert torch.equal(before, torch.get_rng_state())


# -- what a worker may send


def request(**changed):
    """A true request, as plain data."""
    kept = []

    def ask(asked):
        kept.append(to_plain(asked))
        raise StopIteration

    with pytest.raises(StopIteration):
        lent(ask, [])(*World("amsgrad").arguments)
    return kept[0] | changed


def forged(*place, to):
    plain_request = request()
    inner = plain_request
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = to(inner[place[-1]]) if callable(to) else to
    return plain_request


def numbers(*shape, dtype=np.float32):
    return to_plain(np.zeros(shape, dtype))


MEMORY = [0, "exp_avg", numbers(16, 4)]
FORGED = {
    "a weight of another shape": (("actor", "weights", 0), numbers(16, 5)),
    "no weights": (("actor", "weights"), []),
    "empty weights": (
        ("critic", "weights"),
        [numbers(0, 4), numbers(0), numbers(1, 0), numbers(1)],
    ),
    "doubles": (("critic", "weights", 1), numbers(16, dtype=np.float64)),
    "a critic with two outputs": (
        ("critic", "weights"),
        [numbers(16, 4), numbers(16), numbers(2, 16), numbers(2)],
    ),
    "a gradient of another shape": (("actor", "gradients", 2), numbers(3)),
    "three gradients": (("actor", "gradients"), [None] * 3),
    "three switches": (("actor", "requires_grad"), [True] * 3),
    "another optimizer": (("actor", "optimizer"), "RMSprop"),
    "too few settings": (("actor", "settings"), [[0.1]]),
    "one beta": (("actor", "settings", 1), [0.9]),
    "a setting that is no number": (("actor", "settings", 0), ["0.1"]),
    "a memory of no parameter": (("actor", "memory"), [[4, *MEMORY[1:]]]),
    "a memory of something": (("actor", "memory"), [[0, "__class__", numbers(16, 4)]]),
    "a memory of another shape": (("actor", "memory"), [[1, *MEMORY[1:]]]),
    "a memory twice": (("actor", "memory"), [MEMORY, MEMORY]),
    "states in one array": (("states",), numbers(20)),
    "states of integers": (("states",), numbers(5, 4, dtype=np.int64)),
    "log-probs in a table": (("log_probs",), numbers(5, 1)),
    "a jacobian of another actor": (("jacobian",), numbers(5, 7)),
    "a jacobian of doubles": (("jacobian",), numbers(5, 131, dtype=np.float64)),
    "a longer jacobian": (("jacobian",), lambda given: numbers(6, given["shape"][1])),
    "rewards that are none": (("rewards",), [None]),
    "very many rewards": (("rewards",), [0.0] * 2_001),
    "very many states": (("states",), numbers(2_001, 4)),
    "very wide states": (("states",), numbers(1, 400_000)),
    "a switch that is none": (("grad_enabled",), 1),
}


def test_a_true_request_is_answered():
    lender = Lender([reference()])
    (reply,) = lender.answer(["call", 0, request()])
    assert from_plain(StepReply, reply).raised is None


@pytest.mark.parametrize(("place", "to"), FORGED.values(), ids=FORGED)
def test_a_request_that_does_not_fit_together_is_malformed(place, to):
    asked = unpack(pack(["call", 0, forged(*place, to=to)])[4:])
    with pytest.raises(Malformed):
        Lender([reference()]).answer(asked)


def rows(*shape, dtype=np.float32):
    return ["rows", numbers(*shape, dtype=dtype)]


@pytest.mark.parametrize(
    "sent",
    [
        [rows(0, 131)],
        [rows(131)],
        [["rows", [0.0]]],
        [rows(2, 131), rows(3, 130)],
        [rows(1, MAX_GRADIENTS), rows(1, MAX_GRADIENTS)],
        [rows(5, 131), ["call", 0, None]],  # which has a Jacobian of its own
        [rows(4, 131), ["call", 0, {"jacobian": None}]],
        [rows(5, 131, dtype=np.float64), ["call", 0, {"jacobian": None}]],
    ],
    ids=["none", "a line", "a list", "two widths", "too many", "twice", "too few", "doubles"],
)
def test_rows_that_are_no_jacobian_are_malformed(sent):
    lender = Lender([reference()])
    for message in sent[:-1]:
        assert lender.answer(message) == []
    last = sent[-1]
    if last[0] == "call":
        last = ["call", 0, request(**(last[2] or {}))]
    with pytest.raises(Malformed):
        lender.answer(last)


def test_rows_count_for_one_call():
    lender = Lender([reference()])
    for _ in range(2):
        assert lender.answer(rows(5, 131)) == []
        (reply,) = lender.answer(["call", 0, request(jacobian=None)])
        assert from_plain(StepReply, reply).raised is None
    (reply,) = lender.answer(["call", 0, request(jacobian=None)])
    assert from_plain(StepReply, reply).raised is not None


@pytest.mark.parametrize("number", [-1, 1, True, "0", None])
def test_only_a_step_of_the_case_can_be_called(number):
    with pytest.raises(Malformed):
        Lender([reference()]).answer(["call", number, request()])


@pytest.mark.parametrize("asked", [[], ["call"], ["call", 0], ["play"], [0, 0, {}], [["call"]]])
def test_anything_else_is_malformed(asked):
    with pytest.raises(Malformed):
        Lender([reference()]).answer(asked)


def test_calls_of_a_step_are_counted_on_both_sides():
    world, misuse = World("amsgrad"), []
    lender = Lender([lambda *_: None])
    step = lent(partial(lender.ask, 0), misuse)
    for _ in range(MAX_CALLS):
        step(*world.arguments)
    with pytest.raises(ValueError, match="that is enough"):
        step(*world.arguments)
    assert "that is enough" in misuse[0]
    with pytest.raises(Malformed):
        lender.answer(["call", 0, request()])


# -- hunts


EXERCISE = "challenges/bug_hunt"
CASE = HuntCase("four steps", ("reference", "sign_lost", "result_nothing", "result_arrays"), seed=5)


@pytest.fixture
def named(monkeypatch):
    """Steps by the names that the bank has for them, and none of the course's own."""
    steps = {"reference": reference}
    module = types.ModuleType("grading.hidden_steps")
    module.step_named = lambda name: steps.get(name, partial(faulty, STEP, name))()
    monkeypatch.setitem(sys.modules, "grading.hidden_steps", module)
    return steps


@pytest.fixture
def players(submit, named):
    """Players of a submission with this test of steps: here, and in a sandbox."""
    with ExitStack() as stack:

        def make(source, seconds=20.0):
            folder = submit(**{EXERCISE: BEGINNING + source}) / "exercises"
            intake = take_in(folder)
            copy_ = stack.enter_context(intake.copied())
            remote = RemotePlayer(intake, partial(Worker, copy_, "cpu"), Worker(copy_, "cpu"))
            stack.callback(remote.close)
            both = LocalPlayer(Solution(folder)), remote
            for player in both:
                player.begin(seconds)
            return both

        yield make


BEGINNING = """
import random
import numpy as np
import torch
from lesson import Actor, Critic

def update(step, make=torch.optim.SGD, rewards=(1.0, -2.0)):
    actor, critic = Actor(2, 2, 4), Critic(2, 4)
    states = [np.random.randn(2).astype(np.float32) for _ in rewards]
    log_probs = [actor.sample_action(torch.from_numpy(state))[1] for state in states]
    before = [p.detach().clone() for p in actor.parameters()]
    optimizers = [make(network.parameters(), lr=0.1) for network in (actor, critic)]
    losses = step(actor, critic, *optimizers, states, log_probs, list(rewards))
    return losses, before, list(actor.parameters()), log_probs

"""
HUNTS = {
    "looks at types": """
def is_correct(step):
    losses = update(step)[0]
    return isinstance(losses, tuple) and all(type(loss) is float for loss in losses)
""",
    "looks at gradients": """
def is_correct(step):
    losses, before, now, log_probs = update(step, rewards=(5.0,))
    return np.bool_(all(torch.isfinite(p.grad).all() and not torch.equal(p.grad, b)
                        for b, p in zip(before, now)))
""",
    "returns many things": """
KINDS = iter([None, 1, "correct " * 100, torch.tensor(True)])
def is_correct(step):
    return next(KINDS)
""",
    "raises": """
def is_correct(step):
    losses = update(step)[0]
    return losses[0] != losses[1]
""",
    "gives up": """
def is_correct(step):
    raise SystemExit(0)
""",
    "swallows its own mistakes": """
def is_correct(step):
    other = {"make": torch.optim.RMSprop}
    for wrong in (other, {"rewards": ("a",)}, other):
        try:
            update(step, **wrong)
        except TypeError:
            pass
    return True
""",
    "goes by chance": """
def is_correct(step):
    torch.manual_seed(random.randrange(100) + np.random.randint(100) + int(1000 * torch.rand(1)))
    raise ValueError(torch.rand(1).item())
""",
}
SAID = {
    "looks at types": ["correct", "correct", "wrong", "wrong"],
    "looks at gradients": ["correct"] * 4,
    "returns many things": ["None", "int", "str", "correct"],
    "raises": ["correct", "correct", "", "correct"],
    "gives up": [""] * 4,
    "swallows its own mistakes": ["correct"] * 4,
    "goes by chance": [""] * 4,
}


@pytest.mark.parametrize("name", HUNTS)
def test_a_hunt_is_the_same_here_and_in_a_sandbox(name, players):
    outcomes = [player.hunt(CASE, EXERCISE, "is_correct") for player in players(HUNTS[name])]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].raised is None
    assert [verdict.said for verdict in outcomes[0].verdicts] == SAID[name]
    causes = {verdict.raised.cause for verdict in outcomes[0].verdicts if verdict.raised}
    if name == "raises":
        assert causes == {"TypeError: 'NoneType' object is not subscriptable"}
    elif name == "goes by chance":
        assert len(causes) == 1
    misuse = ("use torch.optim's SGD or Adam, not RMSprop", "rewards: each is a float")
    assert len(outcomes[0].misuse) == (2 if name == "swallows its own mistakes" else 0)
    for text, words in zip(outcomes[0].misuse, misuse, strict=False):
        assert words in text


ENDS = {
    "never ends": ("def is_correct(step):\n    while True: pass\n", "timeout"),
    "ends its process": ("import os\ndef is_correct(step):\n    os._exit(3)\n", "lost"),
    "is a blank": ('def is_correct(step):\n    raise NotImplementedError("is_correct")\n',
                   "not_attempted"),
    "takes nothing": ("def is_correct():\n    return True\n", "signature"),
    "is not there": ("", "missing"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "kind"), ENDS.values(), ids=ENDS)
def test_a_hunt_that_cannot_go_on_says_why(source, kind, players):
    here_, sandboxed = players(source, seconds=0.5)
    for player in (sandboxed,) if kind in ("timeout", "lost") else (here_, sandboxed):
        outcome = player.hunt(CASE, EXERCISE, "is_correct")
        assert (outcome.verdicts, outcome.raised.kind) == ((), kind)


def test_a_worker_finds_no_step(players):
    source = """
import gc, types
def is_correct(step):
    functions = [f for f in gc.get_objects() if isinstance(f, types.FunctionType)]
    found = [f for f in functions if f.__name__ == "actor_critic_step"]
    try:
        import grading.lending
    except ImportError:
        return len(found) == 1
"""
    outcome = players(source)[1].hunt(CASE, EXERCISE, "is_correct")
    assert outcome.verdicts == (Verdict("correct"),) * 4


def test_another_test_of_steps_is_lent_the_same_steps(named):
    def only_tuples(step):
        misuse_me = World()
        misuse_me.optimizers[0] = torch.optim.RMSprop(misuse_me.actor.parameters())
        with pytest.raises(TypeError, match="RMSprop"):
            step(*misuse_me.arguments)
        return type(step(*World().arguments)) is tuple

    def facts(case, outcome):
        assert case is CASE
        return {"verdicts": Said(outcome)}

    player = LocalPlayer(OwnFunction(only_tuples))
    trials = HuntTrials(player, lambda: [CASE], EXERCISE, "is_correct", "read", facts)
    known = trials.facts(CASE)
    assert known == trials.imitation(lambda: FaultySolution(only_tuples)).facts(CASE)
    assert known != trials.imitation(lambda: FaultySolution(lambda _: True)).facts(CASE)
    said = [verdict.said for verdict in trials.outcome(CASE).verdicts]
    assert said == ["correct", "correct", "wrong", "correct"]
    assert len(trials.outcome(CASE).misuse) == 1
