"""`cx doctor`: is this machine able to make reports? One remedy for each failure."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cxlib.errors import CxError, ReportError
from cxlib.run.notebooks import ROOT

PROBE = "淨推薦值 嘅 啲 咗 客戶體驗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    ok: bool
    what: str
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'ok  ' if self.ok else 'FAIL'}  {self.what}: {self.detail}"
        return line if self.ok else f"{line}\n      remedy: {self.remedy}"


def examine() -> Iterator[Finding]:
    """Look at Python, packages, fonts, PDF, kernel and write access."""
    version = sys.version.split()[0]
    yield Finding(sys.version_info >= (3, 11), "Python", version, "install Python 3.11 or newer")
    checks: dict[str, tuple[Callable[[], str], str]] = {
        "packages": (_packages, "run: make setup"),
        "Hong Kong font": (_font, "run: make setup (it installs the font wheel)"),
        "PDF": (_pdf, "run: make setup (it installs the typst wheel)"),
        "notebook kernel": (_kernel, "run: make setup"),
        "tables in engines": (_engines, "run: make setup"),
        "write access": (_writable, "run cx in a folder you may write to, or use --out"),
    }
    for what, (look, remedy) in checks.items():
        try:
            yield Finding(True, what, look())
        except (CxError, OSError, ImportError) as error:
            yield Finding(False, what, str(error), remedy)


def _packages() -> str:
    """Compare what is installed with the lock."""
    from packaging.requirements import Requirement

    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line.rstrip("\\ ") for line in text.splitlines() if line[:1].isalnum()]
    pinned = [Requirement(line) for line in lines]
    here = [pin for pin in pinned if pin.marker is None or pin.marker.evaluate()]
    different, installed = [], 0
    for pin in here:
        try:
            found = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            continue
        installed += 1
        if not pin.specifier.contains(found, prereleases=True):
            different.append(f"{pin.name} {found} (lock: {pin.specifier})")
    if different:
        raise ReportError(f"differ from the lock: {', '.join(different[:5])}")
    return f"{installed} as in the lock"


def _font() -> str:
    from cxlib.report.fonts import missing_characters, report_fonts

    fonts = report_fonts()
    if missing := missing_characters(PROBE, fonts):
        raise ReportError(f"{fonts.family} has no glyph for {' '.join(missing)}")
    return f"{fonts.family}, from {fonts.origin}"


def _pdf() -> str:
    import typst

    source = b'#set document(title: "probe")\n= probe'
    made = typst.compile(source, format="pdf")
    return f"typst {metadata.version('typst')} made {len(made):,} bytes"


def _kernel() -> str:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel as error:
        raise ReportError(f"no kernel named python3 ({error})") from None
    return Path(spec.argv[0]).name


def _engines() -> str:
    """Say from which engines tables can be read here; files need none of them."""
    from cxlib.data.engines import installed

    said = [
        f"{kind}{f' {version}' if version else f' needs the extra {kind}'}"
        for kind, version in installed().items()
    ]
    return ", ".join(said)


def _writable() -> str:
    with tempfile.TemporaryDirectory(dir=Path.cwd()):
        return "this folder"
