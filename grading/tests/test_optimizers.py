"""The optimizers of the cases give the numbers of torch's own."""

import pytest
import torch

from grading.optimizers import SGD, Adam
from lesson import Actor


@pytest.mark.parametrize(("ours", "torchs"), [(SGD, torch.optim.SGD), (Adam, torch.optim.Adam)])
def test_twenty_steps_agree_with_torch(ours, torchs):
    torch.manual_seed(0)
    mine, yours = Actor(4, 2), Actor(4, 2)
    yours.load_state_dict(mine.state_dict())
    optimizers = ours(mine.parameters(), 0.01), torchs(yours.parameters(), lr=0.01)
    for _ in range(20):
        states = torch.randn(7, 4)
        for network, optimizer in zip((mine, yours), optimizers, strict=True):
            optimizer.zero_grad()
            (-network(states)[:, 0].log().sum()).backward()
            optimizer.step()
    for a, b in zip(mine.parameters(), yours.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert optimizers[0].steps_taken == 20


@pytest.mark.parametrize("ours", [SGD, Adam])
def test_a_parameter_without_gradient_stays(ours):
    used, unused = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3))
    optimizer = ours(iter([used, unused]), 0.1)
    used.sum().backward()
    optimizer.step()
    assert torch.all(used < 1)
    assert torch.equal(unused, torch.ones(3))


def test_zero_grad_clears_in_both_ways():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = SGD(iter([parameter]), 0.1)
    parameter.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert torch.equal(parameter.grad, torch.zeros(2))
    optimizer.zero_grad()
    assert parameter.grad is None


def test_a_closure_recomputes_the_loss():
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = SGD(iter([parameter]), 0.5)

    def closure():
        optimizer.zero_grad()
        loss = parameter.sum()
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == 1.0
    assert parameter.item() == pytest.approx(0.5)
