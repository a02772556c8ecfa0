"""Figures that say what they show: a palette for all eyes, alternative text, light and dark pages.

Figures have a white ground of their own, so they read the same on a light and on a dark page.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbook.arguments import check_choice, check_number, check_tensor, check_whole, shown, typed

if TYPE_CHECKING:
    from IPython.display import HTML
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "FAKE", "REAL", "figure", "film", "history", "html", "image_grid", "points", "show", "table"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe and Ito's palette, distinguishable with any common colour blindness; the darkest first."""

REAL, FAKE = COLOURS[0], COLOURS[1]
"""Real samples are blue and generated ones orange in every figure of the course."""

DPI = 100
FILM_DPI = 64

COLUMN = 728
"""Pixels of a built page's column on a screen 1280 wide: wider figures are shown smaller."""

LEAST_TEXT = 12
"""Pixels, which are 9 points of a screen: smaller text in a figure, at the size shown, is raised to it."""

GRID_LINE = 2
"""Pixels of a white line between the images of a grid."""

MOST = 100
"""Inches, panels per row or column, and pixels per pixel: more is a slip, and fills the memory."""


def figure(columns: int = 1, rows: int = 1, width: float = 7.0, height: float = 3.2, **kwargs: Any) -> Any:
    """``plt.subplots`` with the course's look: (figure, axes). ``height`` is of the whole figure, in inches."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    check_whole(1, MOST, columns=columns, rows=rows)
    check_number(above=0, most=MOST, width=width, height=height)
    style: dict[Any, Any] = {
        "axes.prop_cycle": cycler(color=COLOURS[:6]),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "font.size": 10,
        "legend.frameon": False,
        "figure.facecolor": "white",
        "svg.fonttype": "none",
    }
    # A figure is shown once, by `show`: a notebook would else show it, half drawn, where the cell that began it ends.
    # A session's first figure would start the notebook's backend, which turns interaction on: it is started here.
    if not plt.get_fignums():
        plt.switch_backend(plt.get_backend())
    with plt.ioff(), plt.rc_context(style):
        fig, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **kwargs)
    return fig, axes


def show(fig: Figure, alt: str) -> None:
    """Display ``fig``, a matplotlib figure, with an alternative text, and close it.

    Args:
        fig: the figure.
        alt: one or two sentences, never none, that state what was measured, for a reader who does not see the figure.
    """
    from IPython.display import HTML, display

    display(HTML(html(fig, alt)))  # type: ignore[no-untyped-call]


@typed
def html(fig: Figure, alt: str) -> str:
    """``fig`` as one HTML image that carries its own data, for an explorer; closes it. As :func:`show`."""
    import matplotlib.pyplot as plt

    _check_alt(fig, alt, "figure")
    _raise_text(fig, DPI)
    kind = "ganbook-figure" if _shows_values_as_colours(fig) else "ganbook-figure ganbook-lines"
    file = io.BytesIO()
    # WebP without loss: half of a PNG, and every browser and notebook of today shows it.
    fig.savefig(file, format="webp", dpi=DPI, facecolor="white", pil_kwargs={"lossless": True})
    plt.close(fig)
    data = base64.b64encode(file.getvalue()).decode()
    style = "max-width:100%;height:auto;background:#fff;border-radius:6px"
    return f'<img class="{kind}" src="data:image/webp;base64,{data}" alt="{escape(alt)}" style="{style}">'


def _shows_values_as_colours(fig: Figure) -> bool:
    """Whether it holds an image, a map or points coloured by value: what may not be turned dark with the page."""
    from matplotlib.cm import ScalarMappable

    return any(isinstance(artist, ScalarMappable) and artist.get_array() is not None for artist in fig.findobj())


def _raise_text(fig: Figure, dpi: int) -> None:
    """Make what is too small to read, at the size at which a built page shows the figure, as large as it must be."""
    from matplotlib.text import Text

    least = LEAST_TEXT * 72 / dpi * max(1.0, fig.get_figwidth() * dpi / COLUMN)
    for axes in fig.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if any(float(label.get_fontsize()) < least for label in axis.get_ticklabels(which="both")):
                axis.set_tick_params(which="both", labelsize=least)
    for text in fig.findobj(Text):
        if float(text.get_fontsize()) < least:
            text.set_fontsize(least)


def _check_alt(fig: Figure, alt: str, what: str) -> None:
    if not hasattr(fig, "savefig"):
        raise TypeError(f"fig is {shown(fig)}: allowed is a matplotlib figure")
    if not alt.strip():
        raise ValueError(f"alt is empty: it must state what the {what} shows, for a reader who does not see it")


@typed
def film(fig: Figure, draw: Callable[[int], Iterable[Any] | None], frames: int, alt: str, interval: int = 120) -> None:
    """Display a film that plays without a server, with buttons a screen reader can name; at rest it shows its end.

    Args:
        fig: the figure that ``draw`` redraws.
        draw: called with the frame's number 0..frames-1.
        frames: number of frames; about 60 at most keep the page small.
        alt: what happens in the film, in one or two sentences.
        interval: milliseconds per frame.
    """
    import matplotlib.pyplot as plt
    from IPython.display import HTML, display
    from matplotlib.animation import FuncAnimation

    _check_alt(fig, alt, "film")
    check_whole(1, frames=frames, interval=interval)

    def draw_legibly(i: int) -> Iterable[Any]:
        drawn = draw(int(i)) or []
        _raise_text(fig, FILM_DPI)
        return drawn

    animation = FuncAnimation(fig, draw_legibly, frames=frames, interval=interval)
    with plt.rc_context({"savefig.dpi": FILM_DPI, "animation.embed_limit": 20}):
        html = animation.to_jshtml(default_mode="once")
    plt.close(fig)
    display(HTML(_labelled(_lighter(_at_its_end(html)), alt)))  # type: ignore[no-untyped-call]


def _at_its_end(html: str) -> str:
    """Shown is the last frame; play begins at the first again, where matplotlib would find nothing left to play."""
    html = html.replace("this.current_frame = 0;", "this.current_frame = frames.length - 1;")
    rewind = "if (this.current_frame == this.frames.length - 1) this.first_frame();"
    return html.replace("this.direction = 1;", f"{rewind}\n    this.direction = 1;")


def _lighter(html: str) -> str:
    """Frames as WebP, which matplotlib does not write: a film of samples is a tenth as large, and looks the same."""
    from PIL import Image

    def encode(frame: re.Match[str]) -> str:
        file = io.BytesIO()
        picture = Image.open(io.BytesIO(base64.b64decode(frame[1].replace("\\\n", ""))))
        picture.convert("RGB").save(file, "WEBP", quality=90)
        return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"

    return re.sub(r"data:image/png;base64,((?:[A-Za-z0-9+/=]|\\\n)+)", encode, html)


_BUTTONS = {
    "slower": ("slower", "−"),
    "first_frame": ("first frame", "|◀"),
    "previous_frame": ("previous frame", "◁"),
    "reverse_animation": ("play backwards", "◀"),
    "pause_animation": ("pause", "II"),
    "play_animation": ("play", "▶"),
    "next_frame": ("next frame", "▷"),
    "last_frame": ("last frame", "▶|"),
    "faster": ("faster", "+"),
}
"""matplotlib's method behind each button, to its name and its sign."""


def _labelled(html: str, alt: str) -> str:
    """Names for the buttons and the slider, a text for the picture, no icon font from another host."""
    html = re.sub(r'<link rel="stylesheet"\s+href="https?:[^>]*>', "", html)
    for method, (label, icon) in _BUTTONS.items():
        attributes = f'type="button" title="{label}" aria-label="{label}"'
        pattern = rf'<button[^>]*?onclick="(anim\w+)\.{method}\(\)"[^>]*>.*?</button>'
        named = rf'<button {attributes} onclick="\1.{method}()">{icon}</button>'
        html = re.sub(pattern, named, html, flags=re.DOTALL)
    picture = f'<img alt="{escape(alt)}" style="max-width:100%;background:#fff" id="_anim_img'
    html = html.replace('<img id="_anim_img', picture)
    return re.sub(r'(<input id="_anim_slider\w+" type="range")', r'\1 aria-label="frame"', html)


@typed
def table(head: Sequence[str], rows: Iterable[Any], caption: str = "") -> HTML:
    """A table for a page, which scrolls by itself where the page is narrow; the first cell of a row is its heading.

    Args:
        head: one heading per column.
        rows: each a list of cells, shown as ``str`` gives them; they may hold HTML.
        caption: one sentence above the table, or "".
    """
    from IPython.display import HTML

    rows = list(rows)
    if not all(isinstance(row, Collection) and len(row) for row in rows):
        raise TypeError("rows holds what is no row: allowed are lists of cells, one cell or more in each")
    top = "".join(f"<th scope='col'>{cell}</th>" for cell in head)
    body = "".join(
        f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for name, *cells in rows
    )
    said = f"<caption>{caption}</caption>" if caption else ""
    inner = f"<table class='table'>{said}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return HTML(f"<div style='overflow-x:auto' tabindex='0'>{inner}</div>")  # type: ignore[no-untyped-call]


@typed
def points(axes: Axes, real: Tensor | None, fake: Tensor | None, limit: float = 3.0) -> None:
    """Scatter real (blue) and fake (orange) points (N, 2) into a square of side ``2 * limit``."""
    _check_axes(axes)
    check_number(above=0, limit=limit)
    for samples, colour, label, marker in ((real, REAL, "real", "o"), (fake, FAKE, "fake", "x")):
        if samples is not None:
            check_tensor(label, samples, "N", 2, kind="any", finite=True)
            x, y = samples.detach().cpu().float().T
            axes.scatter(x, y, s=9, c=colour, label=label, marker=marker, linewidths=0.7, alpha=0.7)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")


@typed
def history(axes: Axes, curves: dict[str, list[float]], names: Sequence[str]) -> None:
    """Draw the named curves of a training history against its "step"."""
    _check_axes(axes)
    for name in ("step", *names):
        check_choice(curves, names=name)
    for name, style in zip(names, ("-", "--", ":", "-.") * 3, strict=False):
        axes.plot(curves["step"], curves[name], style, label=name)
    axes.set_xlabel("round")
    axes.legend()


def _check_axes(axes: Axes) -> None:
    if not hasattr(axes, "set_xlabel"):
        raise TypeError(f"axes is {shown(axes)}: allowed is matplotlib axes")


@typed
def image_grid(images: Tensor, columns: int = 8, scale: int = 1) -> Tensor:
    """Tile float images (N, C, H, W) in [-1, 1] into one uint8 picture (H', W', 3), each pixel ``scale`` wide.

    Grey images are shown in grey; white lines, two pixels wide, part and frame the tiles, but for a single one.
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    check_whole(1, columns=columns)
    check_whole(1, MOST, scale=scale)
    if images.shape[1] not in (1, 3):
        raise ValueError(f"images has {images.shape[1]} channels: allowed is 1 or 3")
    tiles = images.detach().float().cpu().add(1).div(2).clamp(0, 1).mul(255).round_().to(torch.uint8)
    tiles = tiles.expand(-1, 3, -1, -1)
    n, _, height, width = tiles.shape
    if n == 1:
        grid = tiles[0]
    else:
        columns = min(columns, n)
        rows = -(-n // columns)
        line = GRID_LINE
        grid = torch.full((3, rows * (height + line) + line, columns * (width + line) + line), 255, dtype=torch.uint8)
        for i, tile in enumerate(tiles):
            y, x = (of * (side + line) + line for of, side in zip(divmod(i, columns), (height, width), strict=True))
            grid[:, y : y + height, x : x + width] = tile
    return grid.repeat_interleave(scale, 1).repeat_interleave(scale, 2).permute(1, 2, 0)
