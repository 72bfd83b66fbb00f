"""AdamW with a learning rate of its own for the pretrained part of a network."""

from collections.abc import Callable

import keras


class LayerwiseAdamW(keras.optimizers.AdamW):
    """AdamW (Loshchilov and Hutter 2019) whose rate is multiplied per variable.

    `rate_of` gives the factor for a variable's path. Adam does not feel the scale of a gradient, so
    the factor must meet the rate itself. Variables with a factor below 1 are pretrained, and are
    not decayed towards zero.
    """

    def __init__(self, *args: object, rate_of: Callable[[str], float], **options: object):
        super().__init__(*args, **options)
        self._rate_of = rate_of

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the moments, and leave the pretrained variables out of the weight decay."""
        if not self.built:
            self.exclude_from_weight_decay([v for v in variables if self._rate_of(v.path) < 1.0])
            self._factors = [self._rate_of(v.path) for v in variables]
        super().build(variables)

    def update_step(
        self, gradient: object, variable: keras.Variable, learning_rate: object
    ) -> None:
        """One step of one variable, at its own rate."""
        # By index: some backends hand over their own variable, which has no path.
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)
