"""`GraphPredictor`: a foreign single-scale network in the place of backbone and refinement.

Shape letters: N patches, B bands, C classes, K channels of the graph's output, h and w pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class GraphPredictor:
    """Probabilities from whatever a foreign graph gives; see `Predictor`."""

    def __init__(
        self, graph: Callable[[Tensor], Tensor], *, num_classes: int, gives_logits: bool, device: torch.device
    ) -> None:
        """Take a graph.

        Args:
            graph: (N, B, h, w) normalized inputs to (N, K, h, w); K = C, or 1 for the second of two classes.
            num_classes: C.
            gives_logits: Whether its output is logits and not probabilities.
            device: Where patches and maps are kept.
        """
        self.num_classes, self.batch_size, self.device, self.dtype = num_classes, 1, device, torch.float32
        self._graph, self._gives_logits = graph, gives_logits

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """See `Predictor.scale_specific`."""
        return graph_probabilities(self._graph(inputs), gives_logits=self._gives_logits)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Never called: a foreign model has one level.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(f"A foreign model has no refinement of level {level}.")


def graph_probabilities(output: Tensor, *, gives_logits: bool) -> Tensor:
    """Probabilities of the classes.

    Args:
        output: (N, K, h, w); one channel alone speaks of the second of two classes.
        gives_logits: Whether it is logits.

    Returns:
        (N, C, h, w) float32.
    """
    if output.shape[1] == 1:
        second = torch.sigmoid(output) if gives_logits else output
        return torch.cat((1 - second, second), dim=1)
    return torch.softmax(output, dim=1) if gives_logits else output
