"""Which pixels count as skin, what step they are of, and by how much a hue is off."""

import numpy as np
import pytest

from training.color.skin import MONK, hue_errors, hue_of, monk_step, skin, skin_table
from training.photos.lab import lab_to_rgb, rgb_to_lab

BLUE = (60.0, 0.0, -40.0)


def face(color, side: int = 32) -> np.ndarray:
    """A photo, uint8 sRGB: `color`, L*a*b*, in the middle, blue around it."""
    lab = np.full((side, side, 3), BLUE, np.float32)
    lab[side // 4 : -side // 4, side // 4 : -side // 4] = color
    return lab_to_rgb(lab)


def turned(degrees: float):
    """A model that sees every hue turned by so much."""
    turn = np.exp(1j * np.radians(degrees))

    def color(lab):
        ab = (lab[..., 1] + 1j * lab[..., 2]) * turn
        return np.stack([ab.real, ab.imag], axis=-1)

    return color


def test_each_color_of_the_scale_is_of_its_own_step():
    assert [monk_step(color) for color in MONK] == list(range(1, 11))


def test_skin_is_what_has_its_hue_in_the_middle_of_the_photo():
    found = skin(rgb_to_lab(face(MONK[5])))
    assert found.sum() == 16 * 16
    assert found[8:24, 8:24].all()
    everywhere = skin(np.broadcast_to(MONK[5], (32, 32, 3)))
    assert everywhere.sum() == 16 * 16
    assert not skin(rgb_to_lab(face(BLUE))).any()


def test_errors_are_by_step_and_by_model_and_leave_out_what_is_no_face():
    photos = [face(MONK[7]), face(BLUE), face(MONK[4]), face(MONK[7])]
    errors = hue_errors({"true": turned(0), "off": turned(-30), "opposite": turned(180)}, photos)
    assert list(errors) == [5, 8]
    for step, count in ((5, 1), (8, 2)):
        assert errors[step]["true"] == pytest.approx([0] * count, abs=1e-3)
        assert errors[step]["off"] == pytest.approx([30] * count, abs=1e-3)
        assert errors[step]["opposite"] == pytest.approx([180] * count, abs=1e-3)
    table = skin_table(errors).splitlines()
    assert table[0].startswith("| Monk step | photos | true, hue error")
    assert table[3].startswith("| 8 | 2, few | 0.0 [0.0, 0.0]° | 30.0 [")


def test_hue_is_an_angle():
    assert hue_of(np.array([[1, 0], [0, 1], [0, -2]])).tolist() == [0, 90, -90]
