"""Learning-rate factors as pure functions of how far training has come."""

from __future__ import annotations


def polynomial_decay(progress: float, *, power: float = 0.9) -> float:
    """Return the factor (1 - progress) ** power.

    Args:
        progress: Share of the training that is done; clipped to 0-1.
        power: Exponent; 0.9 is the published choice.
    """
    return float((1 - min(max(progress, 0.0), 1.0)) ** power)


def warmed_up(step: int, *, warmup_steps: int) -> float:
    """Return the factor of a linear warm-up: reaches 1 at `warmup_steps`, never 0.

    Args:
        step: Steps done so far.
        warmup_steps: Length of the warm-up; 0 for none.
    """
    return 1.0 if step >= warmup_steps else (step + 1) / (warmup_steps + 1)


def step_decay(progress: float, *, milestones: tuple[float, ...], factor: float = 0.1) -> float:
    """Return `factor` to the power of the milestones passed.

    Args:
        progress: Share of the training that is done, 0-1.
        milestones: Shares at which the rate falls, ascending.
        factor: How far it falls at each.
    """
    return float(factor ** sum(progress >= milestone for milestone in milestones))
