"""The digits networks that the tables of docs/ are about: data, modules, and their training with and without a mosaic.

Data are those of fixtures/sources/digits-mlp: 1,257 images to train on, 540 to test on.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "fixtures/sources/digits-mlp"
sys.path.insert(0, str(ROOT / "tools/python"))

from momos.torch import MosaicConstraint  # noqa: E402

EPOCHS = 120
# From here on straight-through training keeps the mosaic and trains the motifs only.
FREEZE_EPOCH = 60
BATCH_SIZE = 64
SIDE = 8


@dataclass(frozen=True)
class Data:
    """Images [count, 64] with pixels 0 to 16, and their labels."""

    images: torch.Tensor
    labels: torch.Tensor

    @staticmethod
    def read(kind: str) -> "Data":
        images, labels = (np.load(DIGITS / f"{kind}_{name}.npy") for name in ("images", "labels"))
        return Data(torch.tensor(images).float(), torch.tensor(labels).long())


class Perceptron(nn.Module):
    """64-256-256-10 with Relu, Kaiming-normal weights and zero biases."""

    learning_rate = 2e-3
    weight_decay = 0.05

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 256)
        self.fc2 = nn.Linear(256, 256)
        self.fc3 = nn.Linear(256, 10)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.fc1(images / 16))
        return self.fc3(torch.relu(self.fc2(x)))


class Convolutional(nn.Module):
    """A convolution, a residual branch with a grouped one, a strided one, global pooling: that of digits-cnn.onnx."""

    learning_rate = 4e-3
    weight_decay = 1e-2

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(16)
        self.grouped = nn.Conv2d(16, 16, 3, padding=1, groups=4, bias=False)
        self.grouped_norm = nn.BatchNorm2d(16)
        self.strided = nn.Conv2d(16, 48, 3, stride=2, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(48, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = images.reshape(-1, 1, SIDE, SIDE) / 16
        x = torch.relu(self.stem_norm(self.stem(x)))
        x = torch.relu(x + self.grouped_norm(self.grouped(x)))
        x = torch.relu(self.strided(x))
        return self.head(self.pool(x).flatten(1))


NETWORKS = {"MLP": Perceptron, "CNN": Convolutional}


@dataclass(frozen=True)
class Constraint:
    """How a network is trained: `options` are those of `MosaicConstraint`; none leave it free."""

    options: dict
    is_straight_through: bool = False


def shifted(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Images [batch, 64], each moved by at most a pixel in either direction; what enters is zero."""
    padded = nn.functional.pad(images.reshape(-1, SIDE, SIDE), (1, 1, 1, 1))
    top, left = torch.randint(0, 3, (2, len(images)), generator=generator)
    rows = top[:, None, None] + torch.arange(SIDE)[:, None]
    columns = left[:, None, None] + torch.arange(SIDE)
    return padded[torch.arange(len(images))[:, None, None], rows, columns].reshape(-1, SIDE * SIDE)


def trained(name: str, constraint: Constraint | None, seed: int, data: Data) -> tuple[nn.Module, nn.Module]:
    """The network before and after training; equal seeds give equal initial weights and equal batches."""
    torch.manual_seed(seed)
    initial, network = NETWORKS[name](), NETWORKS[name]()
    network.load_state_dict(initial.state_dict())
    mosaic = None if constraint is None else MosaicConstraint(network, seed=seed, **constraint.options)
    is_straight_through = constraint is not None and constraint.is_straight_through
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=network.learning_rate, weight_decay=network.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    network.train()
    for epoch in range(EPOCHS):
        if is_straight_through and epoch == FREEZE_EPOCH:
            mosaic.freeze()
        elif is_straight_through and epoch < FREEZE_EPOCH:
            mosaic.renew()
        for chosen in torch.randperm(len(data.images), generator=generator).split(BATCH_SIZE):
            optimizer.zero_grad()
            batch, labels = shifted(data.images[chosen], generator), data.labels[chosen]
            if is_straight_through:
                with mosaic.applied():
                    nn.functional.cross_entropy(network(batch), labels).backward()
            else:
                nn.functional.cross_entropy(network(batch), labels).backward()
            optimizer.step()
        schedule.step()
        if mosaic is not None and not is_straight_through:
            mosaic.project()
    if mosaic is not None:
        mosaic.project()
        settle_statistics(network, data)
    network.eval()
    return initial, network


def settle_statistics(network: nn.Module, data: Data) -> None:
    """Batch normalisation's means and variances anew, for weights that a projection moved."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        network(data.images)


def accuracy(network: nn.Module, data: Data) -> float:
    """The share of images whose largest logit is their label."""
    with torch.no_grad():
        return float((network(data.images).argmax(1) == data.labels).float().mean())


def parameters(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
