"""Pictures that are painted: in thick strokes of oil, and in dots."""

import math

import numpy as np
from canvas import DRAWN, X, Y, noise, paint, picture, ramp, varied
from numpy.random import Generator
from PIL import Image, ImageDraw


def night(rng: Generator) -> Image.Image:
    """Stars that whirl over dark hills, in thick strokes of oil."""
    colors = ramp(Y + 0.25 * (noise(rng, 5) - 0.5), [
        (0.0, (18, 32, 92)), (0.35, (44, 88, 168)), (0.55, (104, 156, 196)),
        (0.72, (196, 204, 160)),
    ])  # fmt: skip
    flow_x, flow_y = 1.0 + 0 * X, 0.6 * np.sin(9 * X + 5 * Y) + 1.2 * (noise(rng, 4) - 0.5)
    stars = [
        (0.83, 0.14, 0.13), (0.17, 0.17, 0.075), (0.44, 0.13, 0.055), (0.6, 0.3, 0.05),
        (0.3, 0.42, 0.06), (0.06, 0.5, 0.05), (0.93, 0.45, 0.055), (0.63, 0.1, 0.045),
    ]  # fmt: skip
    for x, y, size in [*stars, (0.47, 0.27, 0.0), (0.7, 0.48, 0.0)]:
        dx, dy = X - x, Y - y
        distance = np.hypot(dx, dy)
        pull = np.exp(-((distance / (1.7 * size or 0.14)) ** 2)) * 8 / (distance + 0.02)
        flow_x, flow_y = flow_x - pull * dy, flow_y + pull * dx
        if size:
            rings = 0.75 + 0.25 * np.cos(distance / size * 14)
            glow = np.exp(-((distance / size) ** 2) * 1.3)[..., None] * rings[..., None]
            colors = colors * (1 - glow) + np.array([252, 214, 84]) * glow
            core = np.exp(-((distance / size * 2.6) ** 4))[..., None]
            colors = colors * (1 - core) + np.array([255, 246, 190]) * core
    angles = np.arctan2(flow_y, flow_x)
    hills = 0.74 + 0.06 * np.sin(5.5 * X + 0.6) + 0.03 * np.sin(13 * X)
    depth = Y - hills
    land = ramp(depth, [(0.0, (40, 84, 120)), (0.05, (28, 62, 66)), (0.12, (52, 92, 52)),
                        (0.26, (16, 34, 40))])  # fmt: skip
    land += 60 * (noise(rng, 10)[..., None] - 0.5)
    colors = np.where((depth > 0)[..., None], land, colors)
    angles = np.where(depth > 0, 0.33 * np.cos(5.5 * X + 0.6) + 0.3 * np.sin(20 * X), angles)
    tree = np.abs(X - 0.12 - 0.012 * np.sin(26 * Y)) < 0.075 * (Y - 0.42) * (1.25 - Y) * 3
    flame = np.array([22, 38, 30]) + 46 * noise(rng, 16, 5)[..., None] * np.array([0.7, 1.1, 0.5])
    colors = np.where((tree & (Y > 0.42))[..., None], flame, colors)
    angles = np.where(tree & (Y > 0.42), math.pi / 2 + 0.5 * np.sin(30 * Y + 12 * X), angles)
    canvas = picture(colors)
    paint(rng, canvas, colors, angles, 5000, 12, 15)
    paint(rng, canvas, colors, angles, 9000, 8, 9)
    return canvas


def points(rng: Generator) -> Image.Image:
    """A river bank at evening, in dots of pure color."""
    sky = ramp(Y / 0.5, [(0.0, (92, 136, 208)), (0.5, (236, 188, 168)), (0.9, (255, 224, 120)),
                         (1.0, (255, 206, 96))])  # fmt: skip
    sun = np.exp(-((np.hypot(X - 0.68, Y - 0.4) / 0.09) ** 2))[..., None]
    sky = sky * (1 - sun) + np.array([255, 246, 170]) * sun
    mirrored = sky[np.clip(DRAWN - np.arange(DRAWN), 0, DRAWN - 1)] * np.array(
        [0.62, 0.76, 0.86]
    ) + np.array([0, 14, 52])
    ripple = np.sin(130 * Y + 9 * noise(rng, 6)) > 0.55
    water = np.where(ripple[..., None], mirrored * 1.18 + 14, mirrored)
    colors = np.where((Y > 0.5)[..., None], water, sky)
    for x, height, size, color in (
        (0.06, 0.3, 0.17, (36, 110, 66)),
        (0.25, 0.36, 0.12, (92, 140, 50)),
        (0.41, 0.43, 0.07, (60, 98, 110)),
        (0.95, 0.36, 0.12, (40, 92, 84)),
    ):
        crown = np.hypot((X - x) / size, (Y - height) / (size * 1.25)) + 0.5 * noise(rng, 14) - 0.25
        light = 55 * ((X - x) / size - (Y - height) / size)[..., None]
        colors = np.where((crown < 1)[..., None], np.array(color) + light, colors)
        shade = np.hypot((X - x) / size, (Y - (1.02 - height)) / (size * 1.2))
        colors = np.where(
            ((shade < 1) & (Y > 0.5))[..., None], 0.3 * colors + 0.62 * np.array(color), colors
        )
    bank = Y - 0.83 + 0.16 * X + 0.02 * np.sin(11 * X)
    grass = ramp(bank, [(0.0, (214, 206, 84)), (0.08, (118, 160, 52)), (0.3, (40, 92, 78))])
    colors = np.where((bank > 0)[..., None], grass, colors)
    canvas = picture(0.55 * colors + 0.45 * np.array([244, 236, 214]))
    brush = ImageDraw.Draw(canvas)
    for size, step, spread in ((11, 13, 34), (8, 9, 30)):
        grid = np.stack(np.meshgrid(*2 * [np.arange(0, DRAWN, step)]), -1).reshape(-1, 2)
        for x, y in rng.permutation(grid) + rng.normal(0, step / 3, grid.shape):
            column, row = (min(DRAWN - 1, max(0, int(place))) for place in (x, y))
            color = colors[row, column]
            # Now and then the complement, as the painters of dots had it from the chemists.
            if rng.random() < 0.14:
                color = 0.45 * color + 0.55 * (255 - color[[1, 2, 0]])
            mean = color.mean()
            fill = varied(rng, mean + 1.5 * (color - mean), spread)
            r = size * rng.uniform(0.38, 0.62)
            brush.ellipse((x - r, y - r, x + r, y + r), fill)
    return canvas
