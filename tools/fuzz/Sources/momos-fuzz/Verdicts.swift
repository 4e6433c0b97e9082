import FoundationEssentials
import Glibc
import MomosFormat
import MomosModel

/// Mutated files and what the reader says of them, for a comparison with another reader (tools/fuzz/differential).
///
/// Standard output, endlessly: the byte count of a file, u64 little-endian, its bytes, and a line of words: "refused RULE",
/// or "read" followed by NAME=VERDICT for each tensor, the name's bytes in hexadecimal digits; the verdict is XXH3-64 of its
/// dense elements, where every NaN of a mosaic is the quiet one without sign, or the rule by which the tensor is refused.
struct Verdicts {
  private let seeds: [[UInt8]]
  private var dice: Dice

  init(folder: String, seed: UInt64) throws {
    let files = FileManager.default
    seeds = try files.contentsOfDirectory(atPath: folder).sorted().compactMap { name in
      files.contents(atPath: "\(folder)/\(name)").map { [UInt8]($0) }
    }
    dice = Dice(seed: seed)
  }

  mutating func run() {
    while true {
      let file = mutated()
      var bytes: [UInt8] = []
      bytes.append(UInt64(file.count), count: 8)
      bytes += file + Array(Self.verdict(on: file).utf8) + [10]
      guard Self.write(bytes) else { return }
    }
  }

  /// False once nobody reads any more.
  private static func write(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private mutating func mutated() -> [UInt8] {
    let seed = dice.pick(seeds) ?? []
    guard var file = ContainerFile(seed) else { return dice.changed(seed) }
    if !dice.oneIn(16) { file.mutate(&dice) }
    var sealing: Dice? = dice.oneIn(4) ? dice : nil
    return file.sealed(&sealing)
  }

  private static func verdict(on file: [UInt8]) -> String {
    do throws(FormatError) {
      let reader = try MomosReader(bytes: heap(file))
      return (["read"] + reader.tensors.map { verdict(on: $0, of: reader) }).joined(separator: " ")
    } catch {
      return "refused \(error.rule.rawValue)"
    }
  }

  private static func verdict(on entry: TensorEntry, of reader: MomosReader) -> String {
    let name = entry.name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    // What would be large to reconstruct is left out by both.
    guard entry.shape.elementCount <= 1 << 16 else { return "\(name)=large" }
    do throws(FormatError) {
      switch try reader.resolve(entry.name) {
      case .dense(let tensor): return "\(name)=\(xxh3(tensor.bytes))"
      case .mosaic(let mosaic):
        guard let dense = try? Reconstruction(mosaic).dense() else { return "\(name)=large" }
        return "\(name)=\(xxh3(withOneNaN(dense)))"
      case .alias: return "\(name)=alias"
      }
    } catch {
      return "\(name)=\(error.rule.rawValue)"
    }
  }

  /// IEEE 754 leaves the bits of a NaN open.
  private static func withOneNaN(_ tensor: Tensor) -> Bytes {
    func replaced<Pattern: FixedWidthInteger & BitwiseCopyable>(_ infinity: Pattern, _ quiet: Pattern)
      -> Bytes
    {
      let patterns = tensor.bytes.array(of: Pattern.self).map {
        $0 & (Pattern.max / 2) > infinity ? quiet : $0
      }
      return (try? Bytes(copying: patterns)) ?? Bytes()
    }
    return switch tensor.elementType {
    case .float16: replaced(UInt16(0x7C00), 0x7E00)
    case .bfloat16: replaced(UInt16(0x7F80), 0x7FC0)
    case .float32: replaced(UInt32(0x7F80_0000), 0x7FC0_0000)
    default: replaced(UInt64(0x7FF0_0000_0000_0000), 0x7FF8_0000_0000_0000)
    }
  }
}
