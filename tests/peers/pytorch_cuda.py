#!/usr/bin/env python3
"""PyTorch's attention on a GPU, for the cases that `engine_bench --cuda --quick` and the README list.

usage: python tests/peers/pytorch_cuda.py        needs PyTorch 2.5 or newer with CUDA

Each backend of scaled_dot_product_attention by itself, medians of 20 calls with L2 evicted before each. FLOPs are
counted as ours are: 4·N²·D a head forward, half where causal, 2.5 times as many backward.
"""
import statistics

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

TOKENS, WIDTH, CALLS = 16384, 2048, 20  # tokens of all batch elements, heads · head_dim
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}


def median_ms(call, evicting):
    for _ in range(3):
        call()
    times = []
    for _ in range(CALLS):
        evicting.zero_()
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        stop.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(stop))
    return statistics.median(times)


def measure(backend, dtype, seq_len, head_dim, causal, evicting):
    """(forward ms, backward ms, forward FLOP) of one case."""
    shape = (TOKENS // seq_len, WIDTH // head_dim, seq_len, head_dim)
    q, k, v = (torch.randn(shape, dtype=dtype, device="cuda", requires_grad=True) for _ in range(3))
    dout = torch.randn_like(q)
    with sdpa_kernel(backend):
        attend = lambda: F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        forward_ms = median_ms(attend, evicting)
        out = attend()
        differentiate = lambda: torch.autograd.grad(out, (q, k, v), dout, retain_graph=True)
        backward_ms = median_ms(differentiate, evicting)
    flop = 4 * shape[0] * shape[1] * seq_len**2 * head_dim * (0.5 if causal else 1)
    return forward_ms, backward_ms, flop


def main():
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}; TFLOP/s")
    evicting = torch.empty(1 << 27, dtype=torch.int8, device="cuda")
    for dtype, seq_len in ((torch.bfloat16, 8192), (torch.float32, 4096)):
        for name, backend in BACKENDS.items():
            for head_dim in (64, 128):
                for causal in (False, True):
                    case = f"{name:9} {str(dtype)[6:]:8} n={seq_len} d={head_dim:3} {'causal' if causal else '      '}"
                    try:
                        forward_ms, backward_ms, flop = measure(backend, dtype, seq_len, head_dim, causal, evicting)
                    except RuntimeError as error:  # not every backend has every type
                        print(f"{case} no: {str(error).splitlines()[0][:70]}")
                        continue
                    print(f"{case} forward {flop / forward_ms * 1e-9:6.1f}  backward {2.5 * flop / backward_ms * 1e-9:6.1f}")


if __name__ == "__main__":
    main()
