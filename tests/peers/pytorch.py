#!/usr/bin/env python3
"""PyTorch's CPU attention beside this engine, alternately in one run. See README.md beside this file."""

import argparse
import os
import platform
import statistics
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"):
    os.environ.pop(variable, None)  # whatever the shell has set for other programs

import numpy as np
import torch

from longnet import Longnet, branches_of
from peer import Case, Engine, bench_input

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
# ‖ours − theirs‖ ÷ ‖theirs‖: f32 sums in another order; bf16 has 8 bits, and theirs rounds weights and results to it.
TOLERANCES = {"f32": 1e-4, "bf16": 2e-2}
LONGNET = "longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12"
LONGNET_4 = "longnet segments=2048,4096,8192,16384 rates=1,2,4,8"


def all_cases():
    for dtype in DTYPES:
        for gradients in (False, True):
            for shape in ((1024, 8, 64), (4096, 4, 64), (4096, 2, 128), (8192, 2, 64)):
                yield Case("dense", *shape, dtype, gradients=gradients)
            for shape in ((4096, 4, 64), (4096, 2, 128)):
                yield Case("dense", *shape, dtype, causal=True, gradients=gradients)
            yield Case(LONGNET_4, 16384, 4, 64, dtype, gradients=gradients)
            yield Case(LONGNET, 65536, 4, 64, dtype, gradients=gradients)


class Theirs:
    """The case in PyTorch; tensors are (N, H, D), like ours."""

    def __init__(self, case):
        self.case = case
        shape = (case.seq_len, case.heads, case.head_dim)
        self.q, self.k, self.v, self.dout = (
            torch.from_numpy(bench_input(seed, shape)).to(DTYPES[case.dtype]) for seed in (1, 2, 3, 4)
        )
        for tensor in (self.q, self.k, self.v):
            tensor.requires_grad_(case.gradients)

    def attend(self):
        if self.case.pattern != "dense":
            return Longnet.apply(self.q, self.k, self.v, branches_of(self.case.pattern))
        q, k, v = (x.transpose(0, 1).unsqueeze(0) for x in (self.q, self.k, self.v))
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.case.causal)
        return out.squeeze(0).transpose(0, 1)

    def run(self):
        """{name: tensor} of what the case computes."""
        if not self.case.gradients:
            with torch.no_grad():
                return {"out": self.attend()}
        self.q.grad = self.k.grad = self.v.grad = None
        out = self.attend()
        out.backward(self.dout)
        return {"out": out.detach(), "dq": self.q.grad, "dk": self.k.grad, "dv": self.v.grad}

    def time_ms(self):
        start = time.perf_counter()
        self.run()
        return (time.perf_counter() - start) * 1e3


def difference(theirs, engine):
    """The largest relative difference of the results; both sides have run once."""
    worst = 0.0
    for name, tensor in theirs.run().items():
        expected = tensor.float().numpy()
        worst = max(worst, np.linalg.norm(engine.tensor(name, expected.shape) - expected) / np.linalg.norm(expected))
    return float(worst)


def is_wanted(pairs, elapsed, seconds):
    """Whether to repeat once more: at least three pairs, unless even these would take ten times `seconds`."""
    return elapsed < (10 * seconds if pairs < 3 else seconds) and pairs < 40


def measure(case, engine, seconds):
    """One row of the table, and whether the results agree."""
    engine.ask(case.question)
    engine.time_ms(case)  # warm-up, and the results that difference() reads
    theirs = Theirs(case)
    apart = difference(theirs, engine)
    theirs_ms, ours_ms = [], []
    start = time.perf_counter()
    while not ours_ms or is_wanted(len(ours_ms), time.perf_counter() - start, seconds):
        for times_ms, timed in ((theirs_ms, theirs.time_ms), (ours_ms, lambda: engine.time_ms(case))):
            time.sleep(0.01)  # the other side's threads stop waiting for work
            times_ms.append(timed())
    pairs = [one / other for one, other in zip(theirs_ms, ours_ms)]
    agrees = apart <= TOLERANCES[case.dtype]
    row = (
        f"| {case.name} | {statistics.median(theirs_ms):.1f} | {statistics.median(ours_ms):.1f} "
        f"| {statistics.median(theirs_ms) / statistics.median(ours_ms):.2f} | {min(pairs):.2f} … {max(pairs):.2f} "
        f"| {len(pairs)} | {apart:.1e}{'' if agrees else ' **differs**'} |"
    )
    return row, agrees


def main():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine-bench", default=root / "build/engine/bin/engine_bench")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    cases = [case for case in all_cases() if all(text in case.name for text in options.only)]
    if options.list or not cases:
        print("\n".join(case.name for case in cases))
        return 0 if cases else 2
    torch.set_num_threads(options.threads)
    engine = Engine(options.engine_bench, options.threads)
    print(
        f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), {options.threads} threads each, "
        f"{platform.machine()}; ratio > 1: ours is faster.\n\n"
        "| case | PyTorch ms | ours ms | ratio of medians | pairwise ratios | pairs | difference |\n"
        "|---|---|---|---|---|---|---|",
        flush=True,
    )
    all_agree = True
    for case in cases:
        row, agrees = measure(case, engine, options.seconds)
        all_agree &= agrees
        print(row, flush=True)
    engine.quit()
    return 0 if all_agree else 1


if __name__ == "__main__":
    sys.exit(main())
