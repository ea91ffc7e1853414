"""What axe, a checker of accessibility, has against a page."""

from typing import Any

import pytest

GRAVE = {"serious", "critical"}


def barriers(frame: Any) -> list[str]:
    """What keeps somebody out: each rule that is broken gravely, and the first elements that do.

    Args:
        frame: A page, or a frame of one.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe is installed")
    found = axe.Axe().run(frame).response["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:150] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in GRAVE
    ]
