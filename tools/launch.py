"""Sphinx extension: under a notebook's rocket, the services that the theme does not know: Kaggle and Studio Lab.

Each opens the notebook at the repository's address; its first cell installs what is missing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repository import Repository, repository

LABEL = "launch-buttons"  # the theme's own group, on pages with code


def services(where: Repository, page: Path) -> dict[str, str]:
    """Addresses that open a notebook, given relative to the repository's root, by the services' names."""
    blob = f"{where.slug}/blob/{where.branch}/{page.as_posix()}"
    return {
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{blob}",
        "Studio Lab": f"https://studiolab.sagemaker.aws/import/github/{blob}",
    }


def add_buttons(_app: Any, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    for group in context.get("header_buttons", []):
        if group.get("label") == LABEL:
            group["buttons"] += [
                {"type": "link", "text": name, "tooltip": f"Launch on {name}", "icon": "fas fa-cloud", "url": url}
                for name, url in services(repository(), Path(f"{page}.ipynb")).items()
            ]


def setup(app: Any) -> dict[str, Any]:
    app.connect("html-page-context", add_buttons, priority=900)  # the theme makes the group at 501
    return {"parallel_read_safe": True, "parallel_write_safe": True}
