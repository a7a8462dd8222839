"""What a learner installs: cxlib's wheel, the exact versions, and on wish every wheel it needs."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cxlib.errors import RunError
from cxlib.run.notebooks import ROOT

EPOCH: Final = "1767225600"
"""1 January 2026: the time of every file in a wheel or archive, so that bytes repeat."""
PYTHON: Final = "3.11"
CONSTRAINTS: Final = "constraints.txt"
LAB: Final = "jupyterlab"
_PIN: Final = re.compile(r"^([A-Za-z0-9][\w.\-]*==[^\\]+?)\s*\\?$")


def build_wheel(folder: Path) -> Path:
    """Build cxlib's wheel without network.

    Args:
        folder: Where it goes; it exists.

    Raises:
        RunError: flit_core is not installed, or this is no clone of the workbook.
    """
    if find_spec("flit_core") is None:
        raise RunError(
            "flit_core is not installed, which builds the learners' wheel; run: make setup"
        )
    if not (ROOT / "pyproject.toml").is_file():
        raise RunError(f"no pyproject.toml in {ROOT}; run cx from a clone of the workbook")
    from flit_core.wheel import make_wheel_in  # type: ignore[import-untyped]

    with _dated():
        made: Path = make_wheel_in(ROOT / "pyproject.toml", folder).file
    return made


def constraints() -> str:
    """The locked versions as pip takes them beside a local wheel: one line each, no hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = [found[1] for line in text.splitlines() if (found := _PIN.match(line))]
    return "\n".join(pins) + "\n"


def download_wheels(folder: Path, *, wheel: Path) -> None:
    """Download every wheel the learners' environment needs on a machine like this one.

    Args:
        folder: Where they go; it exists. Holds ``constraints.txt`` afterwards, too.
        wheel: cxlib's own.

    Raises:
        RunError: pip is not there, or a wheel cannot be had.
    """
    pins = folder / CONSTRAINTS
    pins.write_text(constraints(), encoding="utf-8", newline="\n")
    command = [
        *_pip(), "download", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
        "--constraint", str(pins), "--dest", str(folder), str(wheel), LAB,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    pins.unlink()
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise RunError(
            f"the wheels cannot be downloaded: {last[0]}; check the network, or build without "
            "--wheels and let learners install before the day"
        )


def _pip() -> list[str]:
    """A command that is pip: of this Python, else of the one it was made from."""
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        tried = [python, "-m", "pip"]
        if not subprocess.run([*tried, "--version"], check=False, capture_output=True).returncode:  # noqa: S603
            return tried
    raise RunError("pip is needed to download wheels and is not installed; install it for Python")


@contextmanager
def _dated() -> Iterator[None]:
    """Give files in a wheel one fixed time."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
