"""The project's own files agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def plain(name):
    return re.split(r"[<>=!~ \[;]", name)[0].lower().replace("_", "-")


def test_environment_yml_is_what_pyproject_gives(tmp_path):
    """Change pyproject.toml, then: make environment.yml."""
    made = tmp_path / "environment.yml"
    command = ["pyproject2conda", "yaml", "-e", "lab", "--python-include", "infer"]
    subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:],
         "--name", "cx-workbook", "-o", str(made)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    committed = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(committed) == yaml.safe_load(made.read_text(encoding="utf-8"))


def test_environment_yml_names_the_cards_packages_and_no_other_channel():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert content["channels"] == ["conda-forge", "nodefaults"]
    names = {plain(item) for item in content["dependencies"] if isinstance(item, str)}
    card = {
        "jupyterlab",
        "pandas",
        "matplotlib",
        "seaborn",
        "papermill",
        "nbconvert",
        "statsmodels",
    }
    assert card <= names
    assert "pip" in names


def test_every_declared_package_is_locked_with_a_hash():
    extras = PROJECT["project"]["optional-dependencies"]
    declared = {plain(item) for item in PROJECT["project"]["dependencies"]}
    declared |= {plain(item) for name in ("lab", "office", "setup", "dev") for item in extras[name]}
    pinned = {plain(line) for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)}
    assert declared - pinned == set()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK)
    assert [b.split("==")[0] for b in blocks if "==" in b and "--hash=sha256:" not in b] == []


@pytest.mark.parametrize(
    "name", ["requirements.lock", "pyproject.toml", "environment.yml", "Makefile"]
)
def test_no_address_is_written_down(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"https?://(?!.*schema)\S+", text) == []


def test_the_readme_names_only_make_targets_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?= |`|;|\n)", readme)) - {"and", "the"} <= targets


def test_modules_stay_small_and_are_named_for_what_lives_there():
    sizes = {
        p: len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / "cxlib").rglob("*.py")
    }
    assert {str(p): n for p, n in sizes.items() if n > 400} == {}
    drawers = {"utils", "helpers", "common", "core", "base", "manager", "misc"}
    assert [p for p in sizes if p.stem in drawers] == []


LAYERS = [
    "errors", "engagement", "data", "stats", "measures", "decisions", "report", "run", "workshop",
    "cli",
]  # fmt: skip


def test_imports_run_downwards_only():
    """errors ← engagement ← data ← stats ← measures ← decisions ← report ← run ← workshop ← cli."""
    wrong = []
    for path in (ROOT / "cxlib").rglob("*.py"):
        room = path.relative_to(ROOT / "cxlib").parts[0].removesuffix(".py")
        if room not in LAYERS:
            continue
        text = path.read_text(encoding="utf-8")
        wrong += [
            f"{path.relative_to(ROOT)} imports {found}"
            for found in re.findall(r"^\s*from cxlib\.(\w+)", text, re.MULTILINE)
            if LAYERS.index(found) > LAYERS.index(room)
        ]
    assert wrong == []
