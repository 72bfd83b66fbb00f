"""Pictures in ink: washed on paper, and printed from blocks."""

import math

import numpy as np
from canvas import DRAWN, Color, Floats, Y, noise, picture, smooth
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter


def ink(rng: Generator) -> Image.Image:
    """Mountains in mist and a pine, in washes of black ink on paper."""
    fibers = noise(rng, 150, 60, octaves=2)
    pixels = np.array([238, 230, 210]) - 12 * noise(rng, 4)[..., None] - 10 * fibers[..., None]
    black = np.array([34, 34, 40])

    def wash(pixels: Floats, share: Floats) -> Floats:
        share = np.clip(share, 0, 1)[..., None]
        return pixels * (1 - share) + black * share

    blots = noise(rng, 9, octaves=6)
    for level, height, dark in (
        (0.42, 0.28, 0.34),
        (0.55, 0.34, 0.6),
        (0.78, 0.2, 0.85),
        (0.92, 0.14, 1.1),
    ):
        crags = sum(
            share * (1 - 2 * np.abs(noise(rng, across, octaves=3)[DRAWN // 3] - 0.5)) ** power
            for share, across, power in ((1.0, 3, 5), (0.35, 9, 3), (0.1, 34, 1), (0.05, 90, 1))
        )
        ridge = level + height * (1.0 - 1.25 * crags)
        depth = Y - ridge[None]
        inside = np.clip(depth / 0.004, 0, 1)
        # Wet ink runs down from the ridge and ends in mist; the dry brush leaves streaks.
        mist = np.exp(-np.clip(depth, 0, None) / (0.12 + 0.1 * blots))
        streaks = noise(rng, 60, 9, octaves=4)
        texture = 0.45 + 0.9 * np.clip((streaks - 0.42) * 4, 0, 1)
        outline = np.exp(-((depth / 0.006) ** 2)) * np.clip((streaks - 0.3) * 5, 0, 1)
        pixels = pixels * (1 - 0.35 * inside[..., None]) + 0.35 * inside[..., None] * np.array(
            [226, 220, 204]
        )
        pixels = wash(pixels, dark * inside * mist * texture * (0.55 + 0.9 * blots))
        pixels = wash(pixels, 1.1 * dark * outline)
    canvas = picture(pixels)
    pine = Image.new("L", canvas.size, 0)
    brush = ImageDraw.Draw(pine)

    def limb(
        x: float, y: float, angle: float, width: float, length: float
    ) -> list[tuple[float, float]]:
        """One stroke that thins out as it goes; where it went."""
        way = []
        for step in range(int(length)):
            now = width * (1 - 0.75 * step / length) * rng.uniform(0.8, 1.15)
            brush.ellipse((x - now, y - now, x + now, y + now), int(rng.integers(190, 256)))
            angle += rng.normal(0, 0.07)
            x, y = x + 5 * math.cos(angle), y + 5 * math.sin(angle)
            way.append((x, y))
        return way

    def needles(x: float, y: float, size: float) -> None:
        """A fan of needles, flat below, as pines are painted."""
        for turn in np.linspace(math.pi * 1.02, math.pi * 1.98, 21):
            reach = size * rng.uniform(0.75, 1.1)
            tip = x + reach * math.cos(turn), y + 0.75 * reach * math.sin(turn)
            brush.line([(x, y), tip], int(rng.integers(150, 256)), int(rng.integers(2, 4)))

    trunk = limb(1010, 1010, -2.2, 24, 92) + limb(760, 700, -2.6, 12, 42)
    for index in range(22, len(trunk), 9):
        x, y = trunk[index]
        for side in (-1, 1):
            twig = limb(x, y, -1.6 + side * rng.uniform(0.9, 1.5), 6, rng.uniform(14, 34))
            for place in twig[6::5]:
                needles(place[0], place[1] - 4, rng.uniform(32, 54))
    soft = pine.filter(ImageFilter.GaussianBlur(7))
    canvas = picture(wash(np.asarray(canvas, float), 0.28 * np.asarray(soft) / 255))
    canvas = picture(
        wash(np.asarray(canvas, float), 0.94 * np.asarray(pine) / 255 * (0.7 + 0.6 * blots))
    )
    brush = ImageDraw.Draw(canvas)
    for x, y in ((250, 170), (305, 140), (348, 176), (410, 150)):
        for side in (-1, 1):
            brush.line(
                [(x, y), (x + side * 12, y - 9), (x + side * 25, y - 5)],
                (50, 50, 56),
                4,
                joint="curve",
            )
    brush.rectangle((64, 850, 126, 930), (178, 40, 34))
    for stroke in (
        [(77, 880), (77, 914)],
        [(95, 864), (95, 914)],
        [(113, 880), (113, 914)],
        [(77, 914), (113, 914)],
    ):
        brush.line(stroke, (238, 222, 204), 6)
    return canvas


def waves(rng: Generator) -> Image.Image:
    """A breaking wave and its foam, in the few inks of a woodblock print."""
    paper, sky_low = np.array([236, 222, 186]), np.array([206, 196, 170])
    deep, blue, light, foam = (24, 46, 96), (52, 96, 150), (150, 184, 196), (244, 236, 214)
    # The sky is one block, inked by hand from dark to nothing.
    top = np.clip(1 - Y / 0.16, 0, 1)[..., None] ** 1.5
    pixels = paper + (sky_low - paper) * np.clip((Y - 0.35) / 0.3, 0, 1)[..., None]
    canvas = picture(pixels * (1 - 0.75 * top) + 0.75 * top * np.array([96, 120, 140]))
    brush = ImageDraw.Draw(canvas)

    def outlined(points: list[tuple[float, float]], fill: Color, width: int = 5) -> None:
        brush.polygon(points, fill)
        brush.line([*points, points[0]], deep, width, joint="curve")

    outlined([(560, 640), (690, 520), (715, 512), (740, 524), (900, 640)], (86, 112, 140), 4)
    outlined([(655, 552), (690, 520), (715, 512), (740, 524), (776, 556), (752, 548), (735, 566),
              (716, 546), (695, 566), (680, 548)], foam, 3)  # fmt: skip

    def claws(x: float, y: float, angle: float, size: float) -> None:
        """Foam that reaches out: knuckles of white, ever smaller, with an outline of ink."""
        knuckles = []
        for finger in np.linspace(-0.9, 0.9, 3):
            px, py, turn, r = x, y, angle + finger, size
            while r > 4:
                knuckles.append((px, py, r))
                turn += 0.34
                px, py, r = px + r * math.cos(turn), py + r * math.sin(turn), r * 0.78
        for px, py, r in knuckles:
            brush.ellipse((px - r - 4, py - r - 4, px + r + 4, py + r + 4), deep)
        for px, py, r in knuckles:
            brush.ellipse((px - r, py - r, px + r, py + r), foam)
        for px, py, r in knuckles[::3]:
            brush.arc((px - r / 2, py - r / 2, px + r / 2, py + r / 2), 20, 200, light, 3)

    def swell(base: float, height: float, shift: float, lines: int) -> None:
        """A wave far out: a row of crests, striped along its slope, with a little foam."""
        x = np.arange(-40, DRAWN + 60, 8.0)
        crest = (
            base
            - height * np.abs(np.sin(x / 210 + shift)) ** 1.6
            - 0.25 * height * np.sin(x / 90 + 2 * shift)
        )
        outlined([*zip(x, crest, strict=True), (DRAWN + 60, DRAWN + 60), (-60, DRAWN + 60)], blue)
        for line in range(1, lines):
            fall = 17 * line * (1 + 0.06 * line)
            lowered = crest * (1 - 0.04 * line) + 0.04 * line * base + fall
            width = 11 if line % 3 else 15
            brush.line(
                [*zip(x, lowered, strict=True)], (light, deep, foam)[line % 3], width, joint="curve"
            )
        for place in range(3, len(x) - 3, 3):
            if crest[place] < base - 0.62 * height:
                claws(x[place], crest[place] - 3, -2.4, rng.uniform(8, 13))

    swell(700, 110, 0.5, 9)
    # The great one: its back from the left edge over the crest, its face up from the trough; both
    # end at the tip, and the stripes lie between them.
    back = smooth([(-60, 1064), (-60, 620), (60, 420), (190, 250), (340, 140), (490, 120),
                   (590, 190), (622, 300)])  # fmt: skip
    face = smooth([(900, 1064), (720, 860), (500, 760), (385, 620), (362, 470), (420, 350),
                   (520, 305), (622, 318)])  # fmt: skip
    outlined([*map(tuple, back), *map(tuple, face[::-1])], blue, 7)
    for number, share in enumerate(np.linspace(0.05, 0.95, 15)):
        line = back + (face - back) * share
        stop = len(line) - 6 - 7 * (number % 3)
        color = (deep, light, deep, foam, light)[number % 5]
        brush.line([*map(tuple, line[:stop])], color, 15 if number % 2 else 10, joint="curve")
    cap = back[66:] + (face[66:] - back[66:]) * np.linspace(0.0, 0.34, len(back) - 66)[:, None]
    outlined([*map(tuple, back[66:]), *map(tuple, cap[::-1])], foam, 4)
    for index in range(62, len(back) - 1, 2):
        (x, y), (nx, ny) = back[index], back[index + 1]
        share = (index - 62) / (len(back) - 62)
        out = math.atan2(ny - y, nx - x) - 0.9 + 1.5 * share
        claws(
            x + rng.normal(0, 6),
            y + rng.normal(0, 6),
            out + rng.normal(0, 0.35),
            rng.uniform(8, 15) * (1 + share),
        )
    for index in range(len(cap) - 1, 6, -3):
        x, y = cap[index]
        claws(x + rng.normal(0, 5), y, 1.7 + rng.normal(0, 0.35), rng.uniform(9, 17))
    swell(860, 120, 2.2, 12)
    for _ in range(90):
        x, y = rng.normal(640, 150), rng.normal(430, 120)
        r = rng.uniform(2, 6)
        brush.ellipse((x - r, y - r, x + r, y + r), foam, deep)
    # The grain of the block shows in the ink.
    grain = noise(rng, 7, 170, octaves=3)[..., None] - 0.5
    return picture(
        np.asarray(canvas, float) + 44 * grain + 12 * (noise(rng, 200, octaves=1)[..., None] - 0.5)
    )
