import CFuzzer
import Glibc

/// Runs one target under libFuzzer:
///
///     momos-fuzz TARGET [LIBFUZZER ARGUMENT...]
///     momos-fuzz --targets                  names of the targets
///     momos-fuzz --files TARGET             what its coverage is measured in
///     momos-fuzz --seeds REPOSITORY FOLDER  writes a folder of inputs for each target
///     momos-fuzz --refusals REPOSITORY      see `Refusals`
///     momos-fuzz --verdicts FOLDER SEED     see `Verdicts`
@main
enum MomosFuzz {
  static func main() throws {
    let arguments = CommandLine.arguments
    switch (arguments.count > 1 ? arguments[1] : "", arguments.count) {
    case ("--targets", 2): for target in fuzzTargets { print(target.name) }
    case ("--files", 3): for file in try target(arguments[2]).files { print(file) }
    case ("--seeds", 4): try Seeds(repository: arguments[2], folder: arguments[3]).write()
    case ("--verdicts", 4):
      var verdicts = try Verdicts(folder: arguments[2], seed: UInt64(arguments[3]) ?? 0)
      verdicts.run()
    case ("--refusals", 3): try Refusals(repository: arguments[2]).write()
    case (let name, 2...): try fuzz(target(name).init())
    default: throw Finding(text: "the name of a target is missing")
    }
  }

  private static func target(_ name: String) throws -> any FuzzTarget.Type {
    guard let target = fuzzTargets.first(where: { $0.name == name }) else {
      throw Finding(text: "there is no target \(name)")
    }
    return target
  }

  private static func fuzz(_ target: any FuzzTarget) {
    unsafe selected = target
    var count = CommandLine.argc - 1
    var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
    exit(
      unsafe LLVMFuzzerRunDriver(&count, &pointers) { data, size in
        unsafe MomosFuzz.run(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
      })
  }

  nonisolated(unsafe) fileprivate static var selected: (any FuzzTarget)?

  /// Larger requests for memory are refused to momos, so that no claim of an input can exhaust the machine.
  private static let mostMemory = 4 << 20

  private static func run(_ input: [UInt8]) {
    // One input in eight meets memory that runs out at some request.
    let digest = input.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    momos_fuzz_limit_memory(mostMemory, digest % 8 == 0 ? 1 + digest / 8 % 16 : 0)
    defer { momos_fuzz_limit_memory(Int.max, 0) }
    do {
      try unsafe selected?.run(input)
    } catch let finding as Finding {
      fatalError(finding.text)
    } catch {
      // The words of an error are made of the input, too.
      precondition(!"\(error)".isEmpty)
    }
  }
}

/// libFuzzer's own mutations see bytes; those of the targets know the format.
@c(LLVMFuzzerCustomMutator)
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32) -> Int {
  var dice = Dice(seed: UInt64(seed))
  if dice.oneIn(12) { return unsafe LLVMFuzzerMutate(data, size, maximum) }
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let mutated = unsafe MomosFuzz.selected?.mutated(input, &dice) ?? input
  let count = min(mutated.count, maximum)
  for position in 0..<count { unsafe data[position] = mutated[position] }
  return count
}
