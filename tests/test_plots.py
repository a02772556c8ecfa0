"""Figures: a text for who does not see them, no other host, and true pixels."""

import base64
import io
import re

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import torch
import torchvision
from nbclient import NotebookClient

from ganbook import plots

mpl.use("agg")
import matplotlib.pyplot as plt
from IPython.display import HTML
from PIL import Image


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    seen = []
    monkeypatch.setattr(IPython.display, "display", lambda thing: seen.append(thing))
    return seen


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    assert plt.get_fignums() == [], "a figure was left open"


def drawn():
    fig, axes = plots.figure(2, 1, width=5, height=2)
    assert len(axes) == 2 and tuple(fig.get_size_inches()) == (5, 2)
    axes[0].plot([0, 1], [1, 0])
    return fig


def test_show_gives_an_image_with_its_text(shown):
    plots.show(drawn(), alt='7 of 8 modes, "good" & <well>')
    (image,) = shown
    assert isinstance(image, HTML)
    assert 'alt="7 of 8 modes, &quot;good&quot; &amp; &lt;well&gt;"' in image.data
    webp = base64.b64decode(re.search(r'src="data:image/webp;base64,([^"]+)"', image.data)[1])
    picture = np.asarray(Image.open(io.BytesIO(webp)).convert("RGBA"))
    assert picture.shape == (200, 500, 4)
    assert picture[0, 0].tolist() == [255, 255, 255, 255], "white on a dark page too"
    assert "http" not in image.data


def test_lines_may_turn_dark_and_images_may_not():
    def kind(draw):
        fig, axes = plots.figure()
        draw(axes)
        return "ganbook-lines" in plots.html(fig, "something")

    assert kind(lambda axes: axes.plot([0, 1])) and kind(lambda axes: axes.scatter([0, 1], [0, 1], color="red"))
    image = torch.rand(4, 4).numpy()
    assert not kind(lambda axes: axes.imshow(image)) and not kind(lambda axes: axes.contourf(image))
    assert not kind(lambda axes: axes.scatter([0, 1], [0, 1], c=[0.1, 0.9]))


def test_html_is_what_show_shows(shown):
    plots.show(drawn(), alt="a line")
    assert plots.html(drawn(), alt="a line") == shown[0].data


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_text_is_refused(alt):
    fig = drawn()
    for call in (plots.show, plots.html):
        with pytest.raises(ValueError, match=r"^alt is empty"):
            call(fig, alt)
    with pytest.raises(ValueError, match=r"^alt is empty"):
        plots.film(fig, lambda i: None, 2, alt)
    plt.close(fig)


def test_film_plays_without_a_server_and_names_its_buttons(shown):
    fig, axes = plots.figure(width=2, height=2)
    (line,) = axes.plot([0, 1], [0, 0])
    frames = []

    def draw(i):
        frames.append(i)
        line.set_ydata([0, i])

    plots.film(fig, draw, 3, 'the line rises, "slowly"')
    page = shown[0].data
    assert set(frames) == {0, 1, 2}
    frames = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)\"", page)
    assert [Image.open(io.BytesIO(base64.b64decode(frame))).size for frame in frames] == [(128, 128)] * 3
    assert "image/png" not in page
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page), "a film asks no other host"
    buttons = re.findall(r"<button[^>]*>", page)
    assert len(buttons) == 9
    labels = [re.search(r'aria-label="([^"]+)"', button)[1] for button in buttons]
    assert len(set(labels)) == 9 and {"play", "pause", "next frame", "last frame"} <= set(labels)
    assert all(re.search(r'onclick="anim\w+\.\w+\(\)"', button) for button in buttons)
    (picture,) = re.findall(r"<img[^>]*>", page)
    assert 'alt="the line rises, &quot;slowly&quot;"' in picture
    assert re.search(r'<input id="_anim_slider\w+" type="range" aria-label="frame"', page)


def test_film_rests_on_its_last_frame_and_plays_from_its_first(shown):
    fig, _ = plots.figure(width=2, height=2)
    plots.film(fig, lambda i: None, 3, "nothing moves")
    page = shown[0].data
    assert "this.current_frame = 0;" not in page
    assert page.count("this.current_frame = frames.length - 1;") == 1
    (play,) = re.findall(r"play_animation = function\(\)(.*?)setInterval", page, flags=re.DOTALL)
    assert play.index("this.first_frame();") < play.index("this.direction = 1;")


def test_image_grid_has_the_pixels_of_its_images():
    images = torch.linspace(-1, 1, 6 * 1 * 4 * 5).reshape(6, 1, 4, 5)
    grid = plots.image_grid(images, columns=3)
    # Two rows of three 4 x 5 images, two white pixels around each.
    assert grid.shape == (2 * 6 + 2, 3 * 7 + 2, 3) and grid.dtype == torch.uint8
    assert (grid[:2] == 255).all() and (grid[:, :2] == 255).all()
    expected = ((images[4, 0] + 1) * 127.5).round().to(torch.uint8)
    tile = grid[2 + 6 : 2 + 6 + 4, 2 + 7 : 2 + 7 + 5]
    assert (tile.int() - expected.int()[..., None]).abs().max() <= 1
    colour = torch.zeros(2, 3, 2, 2)
    colour[:, 0], colour[:, 2] = 1.0, -1.0
    assert plots.image_grid(colour)[2, 2].tolist() == [255, 128, 0]


@pytest.mark.parametrize(("n", "channels", "columns"), [(1, 1, 8), (5, 3, 3), (5, 1, 8), (8, 3, 4)])
def test_image_grid_is_that_of_torchvision(n, channels, columns):
    images = torch.rand(n, channels, 7, 5, generator=torch.Generator().manual_seed(0)) * 2.4 - 1.2
    unit = images.add(1).div(2).clamp(0, 1)
    theirs = torchvision.utils.make_grid(unit, nrow=columns, padding=2, pad_value=1.0)
    assert torch.equal(plots.image_grid(images, columns), theirs.mul(255).round().byte().permute(1, 2, 0))
    with pytest.raises(ValueError, match=r"^images has 2 channels: allowed is 1 or 3$"):
        plots.image_grid(images[:, :1].expand(-1, 2, -1, -1))


def test_image_grid_scales_and_clamps():
    images = torch.tensor([-5.0, 5.0]).reshape(2, 1, 1, 1)
    grid = plots.image_grid(images, scale=3)
    assert grid.shape == (15, 24, 3)
    assert grid[6:9, 6:9].unique().tolist() == [0] and grid[6:9, 15:18].unique().tolist() == [255]
    kept = images.clone()
    plots.image_grid(images)
    assert torch.equal(images, kept)


def test_points_are_blue_and_orange_and_told_apart_by_shape():
    fig, axes = plots.figure()
    plots.points(axes, torch.randn(5, 2), torch.randn(7, 2, requires_grad=True), limit=2.5)
    real, fake = axes.collections
    assert len(real.get_offsets()) == 5 and len(fake.get_offsets()) == 7
    assert mpl.colors.to_hex(real.get_edgecolor()[0]).upper() == plots.REAL == "#0072B2"
    assert mpl.colors.to_hex(fake.get_edgecolor()[0]).upper() == plots.FAKE == "#D55E00"
    assert len(real.get_paths()[0].vertices) != len(fake.get_paths()[0].vertices), "not by colour alone"
    assert axes.get_xlim() == axes.get_ylim() == (-2.5, 2.5)
    plots.points(axes, None, torch.randn(2, 2))
    assert len(axes.collections) == 3
    plt.close(fig)


def test_history_draws_the_named_curves():
    fig, axes = plots.figure()
    curves = {"step": [1.0, 2.0], "d_loss": [3.0, 4.0], "g_loss": [5.0, 6.0], "d_real": [0.5, 0.5]}
    plots.history(axes, curves, ["g_loss", "d_loss"])
    assert [line.get_label() for line in axes.lines] == ["g_loss", "d_loss"]
    assert list(axes.lines[0].get_ydata()) == [5.0, 6.0] and list(axes.lines[0].get_xdata()) == [1.0, 2.0]
    assert len({line.get_linestyle() for line in axes.lines}) == 2, "not by colour alone"
    assert axes.get_xlabel()
    plt.close(fig)


def test_the_palette_is_okabe_and_itos():
    assert len(set(plots.COLOURS)) == 8 and all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in plots.COLOURS)


def test_figures_leave_the_readers_own_settings_alone():
    before = dict(mpl.rcParams)
    plt.close(plots.figure()[0])
    assert dict(mpl.rcParams) == before


def test_a_table_has_headings_both_ways_and_scrolls_by_itself():
    html = plots.table(["loss", "mean"], [("hinge", 0.5), ("least-squares", "<b>1</b>")], "W₁ by loss.").data
    assert html.count("<tr>") == 3
    assert "<caption>W₁ by loss.</caption>" in html
    assert "<th scope='col'>mean</th>" in html
    assert "<tr><th scope='row'>hinge</th><td>0.5</td></tr>" in html
    assert "<td><b>1</b></td>" in html
    assert "overflow-x:auto" in html and "tabindex='0'" in html
    assert "<caption>" not in plots.table(["a"], [("b",)]).data
    for rows in ([1.0], [()], np.ones(3)):
        with pytest.raises(TypeError, match=r"^rows holds what is no row: allowed are lists of cells"):
            plots.table(["a"], rows)


def test_a_figure_is_left_to_show(monkeypatch):
    """A notebook shows whatever was made while matplotlib is interactive, where its cell ends."""
    seen = []
    monkeypatch.setattr(plt, "subplots", lambda *_, **__: (seen.append(mpl.is_interactive()), None))
    before = mpl.is_interactive()
    plt.ion()
    try:
        plots.figure()
        assert seen == [False] and mpl.is_interactive()
    finally:
        plt.ion() if before else plt.ioff()


@pytest.mark.parametrize(("width", "size", "least"), [(6.0, 5, 12), (7.0, 10, 12), (9.0, 8, 12), (12.0, "small", 12)])
def test_text_is_never_smaller_than_nine_points_at_the_size_shown(width, size, least):
    from matplotlib.text import Text

    fig, axes = plots.figure(2, width=width)
    axes[0].set_title("a title", fontsize=size)
    axes[0].plot([0, 1], label="a line")
    axes[0].legend(fontsize=size)
    axes[1].tick_params(labelsize=6)
    plots.html(fig, "A line that rises.")
    shown = min(1, plots.COLUMN / (width * plots.DPI)) * plots.DPI / 72
    sizes = [text.get_fontsize() * shown for text in fig.findobj(Text) if text.get_text()]
    assert len(sizes) > 10 and min(sizes) >= least - 1e-9
    if width == 7.0:
        assert max(sizes) == pytest.approx(10 * plots.DPI / 72)  # what is large enough stays as it is


def test_text_in_a_film_is_raised_in_every_frame(capsys):
    seen = []

    def draw(i):
        axes.clear()
        seen.append(axes.set_title(f"frame {i}", fontsize=7))

    fig, axes = plots.figure(width=5)
    plots.film(fig, draw, frames=2, alt="A title that counts.")
    assert min(title.get_fontsize() for title in seen[-2:]) >= 12 * 72 / plots.FILM_DPI - 1e-9


def test_a_notebook_shows_a_figure_once_and_whole():
    """The first figure of a session, drawn over two cells: the cell that begins it shows nothing."""
    code = [
        "from ganbook import plots\nfig, axes = plots.figure()",
        "axes.plot([1, 2])\nplots.show(fig, 'A line that rises.')",
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, code)], metadata={"kernelspec": kernel})
    NotebookClient(notebook, timeout=120).execute()
    assert [[set(output.data) for output in cell.outputs] for cell in notebook.cells] == [
        [],
        [{"text/plain", "text/html"}],
    ]
