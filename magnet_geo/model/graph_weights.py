"""Where the weights of an ONNX graph lie: inside it, or in files beside it, which are taken in at import.

A graph that names files reads whatever lies under these names where it is run: one model, several maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from magnet_geo.errors import ModelError

# Of one protobuf message, and so of a graph with all of its weights.
_LARGEST_BYTES = 2**31 - 1


def read_whole_graph(path: Path) -> bytes:
    """Read an ``.onnx`` file with all of its weights.

    Files that it names are read from its own folder alone, and no link leads out of it: onnx refuses both.

    Args:
        path: The file.

    Returns:
        Its bytes as they are where it holds its weights itself; otherwise those of a graph that does.

    Raises:
        ModelError: It or a file of its weights cannot be read, or all together are too large for one graph.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    outside = files_of_weights(content)
    if not outside:
        return content
    onnx = _onnx()
    names = ", ".join(f"'{name}'" for name in outside)
    try:
        model = onnx.load_model_from_string(content)
        onnx.external_data_helper.load_external_data_for_model(model, str(path.absolute().parent))
        for tensor in _tensors(model):
            del tensor.external_data[:]
            tensor.data_location = onnx.TensorProto.DEFAULT
        if model.ByteSize() > _LARGEST_BYTES:
            raise ModelError(
                f"The ONNX graph '{path.name}' has its weights in {names}; all together are over 2 GiB, more than one "
                "graph can hold: export it in half precision, or a smaller model."
            )
        return bytes(model.SerializeToString())
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        detail = " ".join(str(error).split()).rstrip(".")
        raise ModelError(
            f"The ONNX graph '{path.name}' has its weights in {names}, which cannot be read ({detail}); put the files "
            "beside it, as they were exported."
        ) from error


def require_whole(content: bytes, name: str) -> None:
    """Refuse a graph whose weights lie elsewhere.

    Raises:
        ModelError: It names a file.
    """
    outside = files_of_weights(content)
    if outside:
        raise ModelError(
            f"The ONNX graph in '{name}' has its weights in the file '{outside[0]}' and would read whatever has that "
            "name where you stand; import it again, from the folder it was exported to."
        )


def files_of_weights(content: bytes) -> tuple[str, ...]:
    """Name the files that an ONNX graph takes weights from; none where it holds them all.

    Raises:
        ModelError: It is no ONNX graph.
    """
    # Nothing is parsed where no tensor can say so.
    if b"location" not in content:
        return ()
    onnx = _onnx()
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError("The file is no ONNX graph that can be read; export it again.") from error
    found = {
        entry.value
        for tensor in _tensors(model)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return tuple(sorted(found))


def _tensors(message: Any) -> Iterator[Any]:
    """All tensors of a graph: weights, constants, and those of the graphs inside its nodes and functions."""
    if message.DESCRIPTOR.name == "TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if hasattr(value, "ListFields") else value:
                yield from _tensors(part)


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.external_data_helper
    except ImportError as error:
        raise ModelError(
            "This ONNX graph may have its weights in other files, and the package onnx, which tells, is not installed; "
            "install it with: pip install 'magnet-geo[onnx]'"
        ) from error
    return onnx
