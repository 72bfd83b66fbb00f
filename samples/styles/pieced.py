"""Pictures that are pieced together: of tesserae, and of panes of glass."""

import math

import numpy as np
from canvas import DRAWN, Color, X, Y, noise, picture, varied
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter


def mosaic(rng: Generator) -> Image.Image:
    """A rosette and fish scales of glass and gold tesserae, in rings."""
    canvas = Image.new("RGB", (DRAWN, DRAWN), (58, 50, 44))
    brush = ImageDraw.Draw(canvas)
    center, tile = DRAWN / 2, 24.0
    gold, cream, lapis, sea = (222, 172, 58), (240, 226, 190), (28, 56, 132), (38, 138, 150)
    red, wine, leaf, night_blue = (186, 46, 36), (108, 24, 44), (84, 130, 62), (20, 30, 66)

    def color_of(ring: int, turn: float) -> Color:
        """Of the tile in that ring at `turn`, 0…1 of the way around."""
        petal = abs((turn * 12) % 1 - 0.5) * 2
        if ring < 2:
            return gold
        if ring < 7:
            edge = (ring - 2) / 5
            return (
                red if petal < 0.85 - 0.55 * edge else (gold if petal < 1.0 - 0.4 * edge else lapis)
            )
        if ring == 7 or ring == 13:
            return cream
        if ring < 13:
            wave = abs((turn * 24 + (ring - 8) * 0.1) % 1 - 0.5) * 2
            return (
                (sea, lapis, leaf)[int(wave * 2.99)]
                if ring != 10
                else (gold if wave > 0.5 else lapis)
            )
        if ring == 14:
            return wine if int(turn * 72) % 2 else gold
        scale = ((turn * 40 + 0.5 * ((ring // 3) % 2)) % 1 - 0.5) * 2
        arch = (ring % 3) / 2 + 0.5 * scale**2
        return (
            night_blue if arch > 1.0 else (sea if arch > 0.55 else (gold if arch < 0.25 else lapis))
        )

    for ring in range(32):
        inner, outer = ring * tile, (ring + 1) * tile
        count = max(5, round(2 * math.pi * (inner + tile / 2) / (tile * 1.05)))
        offset = rng.random()
        for index in range(count):
            first, last = (2 * math.pi * (index + offset + each) / count for each in (0.0, 1.0))
            gap = 2.6 / (inner + tile / 2)
            corners = [
                tuple(center + r * np.array([math.cos(a), math.sin(a)]) + rng.normal(0, 1.1, 2))
                for r, a in ((inner + 2.6, first + gap), (outer - 2.6, first + gap),
                             (outer - 2.6, last - gap), (inner + 2.6, last - gap))
            ]  # fmt: skip
            base = np.array(color_of(ring, ((first + last) / 4 / math.pi) % 1), float)
            color = varied(rng, base, 15)
            brush.polygon(corners, color)
            # Each stands at its own angle to the light.
            glint = varied(rng, np.array(color) + rng.choice([-30, 26, 44]), 5)
            brush.polygon([corners[0], corners[1], corners[int(rng.integers(2, 4))]], glint)
    grain = 16 * (noise(rng, 128, octaves=2) - 0.5)[..., None]
    return picture(np.asarray(canvas.filter(ImageFilter.GaussianBlur(0.8))) + grain)


def glass(rng: Generator) -> Image.Image:
    """A window of stained glass: a sun over hills and a river, in lead."""
    seeds = rng.random((330, 2)) * 1.1 - 0.05
    for _ in range(3):  # toward even cells: each seed moves away from its neighbors
        apart = seeds[:, None] - seeds[None]
        squared = (apart**2).sum(-1) + np.eye(len(seeds))
        seeds += (apart * np.exp(-squared / 0.001)[..., None]).sum(1) * 0.35
    # Around the sun, rings of panes.
    sun = np.array([0.64, 0.3])
    outside = np.hypot(*(seeds - sun).T) > 0.25
    rings = [sun[None]] + [
        sun + radius * np.stack([np.cos(turns), np.sin(turns)], -1)
        for radius, panes in ((0.1, 9), (0.18, 14), (0.27, 18))
        for turns in [2 * np.pi * (np.arange(panes) + 0.5 * (panes % 2)) / panes]
    ]
    seeds = np.concatenate([*rings, seeds[outside]])
    apart = np.hypot(*np.moveaxis(seeds[:, None] - seeds[None], -1, 0))
    seeds = seeds[(np.tril(apart < 0.03, -1).sum(axis=1) == 0)]

    def color_of(x: float, y: float) -> Color:
        around = math.hypot(x - sun[0], y - sun[1])
        reds = [(228, 60, 24), (206, 28, 36), (240, 110, 20)]
        if around < 0.06:
            return 255, 236, 120
        if around < 0.14:
            return 250, 176, 24
        if around < 0.24:
            return reds[int(rng.integers(3))]
        river = abs(x - 0.42 - 0.3 * (y - 0.62) - 0.09 * math.sin(9 * y)) < 0.07 * (y / 0.7) ** 2
        if y > 0.62 + 0.07 * math.sin(7 * x) and river:
            return [(60, 190, 210), (130, 214, 222), (30, 140, 190)][int(rng.integers(3))]
        if y > 0.8 + 0.06 * math.sin(6 * x + 2):
            return [(20, 92, 52), (14, 70, 62), (96, 128, 24)][int(rng.integers(3))]
        if y > 0.62 + 0.07 * math.sin(7 * x):
            return [(70, 152, 48), (132, 170, 40), (36, 122, 66)][int(rng.integers(3))]
        blues = [(24, 52, 150), (36, 84, 190), (88, 54, 150), (70, 136, 216)]
        return blues[int(rng.integers(3 if y < 0.35 else 4))]

    warped = np.stack([X + 0.02 * (noise(rng, 6) - 0.5), Y + 0.02 * (noise(rng, 6) - 0.5)], -1)
    nearest = np.full((DRAWN, DRAWN), np.inf)
    second, pane = nearest.copy(), np.zeros((DRAWN, DRAWN), int)
    for index, seed in enumerate(seeds):
        # Only as far around as its pane can reach.
        left, top, right, bottom = (
            int(min(1.0, max(0.0, place)) * DRAWN) for place in (*(seed - 0.2), *(seed + 0.2))
        )
        area = (slice(top, bottom), slice(left, right))
        distance = np.hypot(*np.moveaxis(warped[area] - seed, -1, 0))
        closer = distance < nearest[area]
        second[area] = np.where(closer, nearest[area], np.minimum(second[area], distance))
        nearest[area] = np.where(closer, distance, nearest[area])
        pane[area] = np.where(closer, index, pane[area])
    colors = np.array([varied(rng, np.array(color_of(*seed), float), 14) for seed in seeds])
    light = 0.72 + 0.5 * noise(rng, 5) + 0.3 * (noise(rng, 90, 14, octaves=2) - 0.5)
    rim = np.clip((second - nearest) / 0.03, 0, 1)
    pixels = colors[pane] * (light * (0.62 + 0.38 * rim))[..., None]
    lead = np.clip((second - nearest - 0.0075) / 0.002, 0, 1)[..., None]
    ridge = 26 + 44 * np.clip(1 - (second - nearest) / 0.0045, 0, 1)[..., None]
    return picture(pixels * lead + ridge * (1 - lead))
