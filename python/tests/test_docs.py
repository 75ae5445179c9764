"""The pages for users: their examples are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.mark.filterwarnings("ignore::gridloom.LossWarning")
def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "out").mkdir()
    page = (ROOT / "docs" / "python.md").read_text()
    # The archive that examples open is made by a later one.
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    made = [block for block in blocks if "gridloom.cells(" in block]
    names: dict[str, object] = {}
    for block in [blocks[0], *made, *(block for block in blocks[1:] if block not in made)]:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert len(blocks) > 5 and (tmp_path / "out" / "page.html").exists()


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xarray")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    [block] = re.findall(r"^### In Python\n\n```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    exec(compile(block, "README.md", "exec"), {})
    assert list((tmp_path / "out" / "monthly").glob("*.nc"))
