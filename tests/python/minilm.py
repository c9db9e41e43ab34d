"""all-MiniLM-L6-v2 in Python, with the model and the tokenizer that come with Kelda: what EMBED is compared with."""

import functools
import zipfile

import numpy as np
import onnxruntime
from kelda_server import ROOT
from tokenizers import Tokenizer

MOST_TOKENS = 128
BATCH = 32


@functools.cache
def files():
    """The ONNX file and tokenizer.json, as bytes and text."""
    jars = (ROOT / "flight-server/target/classpath").read_text().strip().split(":")
    (jar,) = (jar for jar in jars if "all-minilm-l6-v2" in jar)
    with zipfile.ZipFile(jar) as content:
        return content.read("all-minilm-l6-v2.onnx"), content.read("all-minilm-l6-v2-tokenizer.json").decode()


class MiniLm:
    """`threads` for one call of the model; the tokenizer takes all cores."""

    def __init__(self, threads):
        onnx, tokenizer = files()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(onnx, options)
        self.inputs = {node.name for node in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.enable_padding()

    def embed(self, texts):
        """Vectors of length 1, one a text. Texts of like length share a batch, as in sentence-transformers."""
        vectors = np.empty((len(texts), 384), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            encoded = self.tokenizer.encode_batch([texts[i] for i in rows])
            mask = np.array([e.attention_mask for e in encoded], np.int64)
            tensors = {
                "input_ids": np.array([e.ids for e in encoded], np.int64),
                "attention_mask": mask,
                "token_type_ids": np.array([e.type_ids for e in encoded], np.int64),
            }
            (tokens, *_) = self.session.run(None, {name: tensors[name] for name in self.inputs})
            sums = (tokens * mask[:, :, None]).sum(axis=1)
            vectors[rows] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors
