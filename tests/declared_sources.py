"""Sources as a user declares them, as many as a test wants."""

from __future__ import annotations

from pathlib import Path
from string import ascii_lowercase

DECLARATION = """\
name = "{name}"
title = "{title}"
doc = "What the shop {name} sold."
reference = "https://example.com/{name}"
database = "{name}_event_logs"

[[table]]
name = "{name}_sold"
doc = "One log line for each thing that was sold."
pattern = {{ source = ["{name}.example.com"], detail-type = ["Sold"] }}
columns = [
  {{ name = "item", type = "string", from = "$.detail.item", doc = "Name of what was sold." }},
  {{ name = "price", type = "double", from = "$.detail.price", doc = "What it cost, in euros." }},
]
"""


def declare(folder: Path, count: int) -> list[str]:
    """Write the declarations of so many sources below a folder, and return their names: shop_aa, shop_ab, ..."""
    names = [f"shop_{first}{second}" for first in ascii_lowercase for second in ascii_lowercase][:count]
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "source.toml").write_text(DECLARATION.format(name=name, title=name.replace("_", " ").title()), "utf-8")
    return names
