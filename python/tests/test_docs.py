"""The pages for users: their examples are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.mark.filterwarnings("ignore::gridloom.LossWarning")
def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("distributed", "icechunk", "virtualizarr"):
        pytest.importorskip(needed, reason=f"{needed} is not here")
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


@pytest.mark.filterwarnings("ignore")
def test_the_tutorial_runs(tmp_path: Path) -> None:
    """All cells of the notebook, from top to bottom; it is kept without what they gave."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not here")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not here")
    for needed in ("ipykernel", "matplotlib", "xarray", "dask"):
        pytest.importorskip(needed, reason=f"{needed} is not here")
    (tmp_path / "data").symlink_to(ROOT / "data")
    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code), "strip what the cells gave"
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in code for output in cell.outputs if output.output_type in ("execute_result", "display_data")]
    pictures = [one for one in shown if {"image/png", "image/svg+xml"} & set(one.data)]
    assert len(pictures) == 5 and code[-1].outputs[0].data["text/plain"] == "True"
