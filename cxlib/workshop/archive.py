"""Zip archives whose bytes depend on their files only: sorted, one time, one set of rights."""

import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

DATED: Final = date(2026, 1, 1)
"""The day of every file handed out, so that bytes repeat."""
_RIGHTS: Final = 0o100644 << 16
_PACKED: Final = frozenset({".whl", ".zip", ".png", ".pdf"})
Content = Mapping[str, bytes]


def folder_content(folder: Path, *, under: str) -> dict[str, bytes]:
    """The files of a folder by their path in an archive, below ``under``."""
    return {
        f"{under}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_zip(path: Path, content: Content, *, root: str) -> Path:
    """Write an archive that unpacks into one folder ``root``; the same content, the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(f"{root}/{name}", (DATED.year, DATED.month, DATED.day, 0, 0, 0))
            entry.external_attr = _RIGHTS
            packed = Path(name).suffix in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content[name], compresslevel=None if packed else 9)
    return path
