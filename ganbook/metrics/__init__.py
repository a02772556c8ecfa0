"""Scores: pure functions of samples or of features; floors, n and split travel with them in a report."""

from __future__ import annotations

from ganbook.metrics.features import features
from ganbook.metrics.frechet import frechet_distance
from ganbook.metrics.modes import ModeCoverage, mode_coverage
from ganbook.metrics.report import report_images, report_points

__all__ = ["ModeCoverage", "features", "frechet_distance", "mode_coverage", "report_images", "report_points"]
