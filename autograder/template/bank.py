"""The known mistakes of lesson NN: id → (exercise, the wrong value over the letters of its inputs), see the package."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "scale_per_sample": ("scale-NN", "x * a[:, None]"),
    "scale_added": ("scale-NN", "x + a"),
    "da_not_summed": ("scale-backward-NN", "G * x"),
    "da_mean": ("scale-backward-NN", "(G * x).mean(0)"),
    "layer_overwrites": ("scale-layer-NN", "(G2 * x2).sum(0)"),
}
