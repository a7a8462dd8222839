"""One writer at a time: a lock on a file that the system lets go when its process ends."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PAUSE_S = 0.05
HIDDEN = ".cx"
"""What the workbook keeps for itself beside a client's files: locks, and runs to reuse."""


@contextmanager
def locked(
    path: Path, *, wait_s: float, on_wait: Callable[[str], None] | None = None
) -> Iterator[bool]:
    """Hold the lock of a file; the lock ends with the process, however that ends.

    Args:
        path: The lock's own file; it is made, and left, so that all wait on the same one.
        wait_s: Seconds to wait for another holder, 0 or more.
        on_wait: Told once, with what the holder wrote about itself.

    Yields:
        Whether the lock is held; False means another process kept it all that time.
    """
    with path.open("a+", encoding="utf-8") as file:
        held, until = _take(file), time.monotonic() + wait_s
        if not held and on_wait:
            on_wait(holder(path))
        while not held and time.monotonic() < until:
            time.sleep(PAUSE_S)
            held = _take(file)
        if held:
            file.truncate(0)
            file.write(f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}\n")
            file.flush()
        try:
            yield held
        finally:
            if held:
                file.truncate(0)
                _let_go(file)


def hidden_folder(beside: Path) -> Path:
    """The workbook's own folder beside a client's files; only its owner reads it, Git never."""
    folder = beside / HIDDEN
    if not (folder / ".gitignore").is_file():
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def holder(path: Path) -> str:
    """What the holder of a lock wrote about itself."""
    try:
        return path.read_text(encoding="utf-8").strip() or "another process"
    except OSError:
        return "another process"


if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 30  # a byte beyond the text, so that the text stays readable

    def _take(file: IO[str]) -> bool:
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _let_go(file: IO[str]) -> None:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
