import MomosModel

/// Finds the choices with the least sum of predicted losses within a number of bytes, or the fewest bytes within a
/// loss.
///
/// For a given set of classes the frontier of all combinations has the answer. The dictionary of a class takes its
/// bytes once, so where dictionaries matter the set itself is searched: every set of up to three classes, then one
/// class more, less or exchanged as long as that is better. Equally good answers are decided by the order of items
/// and choices.
public struct Allocator {
  /// Dictionaries that together take less than this share of the bytes are not worth a search.
  private static let negligibleShare = 0.01
  /// Buckets of a frontier in the search for the set of classes, and in the end.
  private static let bucketCounts = (search: 256, final: 8192)

  private enum Goal {
    case byteCount(Int)
    /// With at most `byteCount` bytes, which are known to be enough.
    case loss(Double, byteCount: Int)

    var byteCount: Int {
      switch self {
      case .byteCount(let count), .loss(_, let count): count
      }
    }
  }

  /// Some of the classes: bit n for class n.
  private typealias ClassSet = UInt64

  private let items: [AllocationItem]
  /// For each item and choice the set of its class alone, as its use has it; empty for a dense choice.
  private let classSets: [[ClassSet]]
  /// By the number of the class, in the order of first appearance among items and choices.
  private let dictionaryByteCounts: [Int]

  /// - Parameters:
  ///   - items: each with a choice; with at most 64 classes together, counted for each use.
  ///   - dictionaryByteCount: of all dictionaries that the tensors of a class and use share.
  public init(items: [AllocationItem], dictionaryByteCount: (FitClass) -> Int) {
    self.items = items
    var numbers: [SharedClass: Int] = [:]
    var byteCounts: [Int] = []
    classSets = items.map { item in
      item.choices.map { choice in
        guard let fitClass = choice.form.fitClass else { return 0 }
        let shared = SharedClass(fitClass: fitClass, use: item.use)
        if let number = numbers[shared] { return 1 << ClassSet(number) }
        numbers[shared] = byteCounts.count
        byteCounts.append(dictionaryByteCount(fitClass))
        return 1 << ClassSet(byteCounts.count - 1)
      }
    }
    precondition(byteCounts.count <= ClassSet.bitWidth)
    dictionaryByteCounts = byteCounts
  }

  /// The allocation for at most `byteCount` bytes, dictionaries included.
  /// - Throws: `FitError.budgetTooSmall` if none is so small.
  public func allocation(byteCount: Int) throws(FitError) -> Allocation {
    let best = best(for: .byteCount(byteCount))
    guard best.byteCount <= byteCount else {
      let least = self.best(for: .byteCount(0))
      throw .budgetTooSmall(bits: bits(byteCount), leastBits: bits(least.byteCount))
    }
    return best
  }

  /// The allocation for at most `bits` bits for each weight of the items.
  public func allocation(bits: Double) throws(FitError) -> Allocation {
    let byteCount = bits * Double(weightCount) / 8
    return try allocation(byteCount: byteCount < 0x1p62 ? Int(byteCount) : 1 << 62)
  }

  /// The smallest allocation with a predicted loss of at most `loss`.
  /// - Throws: `FitError.lossOutOfReach` if the best forms of all items lose more.
  public func allocation(loss: Double) throws(FitError) -> Allocation {
    var most = items.reduce(dictionaryByteCounts.reduce(0, +)) { sum, item in
      sum + (item.choices.map(\.byteCount).max() ?? 0)
    }
    let leastLoss = items.reduce(0) { $0 + ($1.choices.map(\.predictedLoss).min() ?? 0) }
    guard leastLoss <= loss else { throw .lossOutOfReach(loss: loss, leastLoss: leastLoss) }
    // A frontier is finest where its range ends shortly above the answer.
    var least = 0
    while most - least > most / 64 + 1 {
      let middle = (least + most) / 2
      let solution = solution(allClasses, for: .byteCount(middle))
      if solution.byteCount <= middle, solution.predictedLoss <= loss {
        most = middle
      } else {
        least = middle
      }
    }
    return best(for: .loss(loss, byteCount: most))
  }

  private var weightCount: Int { items.reduce(0) { $0 + $1.weightCount } }

  private func bits(_ byteCount: Int) -> Double { 8 * Double(byteCount) / Double(max(weightCount, 1)) }

  private var allClasses: ClassSet {
    singleClasses.reduce(0, |)
  }

  /// The best allocation found; the smallest one found if none is small enough.
  private func best(for goal: Goal) -> Allocation {
    let all = solution(allClasses, for: goal, bucketCount: Self.bucketCounts.final)
    var used = usedClasses(all)
    if Double(byteCountOfDictionaries(allClasses)) > Self.negligibleShare * Double(goal.byteCount) {
      used = searchedClasses(for: goal)
    }
    let best = solution(used, for: goal, bucketCount: Self.bucketCounts.final)
    return isBetter(all, than: best, for: goal) ? all : best
  }

  /// The classes of the best allocation that is found with few buckets.
  private func searchedClasses(for goal: Goal) -> ClassSet {
    var best = solution(allClasses, for: goal)
    for set in smallSets where isSufficient(set) {
      let solution = solution(set, for: goal)
      if isBetter(solution, than: best, for: goal) { best = solution }
    }
    while let next = bestNeighbour(of: best, for: goal) { best = next }
    return usedClasses(best)
  }

  /// All sets of up to three classes.
  private var smallSets: [ClassSet] {
    let one = singleClasses
    let two = one.indices.flatMap { last in one[..<last].map { $0 | one[last] } }
    let three = two.flatMap { pair in one.filter { $0 > pair }.map { $0 | pair } }
    return [0] + one + two + three
  }

  private var singleClasses: [ClassSet] {
    dictionaryByteCounts.indices.map { ClassSet(1) << ClassSet($0) }
  }

  /// The best allocation with a class more, less or exchanged, if it is better.
  private func bestNeighbour(of allocation: Allocation, for goal: Goal) -> Allocation? {
    let used = usedClasses(allocation)
    let fewer = singleClasses.filter { used & $0 != 0 }.map { used & ~$0 }
    let unused = singleClasses.filter { used & $0 == 0 }
    let others = ([used] + fewer).flatMap { set in unused.map { set | $0 } }
    var best: Allocation?
    for set in [used] + fewer + others where isSufficient(set) {
      let solution = solution(set, for: goal)
      if isBetter(solution, than: best ?? allocation, for: goal) { best = solution }
    }
    return best
  }

  private func isSufficient(_ classes: ClassSet) -> Bool {
    classSets.allSatisfy { sets in sets.contains { $0 & ~classes == 0 } }
  }

  /// The best allocation whose classes are among `classes`, all of whose dictionaries come off the budget.
  private func solution(
    _ classes: ClassSet, for goal: Goal, bucketCount: Int = bucketCounts.search
  ) -> Allocation {
    let options = zip(items, classSets).map { item, sets in
      item.choices.indices.filter { sets[$0] & ~classes == 0 }.map { choice in
        LossFrontier.Option(
          choice: choice, byteCount: item.choices[choice].byteCount, loss: item.choices[choice].predictedLoss)
      }
    }
    // Among many items single choices matter less, and memory is bounded.
    let buckets = min(bucketCount, max(512, (1 << 22) / max(items.count, 1)))
    guard
      let frontier = LossFrontier(
        options: options, byteCount: goal.byteCount - byteCountOfDictionaries(classes), bucketCount: buckets)
    else { return allocation(options.map { $0.min { $0.byteCount < $1.byteCount }?.choice ?? 0 }) }
    let combinations = frontier.combinations
    guard var position = combinations.indices.last else { return allocation([]) }
    if case .loss(let loss, _) = goal {
      position = combinations.firstIndex { $0.loss <= loss } ?? position
    }
    return allocation(frontier.choices(of: position))
  }

  private func allocation(_ choices: [Int]) -> Allocation {
    var allocation = Allocation(choices: choices, byteCount: 0, predictedLoss: 0)
    for (item, choice) in zip(items, choices) {
      allocation.byteCount += item.choices[choice].byteCount
      allocation.predictedLoss += item.choices[choice].predictedLoss
    }
    allocation.byteCount += byteCountOfDictionaries(usedClasses(allocation))
    return allocation
  }

  private func usedClasses(_ allocation: Allocation) -> ClassSet {
    zip(classSets, allocation.choices).reduce(0) { $0 | $1.0[$1.1] }
  }

  private func byteCountOfDictionaries(_ classes: ClassSet) -> Int {
    dictionaryByteCounts.indices.reduce(0) { sum, number in
      classes & (1 << ClassSet(number)) == 0 ? sum : sum + dictionaryByteCounts[number]
    }
  }

  /// Misses the goal by less, then is better in what the goal leaves open.
  private func isBetter(_ first: Allocation, than second: Allocation, for goal: Goal) -> Bool {
    switch goal {
    case .byteCount(let count):
      let excesses = (max(0, first.byteCount - count), max(0, second.byteCount - count))
      return (excesses.0, first.predictedLoss, first.byteCount)
        < (excesses.1, second.predictedLoss, second.byteCount)
    case .loss(let loss, _):
      let excesses = (max(0, first.predictedLoss - loss), max(0, second.predictedLoss - loss))
      return (excesses.0, first.byteCount, first.predictedLoss)
        < (excesses.1, second.byteCount, second.predictedLoss)
    }
  }
}

/// Tensors that share dictionaries: those of one class and one use.
struct SharedClass: Hashable {
  let fitClass: FitClass
  let use: WeightUse
}
