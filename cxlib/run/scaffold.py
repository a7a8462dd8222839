"""`cx new`: a folder for a client, an engagement file to fill in, data kept out of Git."""

import re
from pathlib import Path
from shutil import copytree

from cxlib.errors import InputError
from cxlib.run.notebooks import ROOT

TEMPLATE = ROOT / "templates" / "engagement"


def new_engagement(name: str, *, into: Path) -> Path:
    """Make a folder for a client from the template.

    Args:
        name: The client's name as printed on reports.
        into: The folder in which the client's folder is made.

    Raises:
        InputError: The name has no letter to make a folder name of, or the folder exists.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    slug = re.sub(r"^[0-9_]+", "", slug)[:40]
    if not slug:
        raise InputError(
            f"the folder name is made of the Latin letters of the client's name, got {name!r}; "
            "name it in Latin letters and write the Chinese name into engagement.yml"
        )
    folder = into / slug
    if folder.exists():
        raise InputError(f"{folder} exists already; choose another name or remove it")
    copytree(TEMPLATE, folder)
    for file in ("engagement.yml", "_brand.yml"):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        safe = name.replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace("client_id", slug).replace("Client Name", safe)
        path.write_text(text, encoding="utf-8", newline="\n")
    (folder / ".gitignore").write_text(
        "data/\nreports/\nledger.json\nhistory.duckdb\ncoding_*\n", encoding="utf-8"
    )
    (folder / "data").mkdir(exist_ok=True)
    return folder
