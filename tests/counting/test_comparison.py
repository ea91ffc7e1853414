"""Two networks side by side."""

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.counting.comparison import Comparison


def on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return networks.get_network(name)


@pytest.fixture
def squeezed() -> Comparison:
    return counting.compare(on_meta("resnet50"), on_meta("seresnet50"), (3, 224, 224))


def test_rows_and_stages_add_up_to_both_networks(squeezed: Comparison) -> None:
    for pairs in (squeezed.stages(), squeezed.rows(), squeezed.rows(1), [squeezed.total]):
        for cost, totals in (
            ("parameters", (25_557_032, 28_088_024)),
            ("macs", (4_089_184_256, 4_091_699_200)),
        ):
            sums = map(sum, zip(*(getattr(pair, cost) for pair in pairs), strict=True))
            assert tuple(sums) == totals


def test_layers_of_one_name_stand_side_by_side_and_others_alone(squeezed: Comparison) -> None:
    pairs = squeezed.rows()
    names = [pair.name for pair in pairs]
    assert names.count("layer1.0.conv1") == 1
    alone = [pair for pair in pairs if pair.first is None]
    assert alone
    assert all(".se." in pair.name for pair in alone)
    assert all(pair.second for pair in pairs)
    place = names.index("layer1.0.se.fc1")
    assert names.index("layer1.0.bn3") < place < names.index("layer1.0.add")


def test_families_with_other_names_share_their_stages() -> None:
    both = counting.compare(on_meta("resnet50"), on_meta("densenet121"), (3, 224, 224))
    names = [pair.name for pair in both.stages()]
    sizes = ["112 x 112", "56 x 56", "28 x 28", "14 x 14", "7 x 7", "1 x 1", "vectors"]
    assert names == sizes
    assert all(pair.first and pair.second for pair in both.stages())


def test_a_summary_brings_its_image_and_its_counts() -> None:
    small = counting.summarize(on_meta("cifar_resnet20"), (3, 32, 32))
    both = counting.compare(small, on_meta("cifar_resnet56"))
    assert both.first is small
    assert both.second.input_shape == (3, 32, 32)


def test_networks_alone_ask_for_an_image() -> None:
    with pytest.raises(ValueError, match=r"input_shape.*\(3, 224, 224\)"):
        counting.compare(on_meta("cifar_resnet20"), on_meta("cifar_resnet56"))


def test_text_has_differences_and_ratios(squeezed: Comparison) -> None:
    *_, total = repr(squeezed).splitlines()
    expected = "total 25,557,032 28,088,024 +2,530,992 1.10 4,089,184,256 4,091,699,200"
    assert total.split() == [*expected.split(), "+2,514,944", "1.00"]
    lines = str(squeezed).splitlines()
    assert any(line.split()[:4] == ["layer1.0.se.fc1", "0", "4,112", "+4,112"] for line in lines)


def test_html_marks_headers_and_folds_the_layers(squeezed: Comparison) -> None:
    html = squeezed._repr_html_()
    assert html.count('<th scope="col">') == 2 * 9
    assert '<th scope="row"' in html
    assert f"<details><summary>all {len(squeezed.rows())} layers" in html
    assert "multiply-accumulate" in html
