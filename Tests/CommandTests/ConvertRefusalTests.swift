import FoundationEssentials
import Glibc
import Momos
import MomosTestSupport
import Testing

/// What `momos-convert` refuses: nothing is written.
struct ConvertRefusalTests {
  /// A folder with sources, good and bad.
  private func makeFolder() throws -> TestFolder {
    let folder = try TestFolder()
    var generator = SeededGenerator(seed: 1)
    let values = (0..<300 * 300).map { _ in Float(generator.nextNormal()) }
    try NPYFixture.write(Tensor(values, shape: Shape([300, 300])), to: folder.file("w.npy"))
    try NPYFixture.write(Tensor([1, Float.nan], shape: Shape([1, 2])), to: folder.file("nan.npy"))
    try folder.write(Array(folder.bytes(of: "w.npy").dropLast()), to: "short.npy")
    try folder.write(Array("old".utf8), to: "old.momos")
    try folder.write(Array("{".utf8), to: "broken.json")
    try folder.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "bare.safetensors")
    _ = try folder.folder("empty")
    return folder
  }

  @Test(arguments: [
    Refusal("", 64, "missing expected argument", "--help"),
    Refusal("w.npy", 64, "-o FILE.momos is missing"),
    Refusal("w.npy -o a.momos --bogus", 64, "--bogus"),
    Refusal("-dash.npy -o a.momos", 64, "-dash.npy", "./-dash.npy"),
    Refusal("w.npy -o a.momos --motif 3", 64, "--motif"),
    Refusal("w.npy -o a.momos --motifs 8 --capacity 0.5", 64, "--motifs", "--capacity"),
    Refusal("w.npy -o a.momos --motifs 0", 64, "motifs", "1 to 65536"),
    Refusal("w.npy -o a.momos --motifs 65537", 64, "motifs", "65537"),
    Refusal("w.npy -o a.momos --motifs many", 64, "--motifs", "many"),
    Refusal("w.npy -o a.momos --motifs", 64, "--motifs"),
    Refusal("w.npy -o a.momos --capacity 0", 64, "capacity"),
    Refusal("w.npy -o a.momos --capacity 1.5", 64, "capacity", "1.5"),
    Refusal("w.npy -o a.momos --capacity nan", 64, "capacity"),
    Refusal("w.npy -o a.momos --capacity 1 --block-length 1", 64, "90000", "65536"),
    Refusal("w.npy -o a.momos --block-length 0", 64, "block length", "1 to 64"),
    Refusal("w.npy -o a.momos --block-length 65", 64, "block length", "65"),
    Refusal("w.npy -o a.momos --alpha 0.05", 64, "--alpha needs --decompose"),
    Refusal("w.npy -o a.momos --max-loss 0.1", 64, "--max-loss needs --decompose"),
    Refusal("w.npy -o a.momos --initial-weights w.npy", 64, "--initial-weights needs --decompose"),
    Refusal("w.npy -o a.momos --decompose --alpha 1", 64, "--alpha", "above 0, below 1"),
    Refusal("w.npy -o a.momos --decompose --max-loss nan", 64, "--max-loss", "0 or more"),
    Refusal("w.npy -o a.momos --decompose --initialization he", 64, "--initialization", "he"),
    Refusal(
      "w.npy -o a.momos --decompose --initialization normal:1 --initial-weights w.npy", 64,
      "exclude each other"),
    Refusal("w.npy -o a.momos --decompose --no-zero-motif", 64, "--no-zero-motif"),
    Refusal("w.npy -o a.momos --decompose --form overlapping", 64, "--form overlapping"),
    Refusal("w.npy -o a.momos --decompose --blocking flat", 64, "--blocking flat"),
    Refusal("w.npy -o a.momos --decompose --save-plan p.json", 64, "--decompose", "plan file"),
    Refusal("w.npy -o a.momos --decompose --initial-weights none.npy", 66, "none.npy"),
    Refusal("w.npy -o a.momos --bits 0", 64, "bits", "above 0"),
    Refusal("w.npy -o a.momos --bits nan", 64, "bits"),
    Refusal("w.npy -o a.momos --bits -1", 64, "bits", "-1"),
    Refusal("w.npy -o a.momos --seed -1", 64, "--seed", "-1"),
    Refusal("w.npy -o a.momos --blocking columns", 64, "--blocking", "rows", "flat"),
    Refusal("w.npy -o a.momos --bits 2 --target-size 1MB", 64, "--bits", "--target-size"),
    Refusal("w.npy -o a.momos --bits 2 --motifs 16", 64, "--bits", "--motifs"),
    Refusal("w.npy -o a.momos --target-size 1MB --block-length 4", 64, "--target-size", "--block-length"),
    Refusal("w.npy -o a.momos --bits 2 --stages 1", 64, "--bits", "--stages"),
    Refusal("w.npy -o a.momos --bits 2 --capacity 0.1", 64, "--bits", "--capacity"),
    Refusal("w.npy -o a.momos --bits 2 --dictionary tensor", 64, "--bits", "--dictionary"),
    Refusal("w.npy -o a.momos --plan p.json --bits 2", 64, "--bits", "--plan"),
    Refusal("w.npy -o a.momos --plan p.json --form plain", 64, "--plan", "--form"),
    Refusal("w.npy -o a.momos --plan none.json", 66, "none.json"),
    Refusal("w.npy -o a.momos --prefer accuracy --motifs 3", 64, "--prefer", "--motifs"),
    Refusal("w.npy -o a.momos --target-cosine 0.9", 64, "--target-cosine", "--calibration"),
    Refusal("w.npy -o a.momos --target-size 0", 64, "target size"),
    Refusal("w.npy -o a.momos --target-size 10QB", 64, "--target-size"),
    Refusal("w.npy -o a.momos --target-size 1.5.2MB", 64, "--target-size"),
    Refusal("w.npy -o a.momos --target-size 9999999999TB", 64, "--target-size"),
    Refusal("w.npy -o a.momos --target-size MB", 64, "--target-size"),
    Refusal("w.npy -o a.momos --effort more", 64, "--effort", "normal"),
    Refusal("w.npy -o a.momos --form round", 64, "--form", "overlapping"),
    Refusal("w.npy -o a.momos --stages 0", 64, "stages", "1 to 8"),
    Refusal("w.npy -o a.momos --stages 9", 64, "stages", "9"),
    Refusal("w.npy -o a.momos --threads -1", 64, "--threads"),
    Refusal("w.npy -o a.momos --threads 1025", 64, "--threads", "1024"),
    Refusal("w.npy -o a.momos --seed 18446744073709551616", 64, "--seed"),
    Refusal("w.npy -o a.momos --dictionary layer", 64, "--dictionary", "model", "tensor"),
    Refusal("w.npy -o a.momos --input-axis middle", 64, "--input-axis", "last", "first"),
    Refusal("w.npy -o a.momos --dense (", 64, "regular expression"),
  ])
  func argumentsOutOfRange(refusal: Refusal) throws {
    try refusal.check(.convert, in: makeFolder())
  }

  @Test(arguments: [
    Refusal("none.npy -o a.momos", 66, "none.npy"),
    Refusal("w.npy -o a.momos --graph none.json", 66, "none.json"),
    Refusal("empty -o a.momos", 65, "empty", ".npy"),
    Refusal("short.npy -o a.momos", 65, "short.npy"),
    Refusal("broken.json -o a.momos", 65, "broken.json"),
    Refusal("bare.safetensors -o a.momos", 65, "no tensors"),
    Refusal("old.momos -o a.momos", 65, "old.momos"),
    Refusal("w.npy -o a.momos --graph broken.json", 65, "broken.json"),
    Refusal("w.npy w.npy -o a.momos", 65, "'w'"),
    Refusal("nan.npy -o a.momos", 65, "'nan'", "--allow-nonfinite"),
    Refusal("nan.npy -o a.momos --dense nan", 65, "--allow-nonfinite"),
    Refusal("w=w.npy:f32[300,300] -o a.momos", 65, "w.npy"),
  ])
  func badSources(refusal: Refusal) throws {
    try refusal.check(.convert, in: makeFolder())
  }

  @Test(arguments: [
    Refusal("w.npy -o old.momos", 64, "old.momos", "--force"),
    Refusal("w.npy -o old.momos --dry-run", 64, "old.momos", "--force"),
    Refusal("w.npy -o none/a.momos", 74, "none/a.momos"),
    Refusal("w.npy -o old.momos/a.momos", 74, "old.momos/a.momos"),
    Refusal("w.npy -o empty --force", 64, "empty", "folder"),
    Refusal("w.npy -o a.npz", 64, "a.npz", "FILE.momos"),
    Refusal("w.npy -o a.ONNX --dry-run", 64, "a.ONNX", "FILE.momos"),
    Refusal("w.npy -o /dev/null --force", 64, "/dev/null", "device"),
    Refusal("w.npy -o a.momos --save-plan /dev/full --force", 64, "/dev/full", "device"),
  ])
  func outputsThatCannotBe(refusal: Refusal) throws {
    try refusal.check(.convert, in: makeFolder())
  }

  /// A link would be replaced itself, and what it leads to would stay: /dev/stdout, for instance.
  @Test(arguments: ["old.momos", "nowhere", "link.momos"]) func outputThatIsALink(target: String) throws {
    let folder = try makeFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.momos"), withDestinationPath: target)
    try Refusal("w.npy -o link.momos", 64, "link.momos", "link").check(.convert, in: folder)
    try Refusal("w.npy -o link.momos --force", 64, "link.momos", "link").check(.convert, in: folder)
  }

  @Test func emptyNames() throws {
    let folder = try makeFolder()
    try Command.convert(["w.npy", "-o", ""], in: folder).expectRefusal(64, "output", "empty name")
    try Command.convert(["w.npy", "-o", "a.momos", "--save-plan", ""], in: folder)
      .expectRefusal(64, "output", "empty name")
    try Command.convert(["", "-o", "a.momos"], in: folder).expectRefusal(66, "name of a file", "empty")
    #expect(!folder.names.contains("a.momos"))
  }

  @Test(arguments: ["w.npy", "./w.npy", "empty/../w.npy", "link.npy", "hard.npy"])
  func outputThatIsTheSource(output: String) throws {
    let folder = try makeFolder()
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.file("link.npy"), withDestinationPath: "w.npy")
    try #require(unsafe link(folder.file("w.npy"), folder.file("hard.npy")) == 0)
    try Refusal("w.npy -o \(output)", 64, "also an input").check(.convert, in: folder)
    try Refusal("w.npy -o \(output) --force", 64, "also an input").check(.convert, in: folder)
    try Refusal("w=w.npy -o \(output) --force", 64, "also an input").check(.convert, in: folder)
  }

  @Test func outputThatIsTheGraph() throws {
    let folder = try TestFolder()
    try FileManager.default.copyItem(atPath: Digits.graph, toPath: folder.file("graph.json"))
    try Refusal("\(Digits.weights) --graph graph.json -o graph.json --force", 64, "also an input")
      .check(.convert, in: folder)
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func unreadableSource() throws {
    let folder = try makeFolder()
    unsafe chmod(folder.file("w.npy"), 0)
    try Refusal("w.npy -o a.momos", 74, "w.npy").check(.convert, in: folder)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func readOnlyFolder() throws {
    let folder = try makeFolder()
    unsafe chmod(folder.file("empty"), 0o500)
    try Refusal("w.npy -o empty/a.momos", 74, "empty/a.momos").check(.convert, in: folder)
    try Refusal("w.npy -o empty/a.momos --dry-run", 74, "empty/a.momos").check(.convert, in: folder)
  }

  @Test(arguments: [
    ("\"Relu\"", "\"Rectify\"", "Rectify"), ("\"fc2.weight\"", "\"fc9.weight\"", "fc9.weight"),
    ("\"version\": 17", "\"version\": 900", "900"), ("\"fc1.weight\"", "\"fc2.weight\"", "fc1"),
    ("\"transB\"", "\"transC\"", "transC"),
  ])
  func graphThatCannotBeExecuted(found: String, replacement: String, word: String) throws {
    let folder = try TestFolder()
    let graph = String(decoding: try Data(contentsOf: URL(filePath: Digits.graph)), as: UTF8.self)
    try #require(graph.contains(found))
    // With a batch of fixed size every shape is known before the execution.
    let changed = graph.replacing(found, with: replacement).replacing("\"batch\"", with: "5")
    try folder.write(Array(changed.utf8), to: "graph.json")
    try Refusal("\(Digits.weights) --graph graph.json -o a.momos", 65, word).check(.convert, in: folder)
  }
}
