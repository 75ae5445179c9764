"""What the tests share: the sample run, and what is made of it once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import gridloom

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample_run"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample run, to be changed."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample_run"))


@pytest.fixture(scope="session")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All daily grids of the sample run."""
    out = tmp_path_factory.mktemp("maps") / "out"
    gridloom.grid(SAMPLE, out, progress=False)
    return out


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample run."""
    out = tmp_path_factory.mktemp("archive") / "run.nc"
    gridloom.cells(SAMPLE, out, progress=False)
    return out


def real_runs() -> list[Path]:
    """Runs of the model itself, where they are here."""
    folder = Path(os.environ.get("GRIDLOOM_REAL_RUNS", ROOT.parent / "shared" / "data"))
    candidates = [folder, *folder.glob("*"), *folder.glob("*/*"), *folder.glob("*/*/*")] if folder.is_dir() else []
    return [path for path in candidates if path.is_dir() and any(path.glob("grd_*/spin*.pkz"))]


@pytest.fixture
def program() -> str:
    """The program `gridloom`: that of the wheel, or one that was built beside it."""
    import sys

    built = ROOT / "target" / "debug" / "gridloom"
    found = os.environ.get("GRIDLOOM") or shutil.which("gridloom", path=os.path.dirname(sys.executable))
    if found is None and built.exists():
        found = str(built)
    if found is None:
        pytest.skip("the program is not here")
    return found
