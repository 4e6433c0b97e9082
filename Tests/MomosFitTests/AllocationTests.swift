import MomosFit
import MomosModel
import Testing

struct AllocationTests {
  private typealias Choice = AllocationItem.Choice
  private static let noDictionaries: @Sendable (FitClass) -> Int = { _ in 0 }

  /// Items of random sizes and loss weights over the classes of the product table below 5 bits.
  private func randomItems(_ count: Int, seed: UInt64) -> [AllocationItem] {
    var generator = SeededGenerator(seed: seed)
    let entries = ClassTable().products.filter { $0.bits <= 4 }
    return (0..<count).map { _ in
      AllocationItem(
        weightCount: 1000 * (1 + generator.nextIndex(below: 50)),
        extraByteCount: 2 * generator.nextIndex(below: 500),
        lossWeight: Double(1 + generator.nextIndex(below: 1000)), entries: entries)
    }
  }

  /// The least loss of all combinations within the budget, nil if none is.
  private func bruteForce(
    _ items: [AllocationItem], byteCount: Int, dictionaryByteCount: (FitClass) -> Int
  ) -> Double? {
    var best: Double?
    func visit(_ position: Int, bytes: Int, loss: Double, classes: Set<FitClass>) {
      guard bytes <= byteCount else { return }
      guard position < items.count else {
        best = min(best ?? .infinity, loss)
        return
      }
      for choice in items[position].choices {
        var all = classes
        var added = 0
        if let fitClass = choice.form.fitClass, all.insert(fitClass).inserted {
          added = dictionaryByteCount(fitClass)
        }
        visit(
          position + 1, bytes: bytes + choice.byteCount + added, loss: loss + choice.predictedLoss,
          classes: all)
      }
    }
    visit(0, bytes: 0, loss: 0, classes: [])
    return best
  }

  private func recount(
    _ allocation: Allocation, _ items: [AllocationItem], dictionaryByteCount: (FitClass) -> Int
  ) -> (byteCount: Int, loss: Double) {
    let chosen = zip(items, allocation.choices).map { $0.choices[$1] }
    let dictionaries = Set(chosen.compactMap(\.form.fitClass)).reduce(0) { $0 + dictionaryByteCount($1) }
    return (
      chosen.reduce(dictionaries) { $0 + $1.byteCount }, chosen.reduce(0) { $0 + $1.predictedLoss }
    )
  }

  @Test(arguments: 1...40)
  func isWithinTwoPercentOfTheBestOfAllCombinations(seed: Int) throws {
    func dictionaryByteCount(_ fitClass: FitClass) -> Int { seed % 2 == 0 ? 0 : 2048 }
    let items = randomItems(5, seed: UInt64(seed))
    let weights = items.reduce(0) { $0 + $1.weightCount }
    for bits in [1.1, 1.7, 2.3, 3.1, 3.9] {
      let byteCount = Int(bits * Double(weights) / 8)
      guard
        let best = bruteForce(items, byteCount: byteCount, dictionaryByteCount: dictionaryByteCount)
      else { continue }
      let allocation = try Allocator(items: items, dictionaryByteCount: dictionaryByteCount)
        .allocation(byteCount: byteCount)
      let (bytes, loss) = recount(allocation, items, dictionaryByteCount: dictionaryByteCount)
      #expect(bytes <= byteCount)
      #expect(bytes == allocation.byteCount)
      #expect(abs(loss - allocation.predictedLoss) <= 1e-9 * loss)
      #expect(loss <= best * 1.02, "\(loss) against \(best) at \(bits) bits")
    }
  }

  // Choices of 1, 2 and 4 bytes with losses 8, 4 and 1 for "a", twice that for "b". Five bytes: 1 + 4 loses 8 + 2,
  // 4 + 1 loses 1 + 16, 2 + 2 loses 4 + 8.
  @Test func bytesGoWhereTheySaveMostLoss() throws {
    func item(_ factor: Double) -> AllocationItem {
      AllocationItem(
        weightCount: 8,
        choices: [(1, 8.0), (2, 4), (4, 1)].map { bytes, loss in
          Choice(
            form: .motifs(.plain(8 / bytes, 256)), byteCount: bytes, predictedLoss: loss * factor)
        })
    }
    let allocator = Allocator(items: [item(1), item(2)], dictionaryByteCount: Self.noDictionaries)
    #expect(
      try allocator.allocation(byteCount: 5) == allocator.allocation(bits: 2.5))
    let allocation = try allocator.allocation(byteCount: 5)
    #expect(allocation.choices == [0, 2])
    #expect(allocation.byteCount == 5)
    #expect(allocation.predictedLoss == 10)
    #expect(try allocator.allocation(byteCount: 8).predictedLoss == 3)
    #expect(try allocator.allocation(byteCount: 1000).byteCount == 8)
  }

  // Class "a" for both items takes 10 + 10 + 100 bytes; "b" for the first one saves 5 bytes and costs a dictionary.
  @Test func aDictionaryCountsOnceAndOnlyIfItIsUsed() throws {
    let a = FitClass.plain(4, 256)
    let b = FitClass.plain(8, 256)
    let items = [
      AllocationItem(
        weightCount: 10,
        choices: [
          Choice(form: .motifs(b), byteCount: 5, predictedLoss: 5),
          Choice(form: .motifs(a), byteCount: 10, predictedLoss: 4),
        ]),
      AllocationItem(
        weightCount: 10, choices: [Choice(form: .motifs(a), byteCount: 10, predictedLoss: 4)]),
    ]
    let allocator = Allocator(items: items) { _ in 100 }
    let allocation = try allocator.allocation(byteCount: 120)
    #expect(allocation.choices == [1, 0])
    #expect(allocation.byteCount == 120)
  }

  @Test func equalGainsGoToTheEarlierItem() throws {
    // 15 bytes at 1.5 bits, 20 at 2.
    let item = AllocationItem(
      weightCount: 80, extraByteCount: 0, lossWeight: 1,
      entries: ClassTable().products.filter { [1.5, 2].contains($0.bits) })
    let allocator = Allocator(items: [item, item, item], dictionaryByteCount: Self.noDictionaries)
    #expect(try allocator.allocation(byteCount: 45).choices == [0, 0, 0])
    #expect(try allocator.allocation(byteCount: 50).choices == [1, 0, 0])
    #expect(try allocator.allocation(byteCount: 59).choices == [1, 1, 0])
  }

  // Loss at a budget lies between the lower bound on convex hulls at the same budget and that at one step less.
  @Test(arguments: 1...10)
  func moreBytesLoseLess(seed: Int) throws {
    let items = randomItems(30, seed: UInt64(100 + seed))
    let allocator = Allocator(items: items) { _ in 1024 }
    var previous = Double.infinity
    for bits in stride(from: 1.0, through: 4.0, by: 0.1) {
      let allocation = try allocator.allocation(bits: bits)
      #expect(allocation.bits(of: items) <= bits)
      #expect(allocation.predictedLoss < previous)
      previous = allocation.predictedLoss
    }
  }

  @Test func moreBitsGoToWhatMattersMore() throws {
    let entries = ClassTable().products
    let items = [1.0, 8, 0.25].map { factor in
      AllocationItem(
        weightCount: 1_000_000, extraByteCount: 0, lossWeight: factor, entries: entries)
    }
    let allocation = try Allocator(items: items, dictionaryByteCount: Self.noDictionaries)
      .allocation(bits: 2.2)
    let bits = allocation.choices.map { entries[$0].bits }
    #expect(bits[1] > bits[0])
    #expect(bits[0] > bits[2])
  }

  // 1000 weights at .5 bits take 63 bytes; with 20 of row scales and a dictionary of 100 that is 1.464 bits.
  @Test func aBudgetBelowTheLeastNamesTheLeast() throws {
    let item = AllocationItem(
      weightCount: 1000, extraByteCount: 20, lossWeight: 1, entries: ClassTable().products)
    let allocator = Allocator(items: [item]) { _ in 100 }
    #expect(throws: FitError.budgetTooSmall(bits: 1.456, leastBits: 1.464)) {
      try allocator.allocation(byteCount: 182)
    }
    #expect(try allocator.allocation(byteCount: 183).byteCount == 183)
    #expect(throws: FitError.self) { try allocator.allocation(byteCount: 0) }
  }

  @Test func aTargetLossIsMetInNoMoreBytesThanItNeeds() throws {
    let items = randomItems(20, seed: 7)
    let allocator = Allocator(items: items) { _ in 1024 }
    let reference = try allocator.allocation(bits: 2.5)
    let found = try allocator.allocation(loss: reference.predictedLoss)
    #expect(found.predictedLoss <= reference.predictedLoss)
    #expect(found.byteCount <= reference.byteCount)
    #expect(Double(found.byteCount) > 0.98 * Double(reference.byteCount))
  }

  @Test func aTargetLossOutOfReachIsRefused() throws {
    let item = AllocationItem(
      weightCount: 8, choices: [Choice(form: .motifs(.plain(4, 256)), byteCount: 2, predictedLoss: 0.5)])
    let allocator = Allocator(items: [item], dictionaryByteCount: Self.noDictionaries)
    #expect(throws: FitError.lossOutOfReach(loss: 0.25, leastLoss: 0.5)) {
      try allocator.allocation(loss: 0.25)
    }
  }

  @Test func nothingToAllocateTakesNoBytes() throws {
    let allocation = try Allocator(items: [], dictionaryByteCount: Self.noDictionaries)
      .allocation(byteCount: 0)
    #expect(allocation.choices.isEmpty)
    #expect(allocation.byteCount == 0)
    #expect(allocation.predictedLoss == 0)
  }
}
