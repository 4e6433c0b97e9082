import FoundationEssentials
import Momos
import MomosTestSupport
import Testing

/// What `momos-run` refuses: nothing is written.
struct RunRefusalTests {
  /// A folder with the digits network, a file without graph and inputs of several shapes and types.
  private func makeFolder() throws -> TestFolder {
    let folder = try TestFolder()
    _ = try Digits.convert(into: folder)
    try Command.convert([Digits.weights, "-o", "plain.momos", "--quiet"], in: folder).expectSuccess()
    try FileManager.default.copyItem(atPath: Digits.images, toPath: folder.file("x.npy"))
    let shape = try Shape([2, 64])
    let zeros = [Float](repeating: 0, count: 128)
    try NPYFixture.write(Tensor(zeros, shape: Shape([2, 8, 8])), to: folder.file("cube.npy"))
    try NPYFixture.write(Tensor(zeros, shape: Shape([4, 32])), to: folder.file("narrow.npy"))
    try NPYFixture.write(Tensor(rounding: zeros, to: .float64, shape: shape), to: folder.file("f64.npy"))
    try NPYFixture.write(
      Tensor([Int64](repeating: 0, count: 128), shape: shape), to: folder.file("i64.npy"))
    try folder.write(Array("text".utf8), to: "text.npy")
    try folder.write([], to: "empty.momos")
    return folder
  }

  @Test(arguments: [
    Refusal("", 64, "missing expected argument"),
    Refusal("digits.momos --input images=x.npy", 64, "--output is missing"),
    Refusal("digits.momos --input x.npy --output logits=y.npy", 64, "--input", "NAME=FILE.npy"),
    Refusal("digits.momos --input images=x.npy --output y.npy", 64, "--output", "NAME=FILE.npy"),
    Refusal("digits.momos --input images= --output logits=y.npy", 64, "NAME=FILE.npy"),
    Refusal("digits.momos --input images=x.npy --input images=x.npy --bench", 64, "twice"),
    Refusal("digits.momos --input images=x.npy --output classes=y.npy", 64, "classes", "logits"),
    Refusal("digits.momos --output logits=y.npy", 64, "images"),
    Refusal("digits.momos --input images=x.npy --input more=x.npy --bench", 64, "more", "images"),
    Refusal("digits.momos --input images=x.npy --bench --repeat 0", 64, "--repeat"),
    Refusal("digits.momos --input images=x.npy --bench --repeat -1", 64, "--repeat", "1 to"),
    Refusal("digits.momos --input images=x.npy --output logits=y.npy --repeat 3", 64, "--repeat", "--bench"),
    Refusal("digits.momos --input images=x.npy --output logits=y.npy --json", 64, "--json", "--bench"),
    Refusal("digits.momos --input images=x.npy --bench --threads 2000", 64, "--threads"),
    Refusal("digits.momos --input images=x.npy --bench --precision most", 64, "--precision", "exact"),
    Refusal("digits.momos --input images=x.npy --bench --load lazily", 64, "--load", "map", "copy"),
    Refusal("digits.momos --tensor fc1.weight --input x.npy --input x.npy --output y.npy", 64, "--tensor"),
    Refusal("digits.momos --tensor fc1.weight --input x.npy --output y.npy --output z.npy", 64, "--tensor"),
  ])
  func argumentsThatCannotBeMeant(refusal: Refusal) throws {
    try refusal.check(.run, in: makeFolder())
  }

  @Test(arguments: [
    Refusal("none.momos --input images=x.npy --bench", 66, "none.momos"),
    Refusal("digits.momos --input images=none.npy --bench", 66, "none.npy"),
    Refusal("digits.momos --tensor fc9.weight --input x.npy --output y.npy", 66, "fc9.weight"),
    Refusal("x.npy --input images=x.npy --bench", 65, "x.npy"),
    Refusal("empty.momos --input images=x.npy --bench", 65, "empty.momos"),
    Refusal("plain.momos --input images=x.npy --bench", 65, "plain.momos", "--tensor"),
    Refusal("digits.momos --input images=cube.npy --bench", 65, "images", "64"),
    Refusal("digits.momos --input images=narrow.npy --bench", 65, "images", "32"),
    Refusal("digits.momos --input images=f64.npy --bench", 65, "f64"),
    Refusal("digits.momos --input images=i64.npy --bench", 65, "i64"),
    Refusal("digits.momos --input images=text.npy --bench", 65, "text.npy"),
    Refusal("digits.momos --tensor fc1.bias --input x.npy --output y.npy", 65, "fc1.bias"),
    Refusal("digits.momos --tensor fc1.weight --input narrow.npy --output y.npy", 65, "64", "32"),
    Refusal("digits.momos --tensor fc1.weight --input cube.npy --output y.npy", 65, "64"),
    Refusal("digits.momos --tensor fc1.weight --input f64.npy --output y.npy", 65, "f64"),
  ])
  func filesThatDoNotFit(refusal: Refusal) throws {
    try refusal.check(.run, in: makeFolder())
  }

  @Test(arguments: [
    Refusal("digits.momos --input images=x.npy --output logits=text.npy", 64, "text.npy", "--force"),
    Refusal("digits.momos --input images=x.npy --output logits=./x.npy --force", 64, "also an input"),
    Refusal("digits.momos --input images=x.npy --output logits=digits.momos --force", 64, "also an input"),
    Refusal("digits.momos --tensor fc1.weight --input x.npy --output x.npy --force", 64, "also an input"),
    Refusal("digits.momos --input images=x.npy --output logits=none/y.npy", 74, "none/y.npy"),
    Refusal("digits.momos --input images=x.npy --output logits=/dev/full --force", 64, "/dev/full", "device"),
    Refusal("digits.momos --input images=x.npy --output logits=x.npy/y.npy", 74, "x.npy/y.npy"),
  ])
  func outputsThatCannotBe(refusal: Refusal) throws {
    try refusal.check(.run, in: makeFolder())
  }

  @Test func linkToTheFileIsNoOutput() throws {
    let folder = try makeFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.npy"), withDestinationPath: folder.file("digits.momos"))
    try Refusal("digits.momos --input images=x.npy --output logits=link.npy --force", 64, "also an input")
      .check(.run, in: folder)
  }

  @Test func forceReplacesAnOutput() throws {
    let folder = try makeFolder()
    try Command.run(
      ["digits.momos", "--input", "images=x.npy", "--output", "logits=text.npy", "--force"], in: folder
    ).expectSuccess()
    #expect(try folder.bytes(of: "text.npy").count > 540 * 10 * 4)
  }
}
