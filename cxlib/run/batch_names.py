"""Names of branches: what a reader sees, and what a folder and an id may be called."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256

LONGEST = 24
"""Characters of a branch's id; with the client's own it stays within an id of 40."""
LONGEST_SHOWN = 60
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
"""What one system takes for a device, in any folder."""


def branch_ids(values: Sequence[str]) -> dict[str, str]:
    """Give each value an id of its own: small Latin letters, digits and _, a letter first.

    An id is the value itself where that is such an id in other letter case; otherwise it ends in
    six digits of the value's fingerprint, so that no two values share one and none leaves the
    folder it is made in.

    Args:
        values: Different values of a column, of any script.

    Returns:
        Value to id, in the order given.
    """
    plain = {value: _plain(value) for value in values}
    taken = list(plain.values())
    return {
        value: name if _is_whole(name, value) and taken.count(name) == 1 else _marked(name, value)
        for value, name in plain.items()
    }


def client_id(client: str, branch: str) -> str:
    """The id a branch's reports carry: the client's and its own, 40 characters or fewer."""
    return f"{client[: 39 - len(branch)].rstrip('_')}_{branch}"


def shown(name: str) -> str:
    """A name fit for a heading: on one line, without control characters, not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"


def shown_in_both(names: Mapping[str, str]) -> dict[str, str]:
    """The same per language."""
    return {language: shown(name) for language, name in names.items()}


def _plain(value: str) -> str:
    folded = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")
    return name if name[:1].isalpha() else f"b_{name}".rstrip("_")


def _is_whole(name: str, value: str) -> bool:
    return name == value.lower() and len(name) <= LONGEST and name not in RESERVED


def _marked(name: str, value: str) -> str:
    mark = sha256(value.encode()).hexdigest()[:6]
    return f"{name[: LONGEST - 7].rstrip('_')}_{mark}"
