"""Chapter 4: orbits of the bilinear game whose rule changes on the way."""

from __future__ import annotations

import math

from ganbook.checks.readings import Log, Reading

ROUNDS = (*range(0, 160, 8),)
_ETA = 0.15


def play(fault: str, place: float) -> Log:
    """min over θ, max over ψ of θψ, in turn; the fault sets in right after the look at round ``place``."""
    theta, psi = 1.0, 0.0
    thetas, psis, radii = [], [], []
    for number in range(ROUNDS[-1] + 1):
        broken = fault if number > place else ""
        if number:
            eta = 2 * _ETA if broken == "larger steps" else _ETA
            damping = 0.3 * eta * psi if broken == "D is damped" else 0.0
            met = psi
            psi = psi + eta * theta - damping
            met = met if broken == "both at once" else psi
            theta -= 0.0 if broken == "θ stands still" else eta * met
        if number in ROUNDS:
            thetas.append(theta)
            psis.append(psi)
            radii.append(math.hypot(theta, psi))
    return {"players": {"θ": thetas, "ψ": psis}, "distance from (0, 0)": {"distance": radii}}


READING = Reading(
    play=play,
    faults={
        "both at once": "the distance grows from turn to turn, by a constant factor, and the turns take as long as "
        "before.",
        "D is damped": "the distance shrinks from turn to turn: something takes energy out of the game.",
        "larger steps": "the distance neither grows nor shrinks; count the rounds that a turn takes.",
        "θ stands still": "one of the two curves is flat. What does the other do against a partner that does not "
        "answer?",
        "momentum": "momentum drives both players out; where the distance grows, ask first whether the order of the "
        "moves does it.",
    },
    cases={
        "A": ("larger steps", 64),
        "B": ("both at once", 48),
        "C": ("θ stands still", 112),
        "D": ("D is damped", 80),
    },
    places=ROUNDS,
    slack=1,
    astray="The names are right, a round is not. Where does the curve leave the orbit that it repeated until then?",
)
