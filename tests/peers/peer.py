"""Our side of a comparison: cases, their inputs, and a running `engine_bench --serve`."""

import os
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    pattern: str  # text form
    seq_len: int
    heads: int
    head_dim: int
    dtype: str  # "f32", "bf16"
    causal: bool = False
    gradients: bool = False  # forward and backward, else forward alone

    @property
    def name(self):
        kind = "causal" if self.causal else self.pattern
        direction = "forward+backward" if self.gradients else "forward"
        return f"{kind} N={self.seq_len} H={self.heads} D={self.head_dim} {self.dtype} {direction}"

    @property
    def question(self):
        return (
            f"case seq_len={self.seq_len} heads={self.heads} head_dim={self.head_dim} dtype={self.dtype} "
            f"causal={str(self.causal).lower()} direction={'backward' if self.gradients else 'forward'} "
            f"pattern={self.pattern}"
        )


def bench_input(seed, shape):
    """f32 of `shape`: the numbers of engine/benchmark/bench_input.h."""
    values = np.empty(int(np.prod(shape)), np.float32)
    chunk = 1 << 20  # stays in the cache
    with np.errstate(over="ignore"):
        for begin in range(0, values.size, chunk):
            bits = np.arange(begin, min(begin + chunk, values.size), dtype=np.uint64)
            bits += np.uint64((seed << 40) + 0x9E3779B97F4A7C15)
            bits = (bits ^ bits >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
            bits = (bits ^ bits >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
            bits ^= bits >> np.uint64(31)
            parts = sum((bits >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int32) for shift in (0, 16, 32, 48))
            values[begin : begin + chunk] = (parts - 131070).astype(np.float32) * np.float32(2.6429e-5)
    return values.reshape(shape)


class Engine:
    """A running `engine_bench --serve`."""

    def __init__(self, path, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            [path, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise RuntimeError(f"engine_bench: {answer or 'ended'} (asked: {question})")
        return answer

    def time_ms(self, case):
        forward_ms = float(self.ask("forward"))
        return forward_ms + float(self.ask("backward")) if case.gradients else forward_ms

    def tensor(self, name, shape):
        with tempfile.NamedTemporaryFile() as file:
            self.ask(f"write {name} {file.name}")
            return np.fromfile(file.name, np.float32).reshape(shape)

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.close()
        self.process.wait()
