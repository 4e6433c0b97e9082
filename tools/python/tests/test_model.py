"""The binding against the independent reader, numpy and the commands' fixtures."""

import copy
import gc
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy as np

import momos
import momos_reference

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMANDS = pathlib.Path(os.environ.get("MOMOS_COMMANDS", ROOT / ".build-tests/release"))
FIXTURES = ROOT / "fixtures"
DIGITS = FIXTURES / "sources/digits-mlp"
WEIGHTS = {path.stem: np.load(path) for path in sorted((DIGITS / "weights").glob("*.npy"))}
IMAGES = np.load(DIGITS / "test_images.npy")


def dense_logits(weights, images):
    """The digits network in float64, by hand."""
    hidden = images.astype(np.float64)
    for layer in (1, 2, 3):
        weight, bias = (np.asarray(weights[f"fc{layer}.{kind}"], np.float64) for kind in ("weight", "bias"))
        hidden = hidden @ weight.T + bias
        hidden = np.maximum(hidden, 0) if layer < 3 else hidden
    return hidden


class WithDigits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = f"{cls.folder.name}/digits.momos"
        cls.report = momos.convert(DIGITS / "weights", cls.path, graph=DIGITS / "graph.json", bits=2, progress=False)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()


class FixtureTests(unittest.TestCase):
    def test_every_valid_fixture_has_the_tensors_that_the_independent_reader_finds(self):
        paths = sorted((FIXTURES / "valid").glob("*.momos"))
        self.assertGreater(len(paths), 20)
        for path in paths:
            expected = momos_reference.open(path)
            with momos.open(path) as model:
                self.assertEqual(sorted(model), sorted(expected.names), path.name)
                for name, tensor in model.items():
                    wanted = expected.tensor(name)
                    if tensor.element_type == "bf16" and wanted.dtype == np.uint16:
                        wanted = (wanted.astype(np.uint32) << 16).view(np.float32)
                    found = tensor.numpy()
                    self.assertEqual(found.shape, wanted.shape, f"{path.name} {name}")
                    self.assertEqual(tensor.shape, wanted.shape)
                    self.assertTrue(
                        np.array_equal(found, wanted.astype(found.dtype), equal_nan=found.dtype.kind == "f"),
                        f"{path.name} {name}",
                    )

    def test_every_invalid_fixture_is_refused_with_its_rule(self):
        paths = sorted((FIXTURES / "invalid").glob("*.momos"))
        self.assertGreater(len(paths), 200)
        for path in paths:
            with self.assertRaises(momos.MomosError, msg=path.name) as caught:
                momos.open(path).check()
            self.assertIn("-".join(path.stem.split("-")[:2]), str(caught.exception), path.name)


class TensorTests(WithDigits):
    def test_weights_are_those_of_the_independent_reader(self):
        expected = momos_reference.open(self.path)
        with momos.open(self.path) as model:
            self.assertEqual(set(model), set(WEIGHTS))
            for name in WEIGHTS:
                np.testing.assert_array_equal(model[name].numpy(), expected.tensor(name))
                np.testing.assert_array_equal(np.asarray(model[name]), expected.tensor(name))

    def test_indexing_is_that_of_numpy(self):
        expected = momos_reference.open(self.path).tensor("fc1.weight")
        with momos.open(self.path) as model:
            tensor = model["fc1.weight"]
            keys = [
                0, -1, slice(3, 9), slice(None, None, -50), [5, 5, 0], np.array([[1, 2], [3, -4]]), (7, 3),
                (slice(2, 4), slice(None, 5)), (slice(0, 0),), Ellipsis, (..., 2), expected[:, 0] > 0, None,
            ]  # fmt: skip
            for key in keys:
                np.testing.assert_array_equal(tensor[key], expected[key], err_msg=str(key))
            for key in (256, -257, [0, 256], 2**64 - 1, np.uint64(2**64 - 1), np.array([2**64 - 1], np.uint64)):
                with self.assertRaises(IndexError):
                    tensor[key]
            with self.assertRaises(IndexError):
                tensor.rows([0.5])
            np.testing.assert_array_equal(model["fc1.bias"][10:20], WEIGHTS["fc1.bias"][10:20])

    def test_a_number_beside_a_list_is_one_of_it_and_a_truth_value_is_none(self):
        path = f"{self.folder.name}/deep.momos"
        values = np.random.default_rng(2).standard_normal((32, 64, 8)).astype(np.float32)
        momos.save_file({"w": values}, path, motifs=16, block_length=2)
        expected = momos_reference.open(path).tensor("w")
        with momos.open(path) as model:
            self.assertEqual(model["w"].kind, "mosaic")
            keys = [
                (0, slice(None), [1, 2]), (np.int64(3), None, [1, 2]), (1, ..., [0]), (0, [1, 2], 3), (2, expected[2] > 0),
                (slice(1, 3), slice(None), [0, 1]), True, False, (True, 0), (0, 1, 2), (),
            ]  # fmt: skip
            for key in keys:
                found = model["w"][key]
                self.assertEqual(np.shape(found), expected[key].shape, str(key))
                np.testing.assert_array_equal(found, expected[key], err_msg=str(key))

    def test_iteration_is_that_of_numpy(self):
        path = f"{self.folder.name}/scalar.momos"
        momos.save_file({"s": np.float32(3), "v": np.arange(3)}, path)
        with momos.open(path) as model, momos.open(self.path) as digits:
            with self.assertRaises(TypeError):
                list(model["s"])
            self.assertEqual(list(model["v"]), [0, 1, 2])
            weight = digits["fc1.weight"]
            np.testing.assert_array_equal(list(weight), weight.numpy())
            self.assertTrue(weight.numpy()[3, 3] in weight)
            self.assertFalse(1e30 in weight)

    def test_facts_are_those_of_the_file(self):
        with momos.open(self.path) as model:
            tensor = model["fc1.weight"]
            self.assertEqual((tensor.shape, tensor.dtype, tensor.kind), ((256, 64), np.float32, "mosaic"))
            self.assertEqual((tensor.matrix_shape, tensor.element_type), ((256, 64), "f32"))
            self.assertEqual((len(tensor), tensor.ndim, tensor.size), (256, 2, 256 * 64))
            entry = next(e for e in model.inspect()["tensors"] if e["name"] == "fc1.weight")
            self.assertEqual((tensor.form, tensor.bits), (entry["form"], entry["bits"]))
            self.assertEqual(tensor.stored_byte_count, entry["stored_byte_count"])
            self.assertEqual(model["fc1.bias"].kind, "dense")
            with self.assertRaises(KeyError):
                model["fc9.weight"]

    def test_dense_tensors_lie_in_the_file_and_outlive_the_model(self):
        model = momos.open(self.path)
        bias = model["fc1.bias"].numpy()
        model.close()
        del model
        gc.collect()
        np.testing.assert_array_equal(bias, WEIGHTS["fc1.bias"])
        self.assertFalse(bias.flags.writeable)
        with self.assertRaises(ValueError):
            bias.flags.writeable = True

    def test_a_file_in_memory_is_given_back(self):
        content = pathlib.Path(self.path).read_bytes()
        model = momos.open(content)
        weight = model["fc1.weight"].numpy()
        with momos.open(self.path) as other:
            np.testing.assert_array_equal(weight, other["fc1.weight"].numpy())
        bias = model["fc1.bias"].numpy()
        del model
        gc.collect()
        np.testing.assert_array_equal(bias, WEIGHTS["fc1.bias"])
        del bias
        gc.collect()
        self.assertEqual(momos.model._memory, {})
        for wrong in (b"", b"x", content[:-1]):
            with self.assertRaises(momos.BadDataError):
                momos.open(wrong)
        self.assertEqual(momos.model._memory, {})

    def test_a_closed_model_says_so(self):
        with momos.open(self.path) as model:
            pass
        for use in (lambda: model["fc1.weight"], lambda: model.run({}), lambda: len(model), lambda: list(model)):
            with self.assertRaises(momos.UsageError):
                use()

    def test_models_are_not_copied(self):
        with momos.open(self.path) as model:
            for copied in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "open its file"):
                    copied(model)
            for copied in (copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "open the file"):
                    copied(model["fc1.weight"])

    def test_a_path_is_not_cut_at_a_zero_byte(self):
        with self.assertRaisesRegex(momos.UsageError, "zero byte"):
            momos.open(f"{self.path}\0.other")

    def test_numpy_is_told_where_a_copy_is_needed(self):
        with momos.open(self.path) as model:
            mosaic, dense = model["fc1.weight"], model["fc1.bias"]
            self.assertEqual(dense.__array__(copy=False).tolist(), dense.numpy().tolist())
            for convert in (lambda: mosaic.__array__(copy=False), lambda: dense.__array__(np.float64, copy=False)):
                with self.assertRaises(ValueError):
                    convert()


class ExecutionTests(WithDigits):
    def test_products_are_those_of_numpy(self):
        with momos.open(self.path) as model:
            weight = model["fc2.weight"]
            dense = weight.numpy().astype(np.float64)
            vectors = np.random.default_rng(1).standard_normal((5, 256)).astype(np.float32)
            for precision, bound in (("exact", 1e-5), ("fast", 5e-4), ("fastest", 3e-2)):
                expected = vectors @ dense.T
                error = np.linalg.norm(weight.multiply(vectors, precision) - expected) / np.linalg.norm(expected)
                self.assertLess(error, bound, precision)
            np.testing.assert_allclose(weight @ vectors[0], dense @ vectors[0], rtol=0, atol=1e-2)
            np.testing.assert_allclose(weight @ vectors.T, dense @ vectors.T, rtol=0, atol=1e-2)
            for wrong in (vectors[:, :-1], vectors[None]):
                with self.assertRaises(momos.UsageError):
                    weight.multiply(wrong)
            with self.assertRaises(momos.UsageError):
                weight.multiply(vectors, "sloppy")

    def test_a_run_is_the_network_with_the_reconstructed_weights(self):
        with momos.open(self.path) as model:
            self.assertEqual([(v.name, v.dtype, v.shape) for v in model.inputs], [("images", np.float32, ("batch", 64))])
            self.assertEqual([v.name for v in model.outputs], ["logits"])
            expected = dense_logits({name: tensor.numpy() for name, tensor in model.items()}, IMAGES)
            logits = model.run({"images": IMAGES}, precision="exact")["logits"]
            self.assertLess(np.linalg.norm(logits - expected) / np.linalg.norm(expected), 1e-5)
            one = model.run({"images": [IMAGES[0].tolist()]}, precision="exact", threads=1)["logits"]
            np.testing.assert_allclose(one[0], logits[0], rtol=1e-5, atol=1e-4)
            strided = np.repeat(IMAGES.astype(np.float32), 2, axis=1)[:, ::2]
            np.testing.assert_array_equal(model.run({"images": strided}, precision="exact")["logits"], logits)
            swapped = IMAGES.astype(">f4")
            np.testing.assert_array_equal(model.run({"images": swapped}, precision="exact")["logits"], logits)

    def test_wrong_inputs_are_refused(self):
        with momos.open(self.path) as model:
            for inputs in ({}, {"pictures": IMAGES}, {"images": IMAGES, "x": 1}, {"images": np.array(["text"])}):
                with self.assertRaises(momos.UsageError, msg=str(inputs)):
                    model.run(inputs)
            with self.assertRaises(momos.BadDataError):
                model.run({"images": IMAGES[:, :-1]})
            with self.assertRaises(momos.UsageError):
                model.run([IMAGES])
            for options in ({"threads": "2"}, {"threads": 1.0}, {"precision": ["fast"]}, {"precision": "sloppy"}):
                with self.assertRaises(momos.UsageError, msg=str(options)):
                    model.run({"images": IMAGES}, **options)
            for vectors in (np.ones(64, complex), ["a"] * 64, 1.0, np.ones((2, 64, 3)), np.ones(63)):
                with self.assertRaises(momos.UsageError, msg=str(vectors)):
                    model["fc1.weight"] @ vectors

    def test_what_python_wrote_is_not_changed_for_the_graph(self):
        with momos.open(self.path) as model:
            row = IMAGES[0].tolist()
            logits = model.run({"images": IMAGES[:1]})["logits"]
            for same in ([row], [[float(value) for value in row]], (tuple(row),)):
                np.testing.assert_array_equal(model.run({"images": same})["logits"], logits)
            for wrong in ([[None] * 64], [["1"] * 64], [[1j] * 64]):
                with self.assertRaisesRegex(momos.UsageError, "images"):
                    model.run({"images": wrong})
            np.testing.assert_array_equal(model.run({"images": IMAGES[:1]}, threads=np.int64(2))["logits"], logits)
        for numbers, dtype in (([1.5], "i8"), ([2**63], "i8"), ([2], "?"), ([-1], "u1"), ([256], "u1")):
            with self.assertRaisesRegex(momos.UsageError, "input 'n'"):
                momos.model._as_type(np.asarray(numbers), np.dtype(dtype), "n")
        for numbers, dtype in (([1.0], "i8"), ([0, 1], "?"), ([255], "u1"), ([], "i8"), ([2**64 - 1], "u8")):
            np.testing.assert_array_equal(momos.model._as_type(np.asarray(numbers), np.dtype(dtype), "n"), numbers)

    def test_a_process_that_forks_goes_on_in_both(self):
        with momos.open(self.path) as model:
            expected = model.run({"images": IMAGES}, threads=3)["logits"].copy()

            def child():
                signal.alarm(60)
                same = np.array_equal(model.run({"images": IMAGES}, threads=3)["logits"], expected)
                model.close()
                with momos.open(self.path) as other:
                    return same and np.array_equal(other.run({"images": IMAGES}, threads=3)["logits"], expected)

            process = os.fork()
            if process == 0:
                status = 1
                try:
                    status = 0 if child() else 1
                finally:
                    os._exit(status)
            self.assertEqual(os.waitpid(process, 0)[1], 0)
            np.testing.assert_array_equal(model.run({"images": IMAGES}, threads=3)["logits"], expected)

    def test_threads_share_a_model(self):
        with momos.open(self.path) as model:
            expected = model.run({"images": IMAGES})["logits"]
            found = [None] * 4

            def work(number):
                found[number] = [model.run({"images": IMAGES})["logits"] for _ in range(5)]

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for logits in found:
                for values in logits:
                    np.testing.assert_array_equal(values, expected)

    def test_outputs_outlive_the_model(self):
        with momos.open(self.path) as model:
            logits = model.run({"images": IMAGES})["logits"]
            copy = logits.copy()
        del model
        gc.collect()
        np.testing.assert_array_equal(logits, copy)

    def test_weights_alone_have_no_graph(self):
        path = f"{self.folder.name}/weights.momos"
        momos.save_file({"w": WEIGHTS["fc1.weight"]}, path)
        with momos.open(path) as model:
            self.assertIsNone(model.graph)
            with self.assertRaises(momos.BadDataError):
                model.inputs
        with momos.open(self.path) as model:
            self.assertEqual(model.graph["graphs"][0]["nodes"][0]["operator"], "Gemm")


class LibraryTests(unittest.TestCase):
    def test_another_library_is_refused(self):
        for path in ("/nowhere/libmomos.so.1", "libc.so.6"):
            program = "import momos\ntry: momos.library_version()\nexcept momos.MomosError as error: print(error)"
            environment = {**os.environ, "MOMOS_LIBRARY": path}
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
            self.assertIn("cannot load libmomos.so.1", done.stdout)


class WorkTests(WithDigits):
    def test_a_conversion_tells_what_the_file_holds(self):
        self.assertEqual(self.report["file_byte_count"], pathlib.Path(self.path).stat().st_size)
        self.assertLessEqual(self.report["bits"], 2)
        dry = momos.convert(DIGITS / "weights", graph=json.loads((DIGITS / "graph.json").read_text()), bits=2)
        self.assertEqual([t["class_name"] for t in dry["tensors"]], [t["class_name"] for t in self.report["tensors"]])

    def test_calibration_takes_arrays(self):
        path = f"{self.folder.name}/calibrated.momos"
        train = np.load(DIGITS / "train_images.npy")[:256]
        report = momos.convert(
            DIGITS / "weights", path, graph=DIGITS / "graph.json", calibration={"images": train}, bits=1.5, progress=False
        )
        self.assertIsNotNone(report["predicted_loss"])

    def test_arrays_saved_without_loss_load_as_they_were(self):
        path = f"{self.folder.name}/saved.momos"
        tensors = {"a": WEIGHTS["fc1.weight"], "b": np.arange(5), "c": np.float16([[1, 2]])}
        momos.save_file(tensors, path, dense=".*")
        loaded = momos.load_file(path)
        self.assertEqual(set(loaded), set(tensors))
        for name, array in tensors.items():
            self.assertEqual(loaded[name].dtype, array.dtype)
            np.testing.assert_array_equal(loaded[name], array)

    def test_any_text_names_a_tensor(self):
        names = ["file", "args", "../up/and/down", "größe", " "]
        path = f"{self.folder.name}/names.momos"
        momos.save_file({name: np.full(3, number, np.float32) for number, name in enumerate(names)}, path)
        loaded = momos.load_file(path)
        self.assertEqual({name: values[0] for name, values in loaded.items()}, {n: i for i, n in enumerate(names)})

    def test_options_take_numbers_of_numpy(self):
        plain = momos.convert(DIGITS / "weights", progress=False, bits=2, seed=7)
        other = momos.convert(DIGITS / "weights", progress=False, bits=np.float32(2), seed=np.int64(7))
        self.assertEqual(plain["file_byte_count"], other["file_byte_count"])

    def test_what_is_no_number_is_refused_with_its_name(self):
        for values in (np.array([object()]), np.array(["text"]), np.ones(3, complex), [[1], [1, 2]]):
            with self.assertRaises(ValueError, msg=str(values)):
                momos.convert({"tensor": values}, progress=False)
        with self.assertRaisesRegex(momos.UsageError, "'w'"):
            momos.convert({"w": np.ones(3, complex)}, progress=False)
        with self.assertRaisesRegex(momos.UsageError, "'w'"):
            momos.convert({"w": np.ones(3, np.longdouble)}, progress=False)
        for name in (1, "", "a\0b", "x" * 70000):
            with self.assertRaisesRegex(momos.UsageError, "names of tensors"):
                momos.convert({name: np.ones(3)}, progress=False)
        for source in (b"weights.npz", [b"weights.npz"], 3, None, np.ones((3, 4)), [np.ones(3)]):
            with self.assertRaisesRegex(momos.UsageError, "arrays by name"):
                momos.convert(source, progress=False)
        with self.assertRaisesRegex(momos.UsageError, "names of inputs"):
            momos.verify("file.momos", input=[np.ones(3)], progress=False)
        with self.assertRaisesRegex(momos.UsageError, "set"):
            momos.convert({"w": np.ones((3, 4))}, progress=False, bits={2})

    def test_what_is_wrong_has_its_exception(self):
        for options in ({"bits": 99}, {"bits": 2, "motifs": 16}, {"colour": "red"}, {"effort": 3}):
            with self.assertRaises(momos.UsageError, msg=str(options)):
                momos.convert(DIGITS / "weights", progress=False, **options)
        with self.assertRaises(momos.MissingError):
            momos.convert("/nowhere/at.onnx")
        with self.assertRaises(FileNotFoundError):
            momos.open("/nowhere/at.momos")
        with self.assertRaises(momos.UsageError):
            momos.convert(DIGITS / "weights", self.path)

    def test_what_the_progress_function_raises_ends_the_work(self):
        class Enough(Exception):
            pass

        seen = []

        def stop(phase, share):
            seen.append((phase, share))
            if share > 0.5:
                raise Enough

        path = f"{self.folder.name}/never.momos"
        with self.assertRaises(Enough):
            momos.convert(DIGITS / "weights", path, graph=DIGITS / "graph.json", progress=stop)
        self.assertFalse(pathlib.Path(path).exists())
        self.assertEqual({phase for phase, _ in seen}, {"calibrating", "converting"} & {phase for phase, _ in seen})
        self.assertEqual([share for _, share in seen], sorted(share for _, share in seen))

    def test_ctrl_c_ends_the_work(self):
        def stop(phase, share):
            if share > 0:
                # As from the keyboard: Python looks for it where the next function begins.
                signal.raise_signal(signal.SIGINT)

        handler = signal.getsignal(signal.SIGINT)
        path = f"{self.folder.name}/never.momos"
        with self.assertRaises(KeyboardInterrupt):
            momos.convert(DIGITS / "weights", path, progress=stop)
        threads = []

        def interrupt_soon(phase, share):
            if not threads:
                threads.append(threading.Thread(target=lambda: (time.sleep(0.05), os.kill(os.getpid(), signal.SIGINT))))
                threads[0].start()

        weights = {f"w{number}": np.random.default_rng(number).standard_normal((256, 256)) for number in range(12)}
        with self.assertRaises(KeyboardInterrupt):
            momos.convert(weights, path, progress=interrupt_soon, threads=1, effort="fast")
            threads[0].join()
        self.assertFalse(pathlib.Path(path).exists())
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    @unittest.skipUnless((COMMANDS / "momos-convert").exists(), "momos-convert is not built")
    def test_the_command_continues_what_the_library_began(self):
        class Enough(Exception):
            pass

        def stop(phase, share):
            if phase == "converting" and share > 0.5:
                raise Enough

        samples = f"{self.folder.name}/samples.npz"
        np.savez(samples, images=IMAGES[:16])
        path = f"{self.folder.name}/continued.momos"
        calibrated = {"calibration": samples}, ["--calibration", samples]
        for options, words in (({}, []), ({"bits": 2, "decompose": True}, ["--bits", "2", "--decompose"]), calibrated):
            with self.assertRaises(Enough):
                momos.convert(
                    DIGITS / "weights", path, graph=DIGITS / "graph.json", progress=stop, resume=True, **options
                )
            self.assertTrue(pathlib.Path(f"{path}.partial/manifest.npz").exists())
            command = [COMMANDS / "momos-convert", DIGITS / "weights", "--graph", DIGITS / "graph.json", "-o", path]
            # A journal of other options or types is refused.
            done = subprocess.run([*command, "--resume", *words], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertFalse(pathlib.Path(f"{path}.partial").exists())
            pathlib.Path(path).unlink()

    def test_verification_compares_with_the_source(self):
        labels = np.load(DIGITS / "test_labels.npy")
        report = momos.verify(self.path, DIGITS / "weights", input={"images": IMAGES}, labels=labels, progress=False)
        with momos.open(self.path) as model:
            predicted = model.run({"images": IMAGES})["logits"].argmax(axis=1)
        self.assertEqual(report["outputs"][0]["accuracy"], np.mean(predicted == labels))
        with self.assertRaises(momos.VerificationError) as caught:
            momos.verify(self.path, WEIGHTS, min_cosine=0.999999, progress=False)
        self.assertFalse(caught.exception.report["has_passed"])
        self.assertIn("cosine", str(caught.exception))
        # As processes of a pool send it.
        sent = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((str(sent), sent.report), (str(caught.exception), caught.exception.report))
        report = momos.verify(self.path, WEIGHTS, min_cosine=0.999999, progress=False, accept=True)
        self.assertFalse(report["has_passed"])


if __name__ == "__main__":
    unittest.main()
