import FoundationEssentials
import Momos
import MomosFormat
import MomosKernels
import MomosModel
import MomosRuntime
import MomosTestSupport
import Testing

/// The code of the library's articles: it stands here as it stands there, and is executed.
struct ArticleTests {
  private let folder: TestFolder
  private let model = Fixtures.path + "/onnx/digits-cnn.onnx"
  private let images = Fixtures.path + "/sources/digits-mlp/test_images.npy"
  private var file: String { folder.file("digits.momos") }
  private var output: String { folder.file("output.momos") }

  init() throws {
    folder = try TestFolder()
    var options = ConversionOptions(sources: [model], output: folder.file("digits.momos"))
    options.fit.goal = .bits(8)
    let conversion = try Conversion(options)
    _ = try conversion.run(try conversion.plan())
  }

  @Test func converting() throws {
    // Converting
    var options = ConversionOptions(sources: [model], output: output)
    options.fit.goal = .bits(4)
    let conversion = try Conversion(options)
    let report = try conversion.run(try conversion.plan())
    print(report.text)
    // end
    #expect(report.output == output && (report.bits ?? 32) <= 4)
  }

  @Test func convertingWithSamples() throws {
    // Converting
    var options = ConversionOptions(sources: [model], output: output)
    options.fit.goal = .bits(3)
    options.calibration = ["images=" + images]
    let conversion = try Conversion(options)
    let report = try conversion.run(try conversion.plan())
    // end
    #expect((report.bits ?? 32) <= 3 && report.predictedLoss != nil)
  }

  @Test func choosingBits() throws {
    var losses: [Double] = []
    func print(_ bits: Double, _ found: Double, _ loss: Double) {
      #expect(found <= bits)
      losses.append(loss)
    }
    // ChoosingBits
    var options = ConversionOptions(sources: [model])
    options.calibration = ["images=" + images]
    for bits in [2.0, 3, 4] {
      options.fit.goal = .bits(bits)
      let plan = try Conversion(options).plan()
      print(bits, plan.bits ?? 32, plan.predictedLoss ?? 0)
    }
    // end
    #expect(losses == losses.sorted(by: >) && losses.count == 3)
  }

  @Test func running() throws {
    // Running
    let session = try Session(path: file)
    let image = try Tensor([Float](repeating: 0, count: 64), shape: Shape([1, 64]))
    let outputs = try session.run(["images": image])
    print(outputs["logits"]?.shape ?? "no logits")
    // end
    #expect(try outputs["logits"]?.shape == Shape([1, 10]))
  }

  @Test func multiplying() throws {
    // Running
    let matrix = try TensorMultiplier(path: file, tensor: "head.weight")
    let ones = try Tensor([Float](repeating: 1, count: matrix.columns), shape: Shape([matrix.columns]))
    print(try matrix.multiply(ones).output.shape)
    // end
    #expect(try matrix.multiply(ones).output.shape.elementCount == 10)
  }

  @Test func verifying() throws {
    // Verifying
    var options = VerificationOptions(file: file)
    options.sources = [model]
    options.inputs = ["images": images]
    options.minimumCosine = 0.98
    let report = try Verification(options).run()
    print(report.hasPassed, report.failures)
    // end
    #expect(report.hasPassed)
  }

  @Test func embedding() throws {
    // Embedding
    let reader = try MomosReader(path: file)
    for tensor in reader.tensors {
      print(tensor.name, tensor.shape, "\(tensor.storedByteCount) bytes")
    }
    let plan = try ExecutionPlan(model: try reader.loadModel(), pool: ThreadPool(threadCount: 2))
    let image = try Tensor([Float](repeating: 0, count: 64), shape: Shape([1, 64]))
    print(try plan.execute(["images": image])["logits"]?.shape ?? "no logits")
    // end
    #expect(plan.outputs.map(\.name) == ["logits"])
  }

  @Test(arguments: ["Converting", "ChoosingBits", "Running", "Verifying", "Embedding"])
  func articlesShowWhatIsExecuted(article: String) throws {
    let repository = Fixtures.path + "/.."
    let text = try String(
      contentsOfFile: "\(repository)/Sources/Momos/Momos.docc/\(article).md", encoding: .utf8)
    let shown = blocks(of: text, from: "```swift", to: "```")
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    #expect(!shown.isEmpty)
    #expect(blocks(of: source, from: "// \(article)", to: "// end") == shown)
  }

  /// The lines between markers, without their indentation.
  private func blocks(of text: String, from start: String, to end: String) -> [[String]] {
    var blocks: [[String]] = []
    var isInside = false
    for line in text.split(separator: "\n").map(trimmed) {
      if line == (isInside ? end : start) {
        isInside.toggle()
        if isInside { blocks.append([]) }
      } else if isInside {
        blocks[blocks.count - 1].append(line)
      }
    }
    return blocks
  }

  private func trimmed(_ line: Substring) -> String {
    String(line.drop { $0 == " " })
  }
}
