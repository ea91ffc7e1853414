"""From the layers that a machine has to where a kernel may read and write."""

from pathlib import Path

import pytest

from d2l_ext.sandbox import plan, view
from d2l_ext.sandbox.layers import Layers
from d2l_ext.sandbox.limits import Limits

LAYERS = Layers(bubblewrap=True, namespaces=True, landlock=True, seccomp=True, another_user=False)


@pytest.mark.parametrize("course", ["/opt/course", "/tmp/course"])
def test_what_a_kernel_writes_to_does_not_hide_the_course(monkeypatch, tmp_path, course) -> None:
    monkeypatch.setattr(view, "readable", lambda: ["/usr", course])
    made = plan.Plan(LAYERS, tmp_path, plan.INSIDE, Limits())
    scratch = made.new_kernel("1")["scratch"]
    assert not Path(course).is_relative_to(scratch)
    assert scratch in made.wrap(["true"])
