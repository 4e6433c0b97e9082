/// Rows of an embedding that calibration looked up about equally often.
public struct FrequencyGroup: Sendable, Hashable {
  /// Ascending.
  public let rows: [Int]
  /// Expected share of all lookups that go to these rows.
  public let mass: Double
}

extension FrequencyGroup {
  /// The least count of each group.
  private static let leastCounts = [0, 1, 2, 4, 16, 64]
  /// Rows that were seen keep at least half of the mass, however few lookups there were.
  private static let largestUnseenMass = 0.5

  /// The rows of a table in groups of 0, 1, 2 to 3, 4 to 15, 16 to 63, and 64 lookups or more; only groups that
  /// have rows.
  ///
  /// A row seen c times of N has the mass c / N, less what unseen rows get together: N1 / N for N1 rows seen once
  /// (Good and Turing), at least 1 / N, at most 1/2; 1 without any lookups, 0 if every row was seen.
  public static func groups(lookupCounts: [Int]) -> [FrequencyGroup] {
    let total = lookupCounts.reduce(0, +)
    let unseenMass = unseenMass(lookupCounts, total: total)
    return leastCounts.indices.compactMap { group in
      let least = leastCounts[group]
      let limit = group + 1 < leastCounts.count ? leastCounts[group + 1] : Int.max
      let rows = lookupCounts.indices.filter { lookupCounts[$0] >= least && lookupCounts[$0] < limit }
      guard !rows.isEmpty else { return nil }
      if least == 0 { return FrequencyGroup(rows: rows, mass: unseenMass) }
      let count = rows.reduce(0) { $0 + lookupCounts[$1] }
      return FrequencyGroup(rows: rows, mass: (1 - unseenMass) * Double(count) / Double(total))
    }
  }

  private static func unseenMass(_ counts: [Int], total: Int) -> Double {
    guard total > 0 else { return 1 }
    guard counts.contains(0) else { return 0 }
    let singleCount = counts.count { $0 == 1 }
    return min(Double(max(singleCount, 1)) / Double(total), largestUnseenMass)
  }

  /// Groups with equal values as one, in the order of their first appearance.
  public static func merged<Value: Hashable>(
    _ groups: [(group: FrequencyGroup, value: Value)]
  ) -> [(group: FrequencyGroup, value: Value)] {
    var values: [Value] = []
    var byValue: [Value: [FrequencyGroup]] = [:]
    for (group, value) in groups {
      if byValue[value] == nil { values.append(value) }
      byValue[value, default: []].append(group)
    }
    return values.map { value in
      let same = byValue[value] ?? []
      let group = FrequencyGroup(
        rows: same.flatMap(\.rows).sorted(), mass: same.reduce(0) { $0 + $1.mass })
      return (group, value)
    }
  }
}
