"""The loop: it learns, and a run that was stopped goes on as if it had not been."""

import dataclasses
import shutil

import numpy as np
import pytest

from training.loop.checkpoints import Checkpoints
from training.photos import data_cache, sources
from training.style import style_bank
from training.style.fit import HeldBackPairs, Trainer, Trapezoid, train
from training.style.losses import Perception
from training.style.network import stylizer
from training.style.pairs import gray, make_batch, training_batch
from training.style.vgg import load_vgg


@pytest.fixture(scope="module")
def perception(vgg_weights):
    return Perception(load_vgg(vgg_weights))


@pytest.fixture(scope="module")
def data(photos_folder, tiny_recipe, tmp_path_factory):
    files = sources.find([photos_folder])
    cache = data_cache.load(files, tiny_recipe.photo_side, tmp_path_factory.mktemp("cache"))
    return cache.split(0.2, 4)


@pytest.fixture(scope="module")
def bank_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def bank(styles_folder, data, tiny_recipe, perception, bank_folder):
    style_network, _ = stylizer(tiny_recipe)
    files = sources.find([styles_folder])
    return style_bank.load(files, data.training[:2], style_network, perception, bank_folder, "key")


def test_the_bank_holds_what_can_be_read_and_photos_at_the_end(bank):
    assert bank.rgb.shape == (8, 256, 256, 3)  # six paintings of seven, two photos
    assert bank.own_rows.tolist() == [6, 7]
    learned, held_back = bank.paintings(0.3)
    assert sorted([*learned, *held_back]) == list(range(6)) and len(held_back) >= 1


def test_the_bank_is_made_once(styles_folder, data, tiny_recipe, perception, bank, bank_folder):
    files = sources.find([styles_folder])

    def load(key: str, progress: list) -> style_bank.StyleBank:
        network, _ = stylizer(tiny_recipe)
        return style_bank.load(
            files, data.training[:2], network, perception, bank_folder, key,
            lambda done, total: progress.append(done),
        )  # fmt: skip

    progress: list[int] = []
    again = load("key", progress)
    assert not progress
    np.testing.assert_array_equal(again.vectors, bank.vectors)
    load("other weights", progress)
    assert progress[-1] == 8


def test_a_bank_that_is_cut_short_says_what_to_do(
    styles_folder, data, tiny_recipe, perception, bank, bank_folder, tmp_path
):
    for path in shutil.copytree(bank_folder, tmp_path / "bank").glob("*/rgb.npy"):
        path.write_bytes(path.read_bytes()[:1000])
    network, _ = stylizer(tiny_recipe)
    with pytest.raises(sources.DataError, match="cannot keep styles in .*remove it"):
        style_bank.load(
            sources.find([styles_folder]), data.training[:2], network, perception,
            tmp_path / "bank", "key",
        )  # fmt: skip


def test_batches_depend_on_the_seed_and_the_step_alone(data, bank, tiny_recipe):
    recipe = dataclasses.replace(tiny_recipe, own_share=0.5)
    batches = [training_batch(data.training, bank, recipe, step) for step in range(16)]
    given, judged_by = training_batch(data.training, bank, recipe, 9)
    np.testing.assert_array_equal(given["content"], batches[9][0]["content"])
    np.testing.assert_array_equal(given["style"], batches[9][0]["style"])
    assert not (given["content"] == batches[8][0]["content"]).all()
    own = np.concatenate([y["own"] for _, y in batches])
    assert 0.2 < own.mean() < 0.8
    assert given["content"].shape == (4, 32, 32, 3)


def test_held_back_paintings_are_never_learned_from(data, bank, tiny_recipe):
    _, held_back = bank.paintings(tiny_recipe.validation_share)
    forbidden = bank.vectors[held_back]
    for step in range(8):
        for vector in training_batch(data.training, bank, tiny_recipe, step)[0]["style"]:
            assert not (vector == forbidden).all(axis=1).any()


def test_gray_has_the_luma_and_no_color():
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    expected = np.repeat(np.array([76, 150, 29, 9])[:, None], 3, axis=1)
    np.testing.assert_array_equal(gray(rgb)[0], expected)


def test_the_learning_rate_rises_stays_and_falls():
    schedule = Trapezoid(1.0, steps=100, rise=0.1, fall=0.2)
    rates = [float(schedule(step)) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and rates[9:81] == pytest.approx([1.0] * 72)
    assert rates[90] == pytest.approx(0.5) and rates[99] == pytest.approx(0.05)
    assert rates[100] == 0
    assert float(Trapezoid(**schedule.get_config())(95)) == rates[95]


def start(recipe, perception) -> Trainer:
    style_network, transformer = stylizer(recipe)
    return Trainer(style_network, transformer, perception, recipe)


@pytest.mark.slow
@pytest.mark.parametrize("train_style_network", [False, True])
def test_it_learns(data, bank, tiny_recipe, perception, train_style_network):
    recipe = dataclasses.replace(
        tiny_recipe, train_style_network=train_style_network, learning_rate=4e-3, ema=0.5,
        samples=240, samples_per_epoch=120,
    )  # fmt: skip
    trainer = start(recipe, perception)
    pairs = HeldBackPairs(trainer, data.validation, bank)
    at_first = pairs.loss()
    before = [w.numpy().copy() for w in trainer.style_network.weights]
    state = train(trainer, data.training, data.validation, bank)
    assert state.finished and [look["step"] for look in state.history] == [30, 60]
    assert state.history[-1]["validation_loss"] < 0.98 * at_first
    # What stays in the networks is the best that was evaluated.
    assert pairs.loss() == pytest.approx(state.best, rel=1e-4)
    after = [w.numpy() for w in trainer.style_network.weights]
    changed = any((one != other).any() for one, other in zip(before, after, strict=True))
    assert changed is train_style_network


@pytest.mark.slow
def test_stopped_run_resumes_identically(data, bank, tiny_recipe, perception, tmp_path):
    args = (data.training, data.validation, bank)
    straight = start(tiny_recipe, perception)
    expected = train(straight, *args)
    first = start(tiny_recipe, perception)
    stop = iter([False] * 5)
    state = train(first, *args, checkpoints=Checkpoints(tmp_path), stop=lambda: next(stop, True))
    assert not state.finished and state.step == 6
    resumed = start(tiny_recipe, perception)
    state = train(resumed, *args, checkpoints=Checkpoints(tmp_path))
    assert state.finished and state.step == expected.step
    for one, other in zip(straight.trainable_variables, resumed.trainable_variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_batch_can_carry_the_style_pictures(bank, tiny_recipe):
    recipe = dataclasses.replace(tiny_recipe, train_style_network=True)
    given, judged_by = make_batch(np.zeros((2, 32, 32, 3), np.uint8), [0, 7], bank, recipe)
    assert given["style"].shape == (2, 256, 256, 3)
    assert judged_by["own"].tolist() == [0, 1]


def test_the_held_back_pairs_are_shown(data, bank, tiny_recipe, perception):
    pairs = HeldBackPairs(start(tiny_recipe, perception), data.validation, bank)
    loss = pairs.loss()
    weight = tiny_recipe.content_weight
    assert loss == pytest.approx(pairs.distances["style"] + weight * pairs.distances["content"])
    assert pairs.painted.shape == (4, 32, 32, 3) and pairs.sheet(3).shape[2] == 3
