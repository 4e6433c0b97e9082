"""Training under the constraint, where PyTorch is installed."""

import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

try:
    import torch
except ImportError:
    torch = None
else:
    from momos.torch import MosaicConstraint, export


def network() -> "torch.nn.Module":
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 10), torch.nn.BatchNorm1d(10), torch.nn.ReLU(), torch.nn.Linear(10, 3))


@unittest.skipIf(torch is None, "PyTorch is not installed")
class Constraints(unittest.TestCase):
    def test_projection_replaces_all_trainable_parameters_and_nothing_else(self) -> None:
        module = network()
        module[3].bias.requires_grad_(False)
        bias, mean = module[3].bias.clone(), module[1].running_mean.clone()
        mosaic = MosaicConstraint(module, motif_count=5).project()
        self.assertEqual(set(mosaic.indices), {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight"})
        for name, parameter in module.named_parameters():
            if name in mosaic.indices:
                np.testing.assert_array_equal(parameter.detach().numpy(), mosaic.tensor(name))
        self.assertTrue(torch.equal(module[3].bias, bias))
        self.assertTrue(torch.equal(module[1].running_mean, mean))

    def test_gradients_pass_straight_through_to_the_latent_weights(self) -> None:
        module = torch.nn.Linear(4, 1, bias=False)
        with torch.no_grad():
            module.weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
        constraint = MosaicConstraint(module, motif_count=1)
        constraint.renew()
        with constraint.applied():
            # The only motif is zeros, so that the output is 0 and d(output^2 + output)/dw = x.
            output = module(torch.tensor([[1.0, 10.0, 100.0, 1000.0]]))
            self.assertEqual(output.item(), 0)
            (output * output + output).sum().backward()
        np.testing.assert_array_equal(module.weight.grad.numpy(), [[1, 10, 100, 1000]])
        np.testing.assert_array_equal(module.weight.detach().numpy(), [[1, 2, 3, 4]])

    def test_latent_weights_return_after_an_error(self) -> None:
        module = network()
        before = module[0].weight.clone()
        with self.assertRaises(RuntimeError):
            with MosaicConstraint(module, motif_count=2).applied():
                raise RuntimeError
        self.assertTrue(torch.equal(module[0].weight, before))

    def test_export_keeps_every_parameter_bit_for_bit(self) -> None:
        module = network()
        MosaicConstraint(module, capacity=0.5).project()
        with tempfile.TemporaryDirectory() as folder:
            weights, model = export(module, folder, torch.zeros(2, 6))
            with np.load(weights) as arrays:
                for name, tensor in module.state_dict().items():
                    self.assertEqual(arrays[name].tobytes(), tensor.numpy().tobytes())
            content = model.read_bytes()
        for name, parameter in module.named_parameters():
            self.assertIn(parameter.detach().numpy().tobytes(), content, name)
        self.assertTrue(module.training)


if __name__ == "__main__":
    unittest.main()
