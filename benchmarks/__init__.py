"""Measurements as programs: each prints what it found, beside the official SDK, in one run."""
