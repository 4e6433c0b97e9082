"""Trains PyTorch modules under the constraint that their weights are a mosaic of motifs (arXiv 2602.14896).

    constraint = momos.torch.MosaicConstraint(network, capacity=0.05)
    for epoch in range(epochs):
        train(network)
        constraint.project()

After the last `project()` all trainable parameters together have at most k distinct blocks, and
`momos-convert --blocking flat` stores what `export` writes without loss. With straight-through training the network
is optimised for what the projection makes of it; the parameters of the optimiser are latent weights then:

    for epoch in range(epochs):
        constraint.renew()
        for images, labels in batches:
            optimizer.zero_grad()
            with constraint.applied():
                loss(network(images), labels).backward()
            optimizer.step()
    constraint.project()
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import torch

from .projection import Mosaic, ProjectionOptions, Projector


class MosaicConstraint:
    """Projects all trainable float32 parameters of a module onto one dictionary.

    Parameters that several modules share count once. Buffers, such as the statistics of batch normalisation, are
    no parameters and stay as they are.

    Args:
        module: is projected in place.
        options: of `ProjectionOptions`: `capacity` or `motif_count`, `block_length`, `initialisation`, ...
    """

    def __init__(self, module: torch.nn.Module, **options: Any):
        self.module = module
        self.projector = Projector(ProjectionOptions(**options))
        self.is_frozen = False

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        return {name: p for name, p in self.module.named_parameters() if p.requires_grad and p.numel() > 0}

    def project(self) -> Mosaic:
        """Replaces the parameters by the mosaic nearest to them; to be called once per epoch, and after the last.

        After `freeze()` it is the same mosaic with the motifs that suit the parameters best.
        """
        mosaic = self.projector.refit(self._values()) if self.is_frozen else self.renew()
        self._set(mosaic)
        return mosaic

    def renew(self) -> Mosaic:
        """Finds dictionary and mosaic anew without touching the parameters: once per epoch of straight-through training."""
        return self.projector.project(self._values())

    def freeze(self) -> Mosaic:
        """Projects, and fixes which block has which motif from now on; only the motifs still learn, with `applied()`."""
        mosaic = self.project()
        self.is_frozen = True
        return mosaic

    @contextlib.contextmanager
    def applied(self) -> Iterator[Mosaic]:
        """Inside, the parameters have the values of their mosaic; afterwards their own again.

        A backward pass inside leaves its gradients to the parameters themselves: the straight-through estimator. Each
        block has the nearest of the motifs of the last `renew()`; after `freeze()` each keeps its motif, and the motifs
        are the means of their blocks, so that a motif follows the mean of the updates of its blocks.
        """
        latent = {name: p.detach().clone() for name, p in self.parameters().items()}
        mosaic = (self.projector.refit if self.is_frozen else self.projector.assign)(self._values())
        self._set(mosaic)
        try:
            yield mosaic
        finally:
            with torch.no_grad():
                for name, parameter in self.parameters().items():
                    parameter.copy_(latent[name])

    def _values(self) -> dict[str, np.ndarray]:
        return {name: p.detach().cpu().numpy() for name, p in self.parameters().items()}

    def _set(self, mosaic: Mosaic) -> None:
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                parameter.copy_(torch.from_numpy(mosaic.tensor(name)))


def export(module: torch.nn.Module, folder: str | Path, example: torch.Tensor | None = None, **options: Any) -> list[Path]:
    """Writes `weights.npz` with all parameters and buffers under their names and, with an example input, `model.onnx`.

    The ONNX model keeps the parameters bit for bit: no node is folded into another.

    Args:
        folder: is made if it does not exist.
        example: an input of the module; its first axis may have any size in the exported model.
        options: of `torch.onnx.export`, such as `input_names` and `opset_version`.

    Returns:
        The paths of what was written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "weights.npz"]
    np.savez(written[0], **{name: t.detach().cpu().numpy() for name, t in module.state_dict().items()})
    if example is None:
        return written
    names = {"input_names": ["input"], "output_names": ["output"], **options}
    axes = {name: {0: "batch"} for name in names["input_names"] + names["output_names"]}
    was_training = module.training
    module.eval()
    try:
        written.append(folder / "model.onnx")
        # In its evaluation mode the exporter would fold batch normalisations into the weights before them.
        torch.onnx.export(
            module,
            example,
            str(written[1]),
            **{"opset_version": 14, "dynamic_axes": axes, **names},
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    finally:
        module.train(was_training)
    return written
