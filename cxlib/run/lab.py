"""`cx lab`: JupyterLab on the notebooks, with the engagement they open."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, RunError
from cxlib.run.notebooks import FOLDER


def open_lab(engagement: Path | None) -> None:
    """Start JupyterLab; it ends with the user's Ctrl-C.

    Raises:
        ConfigError: The engagement file is wrong.
        RunError: JupyterLab is not installed, or could not start.
    """
    if find_spec("jupyterlab") is None:
        raise RunError("JupyterLab is not installed; this installs and opens it: make lab")
    environment = dict(os.environ)
    if engagement:
        environment["CX_ENGAGEMENT"] = str(load_engagement(engagement).path)
    elif not FOLDER.is_dir():
        raise ConfigError(f"no notebooks in {FOLDER}; run cx from a clone of the workbook")
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(FOLDER)]
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own
    if code:
        raise RunError(f"JupyterLab ended with exit code {code}; its own message stands above")
