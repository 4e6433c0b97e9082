/// A partition of `0..<count` into sets that can be united (union-find, by size, with path halving).
struct DisjointSets {
  private var parents: [Int]
  private var sizes: [Int]

  /// Every element is a set of its own.
  init(count: Int) {
    parents = Array(0..<count)
    sizes = Array(repeating: 1, count: count)
  }

  /// The element that stands for the set of `element`.
  mutating func representative(of element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  mutating func unite(_ first: Int, _ second: Int) {
    var (large, small) = (representative(of: first), representative(of: second))
    guard large != small else { return }
    if sizes[large] < sizes[small] { swap(&large, &small) }
    parents[small] = large
    sizes[large] += sizes[small]
  }

  /// For each element the number of its set; sets are numbered in the order of their smallest elements.
  mutating func labels() -> [Int] {
    var numbers: [Int: Int] = [:]
    return parents.indices.map { element in
      let representative = representative(of: element)
      let number = numbers[representative] ?? numbers.count
      numbers[representative] = number
      return number
    }
  }
}
