"""SoundNetRaw: the network of "End-to-End Audio Strikes Back" (arXiv 2204.11479), written anew.

Keys and shapes of the `state_dict` are those of the public upstream class, so that its checkpoints load with
`strict=True`. One network serves two ranks: fed `(batch, 1, samples)` it runs 1-D convolutions, fed
`(batch, 1, 1, samples)` the same weights run as 2-D convolutions of height 1, the form that embedded
converters keep intact.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla_eat_sed.settings import NetSettings

LEAK = 0.2
RES_KERNEL = 15
SIGNAL_RANK = 3  # (batch, channels, samples); the other form has (batch, channels, 1, samples)


class ReflectPad(nn.Module):
    """Mirror `pad` samples at both ends of the last axis, whatever the rank."""

    def __init__(self, pad: int) -> None:
        super().__init__()
        self.pad = pad

    def forward(self, x: Tensor) -> Tensor:
        pads = (self.pad, self.pad) if x.dim() == SIGNAL_RANK else (self.pad, self.pad, 0, 0)
        return functional.pad(x, pads, mode="reflect")


class Conv(nn.Conv1d):
    """A 1-D convolution without padding that also takes `(batch, channels, 1, samples)`."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == SIGNAL_RANK:
            return super().forward(x)
        return functional.conv2d(
            x,
            self.weight.unsqueeze(2),
            self.bias,
            stride=(1, self.stride[0]),
            dilation=(1, self.dilation[0]),
            groups=self.groups,
        )


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation over channels, for rank 3 and rank 4 alike."""

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - the name is torch's
        if input.dim() not in (SIGNAL_RANK, SIGNAL_RANK + 1):
            raise ValueError(f"expected 3-D or 4-D input, got {input.dim()}-D")


class LowPass(nn.Module):
    """Fixed triangular depthwise filter and decimation by `factor`.

    The taps, 1 … factor+1 … 1 normalised to sum 1, are the buffer `filt`, as upstream stores them.
    """

    filt: Tensor

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.pad = ReflectPad(factor)
        ramp = torch.arange(1, factor + 2, dtype=torch.float32)
        taps = torch.cat((ramp, ramp[:-1].flip(0)))
        self.register_buffer("filt", (taps / taps.sum()).expand(channels, 1, -1).clone())

    def forward(self, x: Tensor) -> Tensor:
        x, channels = self.pad(x), self.filt.shape[0]
        if x.dim() == SIGNAL_RANK:
            return functional.conv1d(x, self.filt, stride=self.factor, groups=channels)
        return functional.conv2d(x, self.filt.unsqueeze(2), stride=(1, self.factor), groups=channels)


class Down(nn.Module):
    """Double the channels, divide the samples by `factor`."""

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            ReflectPad((factor + 1) // 2),
            Conv(channels, 2 * channels, factor + 1, bias=False),
            BatchNorm(2 * channels),
            nn.LeakyReLU(LEAK),
            LowPass(2 * channels, factor),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(x)
        return out


class Res(nn.Module):
    """Sum of a temporal (depthwise), a feature (pointwise) and a linear branch of one input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.block_t = nn.Sequential(
            ReflectPad(dilation * (RES_KERNEL // 2)),
            Conv(channels, channels, RES_KERNEL, dilation=dilation, groups=channels, bias=False),
            BatchNorm(channels),
            nn.LeakyReLU(LEAK),
        )
        self.block_f = nn.Sequential(
            Conv(channels, channels, 1, bias=False), BatchNorm(channels), nn.LeakyReLU(LEAK)
        )
        self.shortcut = Conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.shortcut(x) + self.block_f(x) + self.block_t(x)
        return out


class LayerNorm(nn.LayerNorm):
    """Normalisation over the last axis of `(batch, steps, emb_dim)`, written out.

    The exporter's own form counts axes from the end, which vendor tools misread, and squares with Pow.
    """

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=2, keepdim=True)
        variance = (centred * centred).mean(dim=2, keepdim=True)
        return centred / torch.sqrt(variance + self.eps) * self.weight + self.bias


class SelfAttention(nn.Module):
    """Multi-head self-attention with the parameter names of `nn.MultiheadAttention`.

    Written out in matrix products because the exporter has no attention operator at opset 13.
    """

    def __init__(self, emb_dim: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.in_proj_weight = nn.Parameter(torch.empty(3 * emb_dim, emb_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * emb_dim))
        self.out_proj = nn.Linear(emb_dim, emb_dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor) -> Tensor:
        steps, emb_dim = x.shape[1], x.shape[2]
        head_dim = emb_dim // self.n_head
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)

        def heads(part: int, scale: float) -> Tensor:
            # Scaling the projection instead of the scores keeps one node less in the exported graph.
            projected = functional.linear(x, weights[part] * scale, biases[part] * scale)
            return projected.reshape(-1, steps, self.n_head, head_dim).transpose(1, 2)

        query, key, value = heads(0, 1 / math.sqrt(head_dim)), heads(1, 1.0), heads(2, 1.0)
        mixed = torch.softmax(query @ key.transpose(2, 3), dim=3) @ value
        out: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(-1, steps, emb_dim))
        return out


class EncoderLayer(nn.Module):
    """Post-norm transformer encoder layer with the parameter names of `nn.TransformerEncoderLayer`."""

    def __init__(self, net: NetSettings, dropout: float) -> None:
        super().__init__()
        self.self_attn = SelfAttention(net.emb_dim, net.n_head)
        self.linear1 = nn.Linear(net.emb_dim, net.dim_feedforward)
        self.linear2 = nn.Linear(net.dim_feedforward, net.emb_dim)
        self.norm1 = LayerNorm(net.emb_dim)
        self.norm2 = LayerNorm(net.emb_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.dropout(self.self_attn(x)))
        hidden = self.dropout(functional.gelu(self.linear1(x)))
        out: Tensor = self.norm2(x + self.dropout(self.linear2(hidden)))
        return out


class Encoder(nn.Module):
    """Encoder layers and a final norm, `(batch, steps, emb_dim)` in and out."""

    def __init__(self, layers: Sequence[EncoderLayer], emb_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = LayerNorm(emb_dim)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.norm(x)
        return out


class Head(nn.Module):
    """Class token in front, positions added, encoded; the class token's row becomes the logits."""

    def __init__(self, net: NetSettings, dropout: float) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, net.emb_dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, net.steps + 1, net.emb_dim))
        self.transformer_enc = Encoder([EncoderLayer(net, dropout) for _ in range(net.n_layers)], net.emb_dim)
        self.fc = nn.Linear(net.emb_dim, net.n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(batch, n_classes)` from steps `(batch, steps, emb_dim)`."""
        # A batch of one needs no `expand`, a node that converters dislike.
        token = self.cls_token if x.shape[0] == 1 else self.cls_token.expand(x.shape[0], -1, -1)
        x = self.transformer_enc(torch.cat((token, x), dim=1) + self.pos_embed)
        out: Tensor = self.fc(x[:, 0:1].reshape(-1, x.shape[2]))
        return out


class SoundNetRaw(nn.Module):
    """Raw audio `(batch, 1, samples)` or `(batch, 1, 1, samples)` to logits `(batch, n_classes)`."""

    def __init__(self, net: NetSettings, dropout: float = 0.1) -> None:
        super().__init__()
        self.start = nn.Sequential(
            ReflectPad(3), Conv(1, net.nf, 7, bias=False), BatchNorm(net.nf), nn.LeakyReLU(LEAK)
        )
        width = net.nf
        down: list[nn.Module] = []
        for index, factor in enumerate(net.ds_factors):
            down.append(Down(width, factor))
            width *= 2
            if index % 2 == 0:
                down.append(Res(width, 1))
        self.down = nn.Sequential(*down)
        down2: list[nn.Module] = []
        for _ in range(2):
            down2 += [Res(width, dilation) for dilation in (1, 3, 9)]
            down2.append(Down(width, 2))
            width *= 2
        self.down2 = nn.Sequential(*down2)
        self.project = Conv(width, net.emb_dim, 1)
        self.tf = Head(net, dropout)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(self.project(self.down2(self.down(self.start(x)))))

    def encode(self, x: Tensor) -> Tensor:
        """Logits from what the convolutions give, `(batch, emb_dim, steps)`, or with a height of 1."""
        logits: Tensor = self.tf(x.reshape(x.shape[0], x.shape[1], -1).transpose(1, 2))
        return logits


def _initialise(module: nn.Module) -> None:
    """Initial values of upstream: convolutions normal(0, 0.02), biases 0; norms are torch's own 1 and 0."""
    if isinstance(module, Conv):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
