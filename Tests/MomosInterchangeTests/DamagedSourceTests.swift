import MomosModel
import Testing

@testable import MomosInterchange

/// Every truncation and every flipped bit either throws or reads; none of them may trap.
struct DamagedSourceTests {
  @Test(arguments: ["types/i2-fortran.npy", "versions/3.npy", "types/b1-little.npy"])
  func everyTruncationOfAnNPYFileThrows(_ name: String) throws {
    let content = try SourceFixture.content(name)
    for count in 0..<content.count {
      let file = Bytes(Array(content[..<count]))
      #expect(refusal { () throws(InterchangeError) in try NPYFile(file).tensor() } != nil, "\(count) bytes")
    }
  }

  @Test(arguments: ["types/i2-fortran.npy", "versions/3.npy", "types/b1-little.npy"])
  func everyFlippedBitOfAnNPYFileThrowsOrReads(_ name: String) throws {
    let content = try SourceFixture.content(name)
    var refusedCount = 0
    for (position, mask) in flips(of: content) {
      var damaged = content
      damaged[position] ^= mask
      if refusal({ () throws(InterchangeError) in try NPYFile(Bytes(damaged)).tensor() }) != nil {
        refusedCount += 1
      }
    }
    // At least the signature, the version and the upper byte of the header's count.
    #expect(refusedCount >= 9 * 8)
  }

  @Test(arguments: ["stored", "deflated", "zip64"])
  func everyTruncationOfAnArchiveThrows(_ name: String) throws {
    let content = try SourceFixture.content("archives/\(name).npz")
    for count in 0..<content.count {
      let archive = Bytes(Array(content[..<count]))
      let error = refusal { () throws(InterchangeError) in try NPZArchive(archive, path: "w.npz") }
      #expect(error != nil, "\(count) bytes")
    }
  }

  @Test(arguments: ["stored", "deflated", "zip64"])
  func everyFlippedBitOfAnArchiveThrowsOrReadsEqual(_ name: String) throws {
    let content = try SourceFixture.content("archives/\(name).npz")
    let original = try tensors(of: content)
    #expect(original.count == 2)
    for (position, mask) in flips(of: content) {
      var damaged = content
      damaged[position] ^= mask
      guard let found = try? tensors(of: damaged) else { continue }
      #expect(found == original, "byte \(position) bit mask \(mask)")
    }
  }

  @Test(arguments: [
    ("onnx", "graph.onnx"), ("onnx", "types.onnx"), ("onnx", "unpacked.onnx"),
    ("safetensors", "types.safetensors"), ("safetensors", "package.safetensors"),
  ])
  func everyTruncationAndEveryFlippedBitThrowsOrReads(_ format: String, _ name: String) throws {
    let content = try SourceFixture.content(name, format: format)
    var refusedCount = 0
    for count in 0..<content.count where isRefused(Array(content[..<count]), format) { refusedCount += 1 }
    // A cut is noticed unless it falls between two fields of an ONNX file, which is one that says less.
    #expect(refusedCount >= content.count - (format == "onnx" ? 60 : 0))
    for (position, mask) in flips(of: content) {
      var damaged = content
      damaged[position] ^= mask
      if isRefused(damaged, format) { refusedCount += 1 }
    }
    #expect(refusedCount > content.count)
  }

  private func isRefused(_ content: [UInt8], _ format: String) -> Bool {
    let path = SourceFixture.path("damaged", format: format)
    return refusal { () throws(InterchangeError) in
      let source: any TensorSource =
        format == "onnx"
        ? try ONNXSource(Bytes(content), path: path) : try SafetensorsSource(Bytes(content), path: path)
      _ = try source.graph()
      for tensor in source.catalog { _ = try source.read(tensor.name) }
      return source.catalog.count
    } != nil
  }

  private func flips(of content: [UInt8]) -> [(Int, UInt8)] {
    content.indices.flatMap { position in (0..<8).map { (position, 1 << UInt8($0)) } }
  }

  private func tensors(of archive: [UInt8]) throws(InterchangeError) -> [String: Tensor] {
    let source = try NPZArchive(Bytes(archive), path: "w.npz")
    var tensors: [String: Tensor] = [:]
    for tensor in source.catalog { tensors[tensor.name] = try source.read(tensor.name) }
    return tensors
  }
}
