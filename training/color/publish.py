"""A trained network becomes a version: the model, its figures, a contact sheet."""

import dataclasses
import shutil
from pathlib import Path

import keras

from training.color import networks
from training.color.configuration import Configuration
from training.loop.run import State
from training.photos import data_cache, download
from training.publishing.publish import publish
from training.publishing.report import print_published
from training.publishing.version_folder import VersionFolder
from training.publishing.weights import load_weights


def publish_network(
    network: keras.Model,
    cache: data_cache.DataCache,
    data: data_cache.Split,
    config: Configuration,
    target: VersionFolder,
    state: State,
) -> None:
    """Publish what was trained, by TensorFlow. Raises PublishError."""
    from training.color.evaluate import compare, load_colorer, markdown_table, write_sheet
    from training.color.export import write_saved_model

    recipe = config.recipe
    # What is published computes in float32, whatever it was trained in.
    final = networks.build(recipe)
    weights = network.get_weights()
    if config.weights and recipe.start_share:
        # Between what it knew and what it learned lies what is better than both (Wortsman et al.
        # 2022, "Robust fine-tuning of zero-shot models").
        load_weights(config.weights, final)
        share = recipe.start_share
        weights = [
            share * start + (1.0 - share) * end
            for start, end in zip(final.get_weights(), weights, strict=True)
        ]
    final.set_weights(weights)

    def fill(folder: Path) -> dict:
        model = folder / str(target.version)
        write_saved_model(model, final, f"color/v{target.version}", recipe)
        shutil.copytree(target.unfinished / "journal", folder / "journal")
        evaluations = compare({f"v{target.version}": load_colorer(model)}, list(data.validation))
        print(f"\nOn the {len(data.validation):,} validation photos:\n")
        print(markdown_table(evaluations))
        write_sheet(folder / "contact-sheet.png", evaluations)
        return {
            "recipe": dataclasses.asdict(recipe),
            "data": [download.record_name(source) for source in config.sources],
            "started_from": "/".join(config.weights.parts[-2:]) if config.weights else None,
            "photos": {
                "training": len(data.training),
                "validation": len(data.validation),
                "unreadable": cache.unreadable,
                "near_gray": cache.near_gray,
                "copies": cache.copies,
            },
            "seconds": round(state.seconds),
            "history": state.history,
            "validation": {e.name: e.summary() for e in evaluations},
        }

    publish(target, config.fingerprint, fill)
    print_published(target, state, "gray, predicted, truth")
