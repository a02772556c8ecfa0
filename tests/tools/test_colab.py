"""What would change on Colab is told; the twin itself is resolved by `make colab`, which needs a network."""

from __future__ import annotations

import colab


def test_colabs_list_is_read_without_its_cuda():
    listed = colab.pinned(
        "# a comment\n\nIPython_x==7.34.0\nnvidia-cublas-cu12==1\ncuda-python==12\ntriton==3\ntorch==2.11.0+cu128\n"
    )
    assert listed == {"ipython-x": "7.34.0", "torch": "2.11.0+cu128"}
    whole = colab.pinned(colab.CONSTRAINTS.read_text(encoding="utf-8"))
    assert len(whole) > 500 and set(colab.NEVER) | set(colab.FRONT_END) <= set(whole)


def test_what_is_new_and_what_would_change_are_told_apart():
    there = {"torch": "2.11.0+cu128", "torchvision": "0.26.0", "numpy": "2.1.3", "ipywidgets": "7.7.1", "tqdm": "4.67"}
    found = {"torch": "2.11.0", "torchvision": "0.26.0", "numpy": "2.1.3", "ipywidgets": "7.7.1", "emoji": "2.16"}
    assert colab.judged(found | {"nvidia-nccl-cu12": "2"}, there) == ({"emoji": "2.16"}, [])
    new, faults = colab.judged(found | {"numpy": "2.2.0"}, there)
    assert new == {"emoji": "2.16"} and faults == ["numpy would be 2.2.0, and Colab has 2.1.3"]
    assert colab.judged({"tqdm": "4.67"}, there)[1] == [f"{name} is not there at all" for name in colab.NEVER]
