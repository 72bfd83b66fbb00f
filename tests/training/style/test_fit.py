"""The loop: it learns, and a run that was stopped goes on as if it had not been."""

import dataclasses

import numpy as np
import pytest

from training import data_cache, photos
from training.checkpoints import Checkpoints
from training.style import style_bank
from training.style.fit import Trainer, Watch, learning_rate, train
from training.style.losses import Perception
from training.style.network import stylizer
from training.style.pairs import batch_of, gray, training_batches
from training.style.vgg import load_vgg


@pytest.fixture(scope="module")
def perception(vgg_weights):
    return Perception(load_vgg(vgg_weights))


@pytest.fixture(scope="module")
def data(photos_folder, tiny_recipe, tmp_path_factory):
    files = photos.find([photos_folder])
    cache = data_cache.load(files, tiny_recipe.photo_side, tmp_path_factory.mktemp("cache"))
    return cache.parts(0.2, 4)


@pytest.fixture(scope="module")
def bank_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def bank(styles_folder, data, tiny_recipe, perception, bank_folder):
    style_network, _, _ = stylizer(tiny_recipe)
    files = photos.find([styles_folder])
    return style_bank.load(files, data.training[:2], style_network, perception, bank_folder, "key")


def test_the_bank_holds_what_can_be_read_and_photos_at_the_end(bank):
    assert bank.rgb.shape == (8, 256, 256, 3)  # six paintings of seven, two photos
    assert bank.own_rows.tolist() == [6, 7]
    learned, held_back = bank.paintings(0.3)
    assert sorted([*learned, *held_back]) == list(range(6)) and len(held_back) >= 1


def test_the_bank_is_made_once(styles_folder, data, tiny_recipe, perception, bank, bank_folder):
    files = photos.find([styles_folder])

    def load(key: str, told: list) -> style_bank.StyleBank:
        network, _, _ = stylizer(tiny_recipe)
        return style_bank.load(
            files, data.training[:2], network, perception, bank_folder, key,
            lambda done, total: told.append(done),
        )  # fmt: skip

    told: list[int] = []
    again = load("key", told)
    assert not told
    np.testing.assert_array_equal(again.vectors, bank.vectors)
    load("other weights", told)
    assert told[-1] == 8


def test_batches_depend_on_the_seed_and_the_step_alone(data, bank, tiny_recipe):
    recipe = dataclasses.replace(tiny_recipe, own_share=0.5, samples=64)
    batches = list(training_batches(data.training, bank, recipe))
    assert len(batches) == 16
    later = next(training_batches(data.training, bank, recipe, first_step=9))
    np.testing.assert_array_equal(later["content"], batches[9]["content"])
    np.testing.assert_array_equal(later["style"], batches[9]["style"])
    own = np.concatenate([batch["own"] for batch in batches])
    assert 0.2 < own.mean() < 0.8
    assert batches[0]["content"].shape == (4, 32, 32, 3)


def test_held_back_paintings_are_never_learned_from(data, bank, tiny_recipe):
    _, held_back = bank.paintings(tiny_recipe.validation_share)
    forbidden = bank.vectors[held_back]
    for batch in training_batches(data.training, bank, tiny_recipe):
        for vector in batch["style"]:
            assert not (vector == forbidden).all(axis=1).any()


def test_gray_has_the_luma_and_no_color():
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    expected = np.repeat(np.array([76, 150, 29, 9])[:, None], 3, axis=1)
    np.testing.assert_array_equal(gray(rgb)[0], expected)


def test_the_learning_rate_rises_stays_and_falls(tiny_recipe):
    recipe = dataclasses.replace(
        tiny_recipe, samples=400, warmup_share=0.1, cooldown_share=0.2, learning_rate=1.0
    )
    rates = [learning_rate(recipe, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9:81] == pytest.approx([1.0] * 72)
    assert rates[90] == pytest.approx(0.5) and rates[99] == pytest.approx(0.05)
    longer = dataclasses.replace(recipe, samples=800, warmup_share=0.05, cooldown_share=0.1)
    assert [learning_rate(longer, step) for step in range(80)] == pytest.approx(rates[:80])


def start(recipe, perception) -> Trainer:
    style_network, transformer, _ = stylizer(recipe)
    return Trainer(style_network, transformer, perception, recipe)


@pytest.mark.parametrize("train_style_network", [False, True])
def test_it_learns(data, bank, tiny_recipe, perception, tmp_path, train_style_network):
    recipe = dataclasses.replace(
        tiny_recipe,
        train_style_network=train_style_network,
        samples=120,
        samples_per_epoch=60,
        learning_rate=3e-3,
        ema=0.5,
    )
    trainer = start(recipe, perception)
    before = [w.numpy().copy() for w in trainer.style_network.weights]
    told: list[tuple] = []
    watch = Watch(on_epoch=lambda step, values, pictures: told.append((step, pictures.shape)))
    history = train(trainer, data.training, data.validation, bank, Checkpoints(tmp_path), watch)
    assert [epoch["step"] for epoch in history] == [15, 30]
    assert told == [(15, (4, 32, 32, 3)), (30, (4, 32, 32, 3))]
    assert history[1]["loss"] < 0.95 * history[0]["loss"]
    after = [w.numpy() for w in trainer.style_network.weights]
    changed = any((one != other).any() for one, other in zip(before, after, strict=True))
    assert changed is train_style_network


class Stop(Exception):
    """Ends a run where it stands."""


def test_a_stopped_run_goes_on_as_if_it_had_not_been(data, bank, tiny_recipe, perception, tmp_path):
    straight = start(tiny_recipe, perception)
    args = (data.training, data.validation, bank)
    expected = train(straight, *args, Checkpoints(tmp_path / "straight"), Watch())

    def stop(step: int, steps: int) -> None:
        if step == 7:
            raise Stop

    with pytest.raises(Stop):
        train(start(tiny_recipe, perception), *args, Checkpoints(tmp_path / "x"), Watch(stop))
    resumed = start(tiny_recipe, perception)
    steps: list[int] = []
    watch = Watch(on_step=lambda step, total: steps.append(step))
    history = train(resumed, *args, Checkpoints(tmp_path / "x"), watch)
    assert steps == [7, 8]  # the last checkpoint was after step 6
    assert history == pytest.approx(expected) or len(history) == len(expected)
    for one, other in zip(straight.trainable_variables, resumed.trainable_variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_batch_can_carry_the_style_pictures(bank, tiny_recipe):
    recipe = dataclasses.replace(tiny_recipe, train_style_network=True)
    batch = batch_of(np.zeros((2, 32, 32, 3), np.uint8), [0, 7], bank, recipe)
    assert batch["style"].shape == (2, 256, 256, 3)
    assert batch["own"].tolist() == [0, 1]
