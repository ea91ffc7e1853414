"""Studies: TOML files of recipes that share a base; a file without rows is one recipe."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from d2l_ext.training.recipe import Recipe, RecipeError, nearest

FOLDERS = (Path(__file__).parent / "recipes", Path(__file__).parent / "studies")


def bundled() -> dict[str, Path]:
    """The recipes and studies that come with the package, by name."""
    return {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.toml"))}


def read(name: str | Path, device: str = "cpu") -> list[Recipe]:
    """The recipes of a file, in its order.

    A study is a table `[base]` and rows `[[row]]` that override it. A table `[cpu]` of the file,
    then one of the row, override further where a CPU trains; a row with `gpu_only = true` is left
    out there. Settings of the network are overridden one by one. A row with `draws = n` stands for
    n rows, `name-000` and so on, whose networks take the setting `draw` from 0 to n - 1.

    Args:
        name: A bundled recipe or study, or the path of a TOML file.
        device: The type of device that will train: 'cpu' or 'cuda'.

    Raises:
        RecipeError: There is no such file, it is not TOML, or a row is not valid.
    """
    path = _find(name)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not a TOML file: {error}") from None
    if "row" not in tables:
        tables = {"row": [tables]}
    rows = tables["row"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecipeError(f"{path.name}: each row is a table that begins with [[row]]")
    for key in tables:
        if key not in (known := ("base", "cpu", "row")):
            raise RecipeError(f"{path.name}: there is no table [{key}]; {nearest(key, known)}")
    try:
        recipes = [
            _recipe(drawn, tables, device)
            for row in rows
            for drawn in _draws(row)
            if device != "cpu" or not _gpu_only(row)
        ]
    except RecipeError as error:
        raise RecipeError(f"{path.name}: {error}") from None
    names = [recipe.name for recipe in recipes]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise RecipeError(f"{path.name}: two rows are called {' and '.join(sorted(twice))}")
    return recipes


def _recipe(row: dict[str, Any], tables: dict[str, Any], device: str) -> Recipe:
    own = {key: value for key, value in row.items() if key not in ("gpu_only", "cpu")}
    layers = [_table(tables, "base"), own]
    if device == "cpu":
        layers += [_table(tables, "cpu"), _table(row, "cpu")]
    table: dict[str, Any] = {}
    for layer in layers:
        settings = {**table.get("settings", {}), **_table(layer, "settings")}
        table |= {**layer, "settings": settings}
    return Recipe.from_table(table)


def _table(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """A table inside another one; empty where there is none."""
    value = holder.get(key, {})
    if not isinstance(value, dict):
        raise RecipeError(f"{key} = {value!r} {_of(holder)}should be a table")
    return value


def _gpu_only(row: dict[str, Any]) -> bool:
    value = row.get("gpu_only", False)
    if not isinstance(value, bool):
        raise RecipeError(f"gpu_only = {value!r} {_of(row)}should be true or false")
    return value


def _of(row: dict[str, Any]) -> str:
    """Which row an error is about, where it has a name."""
    return f"of {row['name']} " if "name" in row else ""


def _draws(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a row with `draws` stands for; else the row alone."""
    if "draws" not in row:
        return [row]
    draws = row["draws"]
    if type(draws) is not int or draws < 1:
        raise RecipeError(f"draws = {draws!r} {_of(row)}should be a whole number, at least 1")
    if "name" not in row:
        raise RecipeError("a row with draws has no name; name must be given")
    rest = {key: value for key, value in row.items() if key != "draws"}
    return [
        rest
        | {
            "name": f"{row['name']}-{draw:03}",
            "settings": {**_table(row, "settings"), "draw": draw},
        }
        for draw in range(draws)
    ]


def _find(name: str | Path) -> Path:
    path = Path(name)
    if path.suffix == ".toml":
        if path.is_file():
            return path
        raise RecipeError(f"there is no file {path}")
    known = bundled()
    if str(name) not in known:
        raise RecipeError(f"there is no recipe or study {str(name)!r}; {nearest(str(name), known)}")
    return known[str(name)]
