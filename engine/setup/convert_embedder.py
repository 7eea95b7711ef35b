"""Which ONNX graph computes what the embedder's weights describe?

Reads a BERT encoder as sentence-transformers stores it (config.json and model.safetensors) and writes the same network
as ONNX, in 32-bit floats. It needs nothing but Python: both formats are simple enough to be read and written here, so that
setting up takes no package that has to be built for this Python version or this processor.

The output depends on the weights alone, byte for byte. Pooling and normalisation are left to the program.

    python3 convert_embedder.py MODEL_FOLDER MODEL.onnx
"""

import json
import math
import struct
import sys
from array import array
from pathlib import Path

OPERATOR_SET = 17  # the first with LayerNormalization
IR_VERSION = 8  # the one that came with operator set 17

# onnx.proto: TensorProto.DataType
FLOAT = 1
INT64 = 7


def main(model_folder, onnx_file):
    config = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
    weights = read_safetensors(model_folder / "model.safetensors")
    onnx_file.write_bytes(bert_encoder(config, weights))


def bert_encoder(config, weights):
    """The encoder as an ONNX model: token ids, mask and segment ids in, a vector for each token out."""
    if (config["model_type"], config["hidden_act"]) != ("bert", "gelu"):
        raise ValueError("only BERT encoders with the exact GELU are known here")
    if config["position_embedding_type"] != "absolute":
        raise ValueError("only absolute positions are known here")
    graph = Graph("encoder", weights)
    hidden_size = config["hidden_size"]
    heads = config["num_attention_heads"]
    epsilon = config["layer_norm_eps"]

    for name in ("input_ids", "attention_mask", "token_type_ids"):
        graph.input(name, INT64, ["batch", "sequence"])

    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.integers("axis_of_tokens", 1))
    positions = graph.node("Range", graph.integers("first", 0), length, graph.integers("step", 1))
    tokens = graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    segments = graph.node("Gather", graph.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    places = graph.node("Gather", graph.weight("embeddings.position_embeddings.weight"), positions)
    hidden = graph.node("Add", graph.node("Add", tokens, segments), places)
    hidden = graph.layer_norm(hidden, "embeddings.LayerNorm", epsilon)

    # 0 where a token may be looked at, a large negative number where the padding is: softmax makes that 0.
    mask = graph.node("Unsqueeze", "attention_mask", graph.integers("mask_axes", [1, 2]))
    mask = graph.node("Sub", graph.floats("one", 1.0), graph.node("Cast", mask, to=FLOAT))
    mask = graph.node("Mul", mask, graph.floats("shut", -10_000.0))

    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        attended = self_attention(graph, hidden, mask, f"{prefix}.attention.self", heads, hidden_size)
        attended = graph.linear(attended, f"{prefix}.attention.output.dense")
        hidden = graph.layer_norm(
            graph.node("Add", attended, hidden), f"{prefix}.attention.output.LayerNorm", epsilon
        )
        inner = gelu(graph, graph.linear(hidden, f"{prefix}.intermediate.dense"))
        inner = graph.linear(inner, f"{prefix}.output.dense")
        hidden = graph.layer_norm(graph.node("Add", inner, hidden), f"{prefix}.output.LayerNorm", epsilon)

    graph.output("last_hidden_state", hidden, FLOAT, ["batch", "sequence", hidden_size])
    return graph.model()


def self_attention(graph, hidden, mask, prefix, heads, hidden_size):
    """softmax(Q Kᵀ / √head_size + mask) V for each head, the heads side by side again."""
    head_size = hidden_size // heads
    # 0 keeps the dimension as it comes: batch and sequence are only known when a text arrives.
    split = graph.integers("split_heads", [0, 0, heads, head_size])
    joined = graph.integers("join_heads", [0, 0, hidden_size])

    def project(name, order):
        projected = graph.linear(hidden, f"{prefix}.{name}")
        return graph.node("Transpose", graph.node("Reshape", projected, split), perm=order)

    query = project("query", [0, 2, 1, 3])
    key = project("key", [0, 2, 3, 1])
    value = project("value", [0, 2, 1, 3])
    scores = graph.node("Div", graph.node("MatMul", query, key), graph.floats("scale", math.sqrt(head_size)))
    shares = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    attended = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    return graph.node("Reshape", attended, joined)


def gelu(graph, x):
    """x · (1 + erf(x / √2)) / 2, in the shape that ONNX Runtime recognises and fuses."""
    error = graph.node("Erf", graph.node("Div", x, graph.floats("square_root_of_two", math.sqrt(2.0))))
    product = graph.node("Mul", x, graph.node("Add", error, graph.floats("one", 1.0)))
    return graph.node("Mul", product, graph.floats("half", 0.5))


class Graph:
    """An ONNX graph as it grows: nodes in the order of computing, and the constants that they read."""

    def __init__(self, name, weights):
        self.name = name
        self.weights = weights
        self.constants = {}
        self.nodes = []
        self.inputs = []
        self.outputs = []

    def node(self, operator, *inputs, **attributes):
        """Adds one operation; returns the name of its result."""
        result = f"{operator}_{len(self.nodes)}"
        self.add_node(operator, inputs, result, attributes)
        return result

    def add_node(self, operator, inputs, result, attributes):
        self.nodes.append(
            b"".join(text_field(1, name) for name in inputs)
            + text_field(2, result)
            + text_field(3, f"node_{result}")
            + text_field(4, operator)
            + b"".join(bytes_field(5, attribute(name, value)) for name, value in attributes.items())
        )

    def linear(self, x, prefix):
        """x Wᵀ + b. PyTorch stores a row for each output; MatMul wants a column for each."""
        dimensions, rows = self.weights[f"{prefix}.weight"]
        matrix = self.constant(f"{prefix}.weight", FLOAT, dimensions[::-1], transposed(rows, *dimensions))
        return self.node("Add", self.node("MatMul", x, matrix), self.weight(f"{prefix}.bias"))

    def layer_norm(self, x, prefix, epsilon):
        gain, bias = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.node("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

    def weight(self, name):
        dimensions, values = self.weights[name]
        return self.constant(name, FLOAT, dimensions, values)

    def floats(self, name, values):
        dimensions, values = dimensions_and_values(values)
        return self.constant(name, FLOAT, dimensions, array("f", values))

    def integers(self, name, values):
        dimensions, values = dimensions_and_values(values)
        return self.constant(name, INT64, dimensions, array("q", values))

    def constant(self, name, data_type, dimensions, values):
        """Adds a tensor under its name, which it returns; the same tensor may be added again."""
        self.constants[name] = (
            b"".join(integer_field(1, dimension) for dimension in dimensions)
            + integer_field(2, data_type)
            + text_field(8, name)
            + bytes_field(9, little_endian(values))
        )
        return name

    def input(self, name, data_type, dimensions):
        self.inputs.append(value_info(name, data_type, dimensions))

    def output(self, name, result, data_type, dimensions):
        self.add_node("Identity", [result], name, {})
        self.outputs.append(value_info(name, data_type, dimensions))

    def model(self):
        """The whole file (onnx.proto: ModelProto)."""
        graph = (
            b"".join(bytes_field(1, node) for node in self.nodes)
            + text_field(2, self.name)
            + b"".join(bytes_field(5, tensor) for tensor in self.constants.values())
            + b"".join(bytes_field(11, info) for info in self.inputs)
            + b"".join(bytes_field(12, info) for info in self.outputs)
        )
        operator_set = text_field(1, "") + integer_field(2, OPERATOR_SET)
        return integer_field(1, IR_VERSION) + bytes_field(7, graph) + bytes_field(8, operator_set)


def dimensions_and_values(values):
    """A single number is a tensor without dimensions."""
    return ([len(values)], values) if isinstance(values, list) else ([], [values])


def attribute(name, value):
    """onnx.proto: AttributeProto, of the three types that occur here."""
    if isinstance(value, float):
        kind, content = 1, key(2, 5) + struct.pack("<f", value)
    elif isinstance(value, int):
        kind, content = 2, integer_field(3, value)
    else:
        kind, content = 7, b"".join(integer_field(8, each) for each in value)
    return text_field(1, name) + content + integer_field(20, kind)


def value_info(name, data_type, dimensions):
    """onnx.proto: ValueInfoProto. A dimension is a number, or the name of one that is not fixed."""
    shape = b"".join(
        bytes_field(1, text_field(2, dimension) if isinstance(dimension, str) else integer_field(1, dimension))
        for dimension in dimensions
    )
    tensor = integer_field(1, data_type) + bytes_field(2, shape)
    return text_field(1, name) + bytes_field(2, bytes_field(1, tensor))


# Protocol buffers: a field is a key (number and wire type), then its content.


def text_field(number, text):
    return bytes_field(number, text.encode("utf-8"))


def bytes_field(number, content):
    return key(number, 2) + variable_length(len(content)) + content


def integer_field(number, value):
    # Negative numbers are written as 64-bit two's complement.
    return key(number, 0) + variable_length(value & 0xFFFF_FFFF_FFFF_FFFF)


def key(number, wire_type):
    return variable_length(number << 3 | wire_type)


def variable_length(value):
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_safetensors(path):
    """The tensors of 32-bit floats in a safetensors file: name -> (dimensions, values)."""
    content = memoryview(path.read_bytes())
    (header_length,) = struct.unpack_from("<Q", content)
    header = json.loads(bytes(content[8 : 8 + header_length]))
    data = content[8 + header_length :]
    tensors = {}
    for name, tensor in header.items():
        if name == "__metadata__" or tensor["dtype"] != "F32":
            continue
        first, end = tensor["data_offsets"]
        values = array("f", bytes(data[first:end]))
        if sys.byteorder == "big":
            values.byteswap()
        tensors[name.removeprefix("bert.")] = (tensor["shape"], values)
    return tensors


def transposed(values, rows, columns):
    result = array("f", bytes(4 * rows * columns))
    for row in range(rows):
        result[row::rows] = values[row * columns : (row + 1) * columns]
    return result


def little_endian(values):
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
