"""The table of counts, for a terminal and for a notebook."""

import pytest

from d2l_ext import counting, networks


def resnet50() -> counting.Summary:
    return counting.summarize(networks.get_network("resnet50"), (3, 224, 224))


def test_parts_add_up_to_the_whole() -> None:
    summary = resnet50()
    for depth in (1, 2, 3, None):
        rows = summary.rows(depth)
        assert sum(row.parameters for row in rows) == summary.parameters == 25_557_032
        assert sum(row.macs for row in rows) == summary.macs
    names = [row.name for row in summary.rows(1)]
    assert names == [
        *("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"),
        *("avgpool", "flatten", "fc"),
    ]


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_without_parts_is_refused(depth: int) -> None:
    summary = counting.summarize(networks.get_network("cifar_resnet20"), (3, 32, 32))
    with pytest.raises(ValueError, match=f"depth = {depth} must be at least 1"):
        summary.rows(depth)


def test_text_holds_every_layer_and_the_total() -> None:
    lines = str(resnet50()).splitlines()
    assert any(line.startswith("layer4.2.conv3") and "2048 x 7 x 7" in line for line in lines)
    assert lines[-1].split() == ["total", "25,557,032", "4,089,184,256"]


def test_html_marks_headers_and_folds_the_layers() -> None:
    html = resnet50()._repr_html_()
    assert html.count('<th scope="col">') == 2 * len(counting.summary.HEADER)
    assert '<th scope="row"' in html
    assert "<details><summary>all" in html
    assert "multiply-accumulate" in html
