"""`make lab` starts JupyterLab on the first chapter, as any user."""

import os

import pytest

from tools import lab


def test_opens_the_first_chapter_with_the_whole_course_in_reach() -> None:
    command = lab.command()
    assert f"--LabApp.default_url=/lab/tree/{lab.FIRST}" in command
    assert "--ServerApp.root_dir=." in command


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_where_the_user_is_root(
    user: int, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--allow-root" in lab.command()) is allowed
