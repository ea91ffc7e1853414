"""Results of studies: gathered from runs, written, read."""

import dataclasses
import json
from pathlib import Path

import pytest

from d2l_ext import cli
from d2l_ext.training.study import read as read_recipes
from d2l_ext.zoo import files, study_results
from d2l_ext.zoo.files import ZooError

NAME = "design_spaces_small"


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Folders as the trainer leaves them, one for each row, and one of another study."""
    folders = [tmp_path / "another-s0"]
    for number, recipe in enumerate(read_recipes(NAME)):
        folder = tmp_path / f"{recipe.name}-s0"
        folder.mkdir()
        record = {
            "name": recipe.name,
            "settings": recipe.settings,
            "recipe": recipe.resolved(),
            "seed": 0,
            "parameters": 1000 + number,
            "macs": 2000,
            "right": 7000 + number,
            "input_size": [1, 14, 14],
            "data": {"train_images": 6000, "test_images": 10000},
            "hardware": f"CPU, {number % 2} cores",
            "versions": {"torch": "2"},
            "commit": None,
            "seconds": 1.5,
            "epochs": [{"train_loss": 1.0, "train_acc": 0.6, "val_loss": 0.9, "val_acc": 0.7}],
            "finished": f"2026-01-{number % 28 + 1:02}T00:00:00+00:00",
        }
        (folder / "result.json").write_text(json.dumps(record))
        folders.append(folder)
    return folders


def test_gathered_written_and_read_again_it_is_the_same(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_results.gather(NAME, runs)
    assert study.hardware == ("CPU, 0 cores", "CPU, 1 cores")
    assert study.seconds == 1.5 * len(study.runs)
    assert study.recipe["epochs"] == 1
    assert "settings" not in study.recipe
    assert study.errors(space="anynet", draw=1) == [pytest.approx(1 - 0.7001)]
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    (tmp_path / "studies").mkdir()
    assert cli.main(["zoo", "gather", NAME, *map(str, runs)]) == 0
    assert study_results.read(NAME) == study


def test_a_run_that_is_missing_or_of_another_recipe_is_refused(runs: list[Path]) -> None:
    last = runs[-1] / "result.json"
    record = json.loads(last.read_text())
    record["recipe"]["lr"] *= 2
    last.write_text(json.dumps(record))
    with pytest.raises(ZooError, match="another recipe"):
        study_results.gather(NAME, runs)
    for text in ("{", "[]", "{}", json.dumps({**record, "recipe": {}})):
        last.write_text(text)
        with pytest.raises(ZooError, match=r"result\.json is damaged"):
            study_results.gather(NAME, runs)
    last.unlink()
    with pytest.raises(ZooError, match="d2l-ext train"):
        study_results.gather(NAME, runs)


def gpu_runs(tmp_path: Path, runs: list[Path]) -> list[Path]:
    """Folders of `zoo`, of which a CPU trains fewer rows, for fewer epochs."""
    pattern = json.loads((runs[-1] / "result.json").read_text())
    folders = []
    for recipe in read_recipes("zoo", "cuda"):
        for seed in recipe.seeds:
            folder = tmp_path / "gpu" / f"{recipe.name}-s{seed}"
            folder.mkdir(parents=True)
            own = {"name": recipe.name, "settings": recipe.settings, "recipe": recipe.resolved()}
            record = pattern | own | {"seed": seed, "hardware": "one NVIDIA H200"}
            (folder / "result.json").write_text(json.dumps(record))
            folders.append(folder)
    return folders


def test_what_a_gpu_trained_is_compared_with_the_recipe_for_a_gpu(
    runs: list[Path], tmp_path: Path
) -> None:
    folders = gpu_runs(tmp_path, runs)
    study = study_results.gather("zoo", folders)
    assert len(study.runs) == len(folders)
    assert study.hardware == ("one NVIDIA H200",)


def test_only_the_folders_that_were_named_are_gathered(
    runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs[-1].parent)
    with pytest.raises(ZooError, match=f"{runs[-1].name} .*its folder was not named"):
        study_results.gather(NAME, runs[:-1])


def test_an_interrupt_while_a_study_is_written_leaves_the_old_one(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_results.gather(NAME, runs)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    path = study_results.write(study)
    before = path.read_bytes()

    def half(path: Path, text: str, encoding: str) -> None:
        path.write_bytes(text.encode()[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        study_results.write(study)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_damaged_file_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    with pytest.raises(ZooError, match="missing"):
        study_results.read(NAME)
    study_results.path_of(NAME).parent.mkdir()
    for text in ("{", "[]", '{"format": 1, "runs": [{"name": "x"}]}', '{"format": 99}'):
        study_results.path_of(NAME).write_text(text)
        with pytest.raises(ZooError):
            study_results.read(NAME)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("design_space_small", "no study called 'design_space_small'; did you mean design_spaces"),
        ("xyz", r"no study called 'xyz'; see zoo\.list_studies\(\)"),
        ("speed", "no results of 'speed' yet: `d2l-ext train speed`"),
    ],
)
def test_a_study_that_is_not_there_is_no_damage(name: str, message: str) -> None:
    with pytest.raises(ZooError, match=message):
        study_results.read(name)


@pytest.mark.parametrize("name", study_results.list_studies())
def test_a_bundled_study_is_that_of_today_and_says_where_it_comes_from(name: str) -> None:
    study = study_results.read(name)
    recipes = read_recipes(name)
    expected = [(recipe.name, recipe.settings, s) for recipe in recipes for s in recipe.seeds]
    assert [(run.name, run.settings, run.seed) for run in study.runs] == expected
    shared = dataclasses.replace(recipes[0], settings={}).resolved()
    assert all(
        shared[key] == value
        for key, value in study.recipe.items()
        if key not in ("seeds", "settings")
    )
    assert all(1 - run.right / study.test_images <= 0.9 + 1e-9 for run in study.runs)
    assert study.hardware
    assert study.commits
    assert study.finding, "findings.toml says what it shows, and what it does not"


def test_the_spaces_of_the_small_study_are_told_apart_by_their_settings() -> None:
    study = study_results.read(NAME)
    assert {run.settings["space"] for run in study.runs} == {"anynet", "regnet"}
    assert len(study.errors(space="anynet")) + len(study.errors(space="regnet")) == len(study.runs)
