"""Static quantisation: a graph whose inner convolutions count in eight bits, in a quarter of the time.

After Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
inference" (CVPR): weights and activations become whole numbers of a fixed step. A channel's weights have a
step of their own; an activation's follows from the least and greatest value that it took on sounds which the
network learnt from. What a window comes out as therefore never depends on its neighbours in a batch.

Convolutions of the plane itself stay as they are, since everything else is heard through them; so do the
encoder, the pooling and the last layer, where little time would be gained. Weights are given seven of the
eight bits: sums of two products then fit sixteen, and processors without VNNI count as those with it do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

Floats: TypeAlias = NDArray[np.float32]


def quantised(graph: bytes, heard: Sequence[Floats]) -> bytes:
    """Return the graph with its inner convolutions in eight bits.

    Args:
        graph: ONNX, with one input and convolutions followed by max-pool and ReLU, or by neither.
        heard: batches of that input, one at least, from what the network learnt from.

    Raises:
        ValueError: no 2-D convolution has more than one channel to hear.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, ready, done = (Path(folder) / f"{name}.onnx" for name in ("given", "ready", "done"))
        model = onnx.load_from_string(graph)
        inner = list(_inner(model.graph))
        onnx.save(model, given)
        quant_pre_process(str(given), str(ready), skip_symbolic_shape=True)
        quantize_static(
            ready,
            done,
            _Heard(model.graph.input[0].name, heard),
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_quantize=inner,
        )
        return done.read_bytes()


class _Heard(CalibrationDataReader):  # type: ignore[misc]  # the library tells no types
    def __init__(self, name: str, heard: Sequence[Floats]) -> None:
        self._feeds = iter([{name: batch} for batch in heard])

    def get_next(self) -> dict[str, Floats] | None:
        """See the base class: the next feed, None after the last."""
        return next(self._feeds, None)


def _inner(graph: onnx.GraphProto) -> Iterator[str]:
    """Name the convolutions of several channels, and the ReLU and max-pool behind each, now in this order.

    The two commute, and in this order the ReLU becomes part of the convolution: no step of its output is
    spent on what the ReLU would take away.
    """
    channels = {tensor.name: tensor.dims[1] for tensor in graph.initializer if len(tensor.dims) == 4}
    readers = {name: node for node in graph.node for name in node.input}
    found = False
    for node in graph.node:
        if node.op_type != "Conv" or channels.get(node.input[1], 0) < 2:
            continue
        found = True
        yield node.name
        pool = readers.get(node.output[0])
        relu = readers.get(pool.output[0]) if pool else None
        if pool and relu and (pool.op_type, relu.op_type) == ("MaxPool", "Relu"):
            _exchange(pool, relu)
            yield from (pool.name, relu.name)
    if not found:
        raise ValueError("there is no inner convolution")


def _exchange(one: onnx.NodeProto, other: onnx.NodeProto) -> None:
    kept = onnx.NodeProto()
    kept.CopyFrom(one)
    for node, as_this in ((one, other), (other, kept)):
        node.op_type = as_this.op_type
        del node.attribute[:]
        node.attribute.extend(as_this.attribute)
