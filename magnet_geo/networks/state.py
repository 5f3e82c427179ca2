"""Strict loading of state dicts, with an error a reader can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from magnet_geo.errors import ModelError

WRAPPER_PREFIXES = ("model.", "module.")
NAMES_SHOWN = 3


def load_state(module: nn.Module, state_dict: Mapping[str, Tensor], *, what: str) -> None:
    """Loads weights into a network, all of them or none.

    Training wrappers' prefixes, `model.` and `module.`, are dropped when most of the keys carry them.

    Args:
        module: The network that takes the weights.
        state_dict: Tensors by name.
        what: Subject of the error message, such as the file's path and the network's name.

    Raises:
        ModelError: If entries are missing, unexpected or of another shape.
    """
    state = require_fit(module, state_dict, what=what)
    module.load_state_dict(state, strict=True)


def require_fit(module: nn.Module, state_dict: Mapping[str, Tensor], *, what: str) -> dict[str, Tensor]:
    """Compare weights with a network, which may lie on the meta device and take no memory.

    Args:
        module: The network.
        state_dict: Tensors by name.
        what: Subject of the error message.

    Returns:
        The weights under the network's own names.

    Raises:
        ModelError: If entries are missing, unexpected or of another shape.
    """
    state = strip_wrapper_prefixes(state_dict)
    expected = module.state_dict()
    faults = [
        _listed("missing", [key for key in expected if key not in state]),
        _listed("unexpected", [key for key in state if key not in expected]),
        _listed("wrong in shape", _shape_faults(state, expected)),
    ]
    found = [fault for fault in faults if fault]
    if found:
        raise ModelError(
            f"{what}: the weights do not fit the network: {'; '.join(found)}. Found {len(state)} entries, "
            f"needed {len(expected)}; check the network's name, number of classes and number of bands."
        )
    return dict(state)


def strip_wrapper_prefixes(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the entries without the prefixes that most of their names share.

    Args:
        state_dict: Tensors by name.

    Returns:
        The same tensors in the same order; names that lack the prefix stay as they are.
    """
    state = dict(state_dict)
    while prefix := _shared_prefix(state):
        state = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
    return state


def _shared_prefix(keys: Iterable[str]) -> str | None:
    names = list(keys)
    for prefix in WRAPPER_PREFIXES:
        if 2 * sum(name.startswith(prefix) for name in names) > len(names):
            return prefix
    return None


def _shape_faults(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{key} {tuple(state[key].shape)} instead of {tuple(tensor.shape)}"
        for key, tensor in expected.items()
        if key in state and state[key].shape != tensor.shape
    ]


def _listed(fault: str, names: list[str]) -> str:
    if not names:
        return ""
    more = ", ..." if len(names) > NAMES_SHOWN else ""
    return f"{len(names)} {fault} ({', '.join(names[:NAMES_SHOWN])}{more})"
