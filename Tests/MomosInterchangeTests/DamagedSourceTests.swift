import MomosModel
import Testing

@testable import MomosInterchange

/// Every truncation and every flipped byte either throws or reads; none of them may trap.
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
  func everyFlippedByteOfAnNPYFileThrowsOrReads(_ name: String) throws {
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
    #expect(refusedCount >= 9 * 3)
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
  func everyFlippedByteOfAnArchiveThrowsOrReadsEqual(_ name: String) throws {
    let content = try SourceFixture.content("archives/\(name).npz")
    let original = try tensors(of: content)
    #expect(original.count == 2)
    for (position, mask) in flips(of: content) {
      var damaged = content
      damaged[position] ^= mask
      guard let found = try? tensors(of: damaged) else { continue }
      #expect(found == original, "byte \(position) xor \(mask)")
    }
  }

  private func flips(of content: [UInt8]) -> [(Int, UInt8)] {
    content.indices.flatMap { position in [0x01, 0x80, 0xFF].map { (position, $0) } }
  }

  private func tensors(of archive: [UInt8]) throws(InterchangeError) -> [String: Tensor] {
    let source = try NPZArchive(Bytes(archive), path: "w.npz")
    var tensors: [String: Tensor] = [:]
    for tensor in source.catalog { tensors[tensor.name] = try source.read(tensor.name) }
    return tensors
  }
}
