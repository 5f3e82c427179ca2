"""Drop the rows of a strip that are of no more use, layer by layer, instead of all at the end.

A strip is read with the rows around it that its result depends on. Each convolution of three rows uses up one of them
on either side: what it gives there is made of the zeros beyond the strip, and nothing needs it.
"""

from __future__ import annotations

from torch import Tensor, fx

from magnet_geo.networks.cpu.fusion import FusedConvolution


def trim_spoiled_rows(network: fx.GraphModule) -> int:
    """Let a network of fused convolutions trim its rows, in place.

    It takes two more arguments then, `above` and `below`: 1 where rows follow beyond the strip, 0 at the border of
    the image.

    Args:
        network: Convolutions of stride 1, and operations that work pixel by pixel.

    Returns:
        Rows that are dropped on either side, all in all.
    """
    first = next(iter(network.graph.nodes))
    with network.graph.inserting_before(first):
        sides = network.graph.placeholder("above"), network.graph.placeholder("below")
    dropped: dict[fx.Node, int] = dict.fromkeys(sides, 0)
    for node in list(network.graph.nodes):
        if node in dropped:
            continue
        inputs = node.all_input_nodes
        most = max((dropped[given] for given in inputs), default=0)
        with network.graph.inserting_before(node):
            for given in inputs:
                if dropped[given] < most:
                    node.replace_input_with(given, _trimmed(network.graph, given, sides, most - dropped[given]))
        dropped[node] = most
        spoiled = _spoiled_rows(network, node)
        if spoiled:
            with network.graph.inserting_after(node):
                trimmed = _trimmed(network.graph, node, sides, spoiled)
            node.replace_all_uses_with(trimmed, delete_user_cb=lambda user, trimmed=trimmed: user is not trimmed)
            dropped[trimmed] = most + spoiled
    network.recompile()
    return max(dropped.values())


def without_rows(maps: Tensor, above: int, below: int, rows: int) -> Tensor:
    """Return a strip (N, K, H, W) without its outermost rows, where there are more beyond it."""
    return maps[:, :, above * rows : maps.shape[2] - below * rows]


def _trimmed(graph: fx.Graph, node: fx.Node, sides: tuple[fx.Node, fx.Node], rows: int) -> fx.Node:
    return graph.call_function(without_rows, (node, *sides, rows))


def _spoiled_rows(network: fx.GraphModule, node: fx.Node) -> int:
    part = network.get_submodule(str(node.target)) if node.op == "call_module" else None
    return part.row_radius if isinstance(part, FusedConvolution) else 0
