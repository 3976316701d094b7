"""LongNet's dilated attention as it is composed from PyTorch's attention: slice, attend, scatter, mix."""

import torch

attend = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # returns (out, log-sum-exp)
attend_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def branches_of(pattern):
    """[(segment, rate), …] of "longnet segments=… rates=…"."""
    fields = dict(word.split("=") for word in pattern.split()[1:])
    return list(zip(*([int(text) for text in fields[key].split(",")] for key in ("segments", "rates"))))


def pieces(branches, tokens, heads):
    """(branch, segment, phase slice) of everything that is attended by itself."""
    for branch, (segment, rate) in enumerate(branches):
        for phase in range(min(rate, heads)):  # head h has phase h mod rate
            yield branch, min(segment, tokens), slice(phase, None, rate)


def sliced(x, segment, phase):
    """(N, H, …) → (segments, heads of the phase, tokens of the phase, …), a view."""
    return x.unflatten(0, (-1, segment))[:, phase, phase].transpose(1, 2)


class Longnet(torch.autograd.Function):
    """q, k, v: (N, H, D), every segment divides N. Head h is in every branch."""

    @staticmethod
    def forward(ctx, q, k, v, branches):
        outs = q.new_zeros(len(branches), *q.shape)
        lses = torch.full((len(branches), *q.shape[:2]), -torch.inf)
        for branch, segment, phase in pieces(branches, *q.shape[:2]):
            out, lse = attend(*(sliced(x, segment, phase) for x in (q, k, v)))
            sliced(outs[branch], segment, phase).copy_(out)
            sliced(lses[branch], segment, phase).copy_(lse)
        weights = torch.softmax(lses, 0).to(q.dtype)
        out = (weights.unsqueeze(-1) * outs).sum(0)
        ctx.save_for_backward(q, k, v, out, torch.logsumexp(lses, 0))
        ctx.branches = branches
        return out

    @staticmethod
    def backward(ctx, dout):
        # All branches share one softmax: with its output and log-sum-exp, each branch's backward gives its share.
        q, k, v, out, lse = ctx.saved_tensors
        gradients = [torch.zeros_like(q, dtype=torch.float32) for _ in range(3)]
        for _, segment, phase in pieces(ctx.branches, *q.shape[:2]):
            part = [sliced(x, segment, phase) for x in (dout, q, k, v, out, lse)]
            part[5] = part[5].transpose(1, 2).contiguous().transpose(1, 2)  # the layout that forward returns
            for gradient, share in zip(gradients, attend_backward(*part, 0.0, False)):
                sliced(gradient, segment, phase).add_(share)
        return *(gradient.to(q.dtype) for gradient in gradients), None
