"""Of several processes that play one run, the first measures and writes; all return the same run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import dataclasses, json, os, sys, torch
from pathlib import Path
from ganbook import data, models, recipes

torch.set_num_threads(1)
out = Path(sys.argv[1])

def score(sampler, load, n):
    with open(out / f"scored-by-{os.environ['RANK']}", "a") as file:
        file.write("once")
    return {"mean": sampler.sample(n).mean().item()}

images = torch.arange(7 * 256).view(7, 1, 16, 16).to(torch.uint8)
own = data.ImageSet("mine", "train", images)
recipe = dataclasses.replace(
    recipes.get("dcgan-digits"), name="mine", data=own, size=None, steps=4, scored=5, score=score, budgets={},
    generator=lambda dim: models.CompactGenerator(dim, channels=1, size=16, width=4),
    discriminator=lambda: models.CompactDiscriminator(channels=1, size=16, width=4),
)
for resume in (False, True):
    run = recipe.train("smoke", out=out / "run", resume=resume, progress=False)
    print(json.dumps([run.metrics, run.sampler.card, run.sampler.sample(2).sum().item()]))
"""


def test_the_first_process_measures_and_writes(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in ("0", "1"):
        environment = os.environ | {
            "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        }  # fmt: skip
        command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True))
    said = []
    for process in started:
        output, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        said.append(output.splitlines())
    sentence = "mine plays with 6 images per round instead of 64, as many as there are"
    kept = f"{tmp_path / 'run'} holds the finished run of 4 rounds: more steps go on from there"
    assert said[0] == [sentence, said[1][0], sentence, kept, said[1][1]], "the processes report different runs"
    first, resumed = (json.loads(line) for line in said[1])
    assert first[0] == resumed[0] == json.loads((tmp_path / "run" / "card.json").read_text("utf-8"))["metrics"]
    assert first[2] == resumed[2] and first[1]["batch_size"] == 6
    assert (tmp_path / "scored-by-0").read_text() == "once" and not (tmp_path / "scored-by-1").exists()
