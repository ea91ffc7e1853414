"""Coming late: how late, and what it costs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from d2l_ext.grading import late
from d2l_ext.grading.assess import with_deduction
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.layouts import Owner
from d2l_ext.grading.submissions import Submission
from tests.grading.class_of import result

DUE = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "points"), [(1, 7.0), (24, 7.0), (24.1, 6.0), (24 * 7.5, 0.0), (24 * 30, 0.0)]
)
def test_percentage_is_of_the_points_possible_for_each_day_begun(
    hours: float, points: float
) -> None:
    policy = late.find_policy("10%")
    assert policy(8.0, 10.0, timedelta(hours=hours)) == pytest.approx(points)


def test_policy_may_be_a_function_in_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "house_rules.py").write_text("def half(points, possible, late): return points / 2")
    monkeypatch.chdir(tmp_path)
    assert late.find_policy("house_rules:half")(8, 10, timedelta(1)) == 4


@pytest.mark.parametrize("text", ["ten", "10", "no_such_module:f", "math:no_such", "math:pi"])
def test_policy_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--late"):
        late.find_policy(text)


@pytest.mark.parametrize(
    ("owner", "hours", "flag", "total"),
    [
        (Owner("a"), 30, "2 days late", 8),
        (Owner("a"), 2.5, "3 hours late", 9),
        (Owner("a"), 0, "", 10),
        (Owner("a"), -5, "", 10),
        (Owner("a"), None, "", 10),
        (Owner("a", late=True), None, "late", 9),
        (Owner("a", late=True), -5, "late", 9),
        (Owner("a", late=True), 30, "2 days late", 8),
    ],
)
def test_lateness_is_flagged_and_costs(
    owner: Owner, hours: float | None, flag: str, total: float
) -> None:
    submitted = None if hours is None else DUE + timedelta(hours=hours)
    policy = late.find_policy("10%")
    found = with_deduction(result("a"), Submission(owner, submitted=submitted), DUE, policy)
    assert ("".join(found.flags), found.total) == (flag, total)
    assert (
        with_deduction(result("a"), Submission(owner, submitted=submitted), DUE, None).total == 10
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("(points, possible, late): pass", "returned None"),
        ("(points, possible, late): return float('nan')", "returned nan"),
        ("(points): return points", "TypeError"),
    ],
)
def test_policy_that_fails_is_named(
    body: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{tmp_path.name}.py").write_text(f"def rule{body}")
    monkeypatch.chdir(tmp_path)
    policy = late.find_policy(f"{tmp_path.name}:rule")
    with pytest.raises(UserError, match=f"--late {tmp_path.name}:rule: .*{words}"):
        policy(8, 10, timedelta(1))


def test_file_with_a_policy_that_cannot_be_imported_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slipped_rules.py").write_text("def half(:")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--late slipped_rules:half: SyntaxError"):
        late.find_policy("slipped_rules:half")
