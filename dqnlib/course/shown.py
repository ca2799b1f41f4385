"""Pieces of HTML that the course shows below a cell: inline code, folded parts, verdicts."""

import html
import re


def inline(text: str) -> str:
    """Return a sentence as HTML: `code`, *stress*, and $formulas$, which are left alone."""
    parts = re.split(r"(`[^`]+`|\$[^$]+\$)", html.escape(text))
    for k, part in enumerate(parts):
        if part.startswith("`"):
            parts[k] = f"<code>{part[1:-1]}</code>"
        elif not part.startswith("$"):
            parts[k] = re.sub(r"(?<![\w*])\*(\w[^*]*?)\*(?![\w*])", r"<em>\1</em>", part)
    return "".join(parts)


def folded(title: str, body: str) -> str:
    """Return HTML that shows its title, and its body once that is clicked."""
    return f"<details><summary>{title}</summary>{body}</details>"


def verdict(right: bool, text: str) -> str:
    """Return a sentence with ✓ or ✗ in front and a bar of that color at its side."""
    color, sign = ("#2a7f62", "✓") if right else ("#b3452c", "✗")
    style = f"border-left:4px solid {color};padding-left:8px;margin:2px 0 6px 0"
    return f"<div style='{style}'>{sign} {inline(text)}</div>"
