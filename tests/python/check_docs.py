#!/usr/bin/env python3
"""Runs the Python examples of a page of docs/, one after another, as a reader would: OUT and RUN are what is given.

Each line that is an expression has to give something.
"""

import argparse
import ast
import re
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("out")
    parser.add_argument("run")
    options = parser.parse_args()
    blocks = re.findall(r"^```python\n(.*?)^```", options.page.read_text(), re.DOTALL | re.MULTILINE)
    names, shown = {}, 0
    for block in blocks:
        block = re.sub(r"\bOUT\b", options.out, block)
        block = re.sub(r"_RUN_", f"_{options.run}_", block)
        for statement in ast.parse(block).body:
            if not isinstance(statement, ast.Expr):
                exec(compile(ast.Module([statement], []), str(options.page), "exec"), names)
                continue
            value = eval(compile(ast.Expression(statement.value), str(options.page), "eval"), names)
            text = ast.unparse(statement)
            assert value is not None and (not hasattr(value, "__len__") or len(value)), f"nothing comes of {text}"
            shown += 1
    assert blocks and shown, f"{options.page} has no examples"
    print(f"check_docs: {options.page.name}: {len(blocks)} blocks, {shown} values")


if __name__ == "__main__":
    main()
