"""What can be done with a fused network, and what is refused."""

import copy
import io
import pickle

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext import counting, fusion, networks
from tests.fusion.equality import assert_equal, difference, settled


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)  # about one in a hundred rounds worse than any bound here allows
    net = networks.get_network("resnet18", num_classes=10, width_mult=0.125)
    return settled(net, torch.randn(4, 3, 64, 64))


X = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_the_network_itself_is_not_changed(net: nn.Module) -> None:
    net.train()
    before = copy.deepcopy(net.state_dict())
    modules = list(net.named_modules())
    fusion.fuse(net)
    assert all(m.training for m in net.modules())
    assert modules == list(net.named_modules())
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True)
    )


def test_copied_pickled_and_loaded(net: nn.Module) -> None:
    fused = fusion.fuse(net)
    expected = fused(X)
    for again in (copy.deepcopy(fused), pickle.loads(pickle.dumps(fused))):
        assert torch.equal(again(X), expected)
        assert str(again.report) == str(fused.report)
        with pytest.raises(RuntimeError, match="for inference"):
            again.train()
    file = io.BytesIO()
    torch.save(fused.state_dict(), file)
    file.seek(0)
    empty = fusion.fuse(networks.get_network("resnet18", num_classes=10, width_mult=0.125))
    empty.load_state_dict(torch.load(file))
    assert torch.equal(empty(X), expected)


def test_compiled(net: nn.Module) -> None:
    fused = fusion.fuse(net)
    compiled = torch.compile(fused, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        assert difference(fused(X), compiled(X)) < 1e-5


def test_fused_twice_is_fused_once(net: nn.Module) -> None:
    fused = fusion.fuse(net)
    again = fusion.fuse(fused)
    assert again.report.fired == ()
    assert again.report.operations_before == fused.report.operations_after
    assert torch.equal(again(X), fused(X))


def test_gradients_reach_the_images(net: nn.Module) -> None:
    """As for pictures of what a network looks at; oneDNN's fused calls have none."""
    gradients = []
    for model in (net, fusion.fuse(net)):
        images = X.clone().requires_grad_()
        model(images).square().sum().backward()
        gradients.append(images.grad)
    assert difference(*gradients) < 1e-4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(net: nn.Module, dtype: torch.dtype) -> None:
    """No further from the exact result than the network itself in that precision."""
    half = copy.deepcopy(net).to(dtype)
    fused = fusion.fuse(half)
    assert {p.dtype for p in fused.parameters()} == {dtype}
    with torch.no_grad():
        ours = difference(net(X), fused(X.to(dtype)).float())
        theirs = difference(net(X), half(X.to(dtype)).float())
    assert ours < max(2 * theirs, 0.02)


def test_channels_last_stays(net: nn.Module) -> None:
    fused = assert_equal(net.to(memory_format=torch.channels_last), X)
    weights = [p for p in fused.parameters() if p.dim() == 4]
    assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)
    early = nn.Sequential(*[getattr(net, name) for name in ("conv1", "bn1", "layer1")])
    maps = fusion.fuse(early)(X.contiguous(memory_format=torch.channels_last))
    assert maps.is_contiguous(memory_format=torch.channels_last)


def test_counted(net: nn.Module) -> None:
    shape = (3, 64, 64)
    fused = fusion.fuse(net)
    assert counting.summarize(fused, shape).macs == counting.summarize(net, shape).macs
    assert fused.report.parameters_after == sum(p.numel() for p in fused.parameters())


def test_memory_traffic() -> None:
    """Convolution, batch norm and ReLU each read and write the map; fused, it is done once."""
    net = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    traffic = fusion.fuse(net).report.memory_traffic((3, 10, 10))
    weights, norm = 12, 4 * 4 + 1
    assert traffic.before == (300 + weights + 400) + (400 + norm + 400) + (400 + 400)
    assert traffic.after == 300 + weights + 4 + 400
    with pytest.raises(ValueError, match="cannot take an image of 5 x 10 x 10"):
        fusion.fuse(net).report.memory_traffic((5, 10, 10))


def test_a_step_in_place_reads_and_writes_like_any_other() -> None:
    def traffic(inplace: bool) -> fusion.Traffic:
        net = nn.Sequential(nn.AvgPool2d(2), nn.ReLU(inplace), nn.Conv2d(3, 4, 1), nn.Flatten())
        return fusion.fuse(net).report.memory_traffic((3, 10, 10))

    weights = 12 + 4
    everything = (300 + 75) + (75 + 75) + (75 + weights + 100)
    assert traffic(inplace=False) == traffic(inplace=True) == fusion.Traffic(everything, everything)
    with torch.inference_mode():
        assert traffic(inplace=True) == fusion.Traffic(everything, everything)


def test_a_report_as_text_and_as_html() -> None:
    fused = fusion.fuse(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()))
    assert fusion.report(fused) is fused.report
    assert str(fused.report).splitlines() == [
        "Sequential, fused",
        "-" * 52,
        "rule                              times  for example",
        "-" * 52,
        "batch norm into the layer before      1  1 into 0",
        "layer + ReLU                          1  2 into 0",
        "-" * 52,
        "operations 3 before, 1 after",
        "parameters 32 before, 16 after",
    ]
    html = fused.report._repr_html_()
    assert html.count("<tr>") == 3
    assert "every use (2)" in html


class LooksAtValues(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, X: Tensor) -> Tensor:
        return self.conv(X) if X.sum() > 0 else X


def test_a_part_that_cannot_be_traced_stays_as_it_is() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), LooksAtValues())
    fused = assert_equal(settled(net, X), X)
    assert fused.report.count() == {"batch norm into the layer before": 1, "layer + ReLU": 1}
    assert [left.name for left in fused.report.left] == ["3"]
    assert "cannot be traced" in fused.report.left[0].reason


def test_a_network_that_cannot_be_traced_stays_as_it_is() -> None:
    net = LooksAtValues()
    same = fusion.fuse(net)
    maps = torch.randn(2, 4, 5, 5)
    assert torch.equal(same(maps), net(maps))
    assert "net.part = fusion.fuse(net.part)" in str(fusion.report(same))
    with pytest.raises(ValueError, match="could not be traced"):
        same.report.memory_traffic((4, 5, 5))


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_network_with_a_hook_keeps_it(net: nn.Module, register: str) -> None:
    calls = []
    getattr(net, register)(lambda *args: calls.append(args))
    fused = fusion.fuse(net)
    assert calls == []
    assert torch.equal(fused(X), net(X))
    assert len(calls) == 2
    assert "the network itself has a hook" in str(fusion.report(fused))


def test_an_argument_with_a_default_keeps_it() -> None:
    class Scaled(nn.Module):
        def forward(self, X: Tensor, scale: Tensor | None = None) -> Tensor:
            return F.relu(X) if scale is None else X * scale

    assert torch.equal(fusion.fuse(Scaled())(X), F.relu(X))


OPTIONS: dict = {}
ONES = torch.ones(3, 1, 1)


class Pooled(nn.Module):
    def forward(
        self, X: Tensor, size: tuple = (2, 3), options: dict = OPTIONS, *, factor: float = 2.0
    ) -> Tensor:
        return F.adaptive_avg_pool2d(X, size) * (factor + len(options))


def test_a_default_of_any_plain_type_may_be_given_but_not_changed() -> None:
    fused = fusion.fuse(Pooled())
    expected = Pooled()(X)
    assert fused.report.operations_before == 2  # checks of the arguments compute nothing
    for again in (fused, copy.deepcopy(fused), pickle.loads(pickle.dumps(fused))):
        assert torch.equal(again(X), expected)
        assert torch.equal(again(X, (2, 3), factor=2.0), expected)
        with pytest.raises(AssertionError, match="size has been specialized"):
            again(X, size=(1, 1))


def test_a_default_that_no_graph_can_hold_leaves_the_network_as_it_is() -> None:
    class Scaled(nn.Module):
        def forward(self, X: Tensor, scale: Tensor = ONES) -> Tensor:
            return X * scale

    same = fusion.fuse(Scaled())
    assert torch.equal(same(X), X)
    assert "default of the argument scale is a tensor" in str(fusion.report(same))


def test_bad_input_is_named() -> None:
    with pytest.raises(TypeError, match=r"'resnet18' is a string.*get_network"):
        fusion.fuse("resnet18")
    with pytest.raises(TypeError, match="Tensor"):
        fusion.fuse(X)
    with pytest.raises(TypeError, match="fuse it first, then compile"):
        fusion.fuse(torch.compile(nn.ReLU()))
    with pytest.raises(ValueError, match="weight is lazy"):
        fusion.fuse(nn.LazyConv2d(4, 3))
    with pytest.raises(TypeError, match="does not come from"):
        fusion.report(nn.ReLU())


def test_packed_weights_follow_the_weights_and_the_images() -> None:
    conv = nn.Conv2d(8, 16, 3, padding=1, groups=2)
    fused = fusion.fuse(nn.Sequential(conv, nn.ReLU()))
    with torch.no_grad():
        for size in (32, 7, 32, 64):
            maps = torch.randn(2, 8, size, size)
            assert difference(F.relu(conv(maps)), fused(maps)) < 1e-5
        nn.init.normal_(conv.weight)
        fused.load_state_dict({f"0.{name}": value for name, value in conv.state_dict().items()})
        assert difference(F.relu(conv(maps)), fused(maps)) < 1e-5
        doubled = fused.double()(maps.double())
        assert difference(F.relu(conv(maps)), doubled.float()) < 1e-5
    with torch.inference_mode():
        inside = fusion.fuse(nn.Sequential(conv, nn.ReLU()))
        assert difference(F.relu(conv(maps)), inside(maps)) < 1e-5


@torch.no_grad()
def test_weights_converted_and_back_are_packed_anew() -> None:
    """`.half().float()` rounds them, and what comes back may lie where they were before."""
    fused = fusion.fuse(nn.Sequential(nn.Conv2d(8, 8, 3, bias=False)))
    maps = torch.randn(2, 8, 16, 16)
    before = fused(maps)
    fused._apply(lambda x: x.data.mul_(2))
    assert difference(2 * before, fused(maps)) < 1e-5


def test_no_call_of_onednn_is_made_where_it_is_switched_off(net: nn.Module) -> None:
    fused = fusion.fuse(net)
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        assert difference(net(X), fused(X)) < 1e-4
    convs = [m for m in fused.modules() if isinstance(m, nn.Conv2d)]
    assert all(conv._packed is None for conv in convs)
