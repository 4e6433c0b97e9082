// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
  // So that a linker can drop a function that nothing calls.
  .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]

/// For targets whose speed is that of the kernels that they call, and of memory.
let smallCode: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// For loops over elements, of which there are many and which memory limits: vectors, but one at a time. Loops are aligned to 16
/// bytes, functions to 2.
let plainLoops: [SwiftSetting] = [
  .unsafeFlags(
    ["-force-vector-interleave=1", "-unroll-runtime=false", "-align-all-functions=1"].flatMap {
      ["-Xllvm", $0]
    },
    .when(configuration: .release))
]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings + settings)
}

func command(_ name: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: [
      "Momos", "CommandSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["MomosTestSupport"], swiftSettings: swiftSettings)
}

/// For libmomos.so: what is needed of the Swift runtime is linked in but for what swift_runtime.c replaces, nothing is visible but
/// the functions of momos.h, equal functions are one, and relocations take a bit each (glibc 2.36).
let sharedLibraryFlags =
  [
    "-use-ld=lld", "-static-stdlib", "-Xclang-linker",
    "--ld-path=\(Context.packageDirectory)/tools/install/linker",
  ]
  + [
    "--version-script=\(Context.packageDirectory)/Sources/CMomosABI/momos.map",
    "--script=\(Context.packageDirectory)/tools/install/discard.ld", "--no-eh-frame-hdr", "--gc-sections",
    "--icf=all", "-z", "pack-relative-relocs",
    "-soname=libmomos.so.1", "-s",
  ].flatMap { ["-Xlinker", $0] }

/// Names the one test target to keep, for builds that are worth it for few tests only (make sanitize-tests).
let onlyTests = Context.environment["MOMOS_ONLY_TESTS"]

/// For tools/fuzz/build: the functions of momos.h as a product for one program, instead of the shared library.
let isFuzzed = Context.environment["MOMOS_FUZZ"] != nil

let package = Package(
  name: "momos",
  products: [
    .library(name: "Momos", targets: ["Momos"]),
    .library(
      name: "MomosReader",
      targets: ["MomosModel", "MomosFormat", "MomosKernels", "MomosRuntime"]),
    isFuzzed
      ? .library(name: "MomosC", targets: ["CMomosABI", "MomosC"])
      : .library(name: "momos", type: .dynamic, targets: ["MomosC"]),
    .executable(name: "momos-convert", targets: ["momos-convert"]),
    .executable(name: "momos-run", targets: ["momos-run"]),
    .executable(name: "momos-verify", targets: ["momos-verify"]),
    .executable(name: "momos-inspect", targets: ["momos-inspect"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),

    .target(
      name: "CMomosKernels",
      cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"])],
      linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    .target(name: "CMomosSchema", dependencies: ["CProtobufC"]),
    .target(name: "COnnxSchema", dependencies: ["CProtobufC"]),

    library("MomosModel", [], smallCode),
    library("MomosKernels", ["CMomosKernels", "MomosModel"]),
    library("MomosProtobuf", ["CProtobufC"]),
    library(
      "MomosFormat",
      ["MomosModel", "MomosProtobuf", "CMomosSchema", "CProtobufC", "CZstd", "CXXHash"], smallCode),
    library(
      "MomosInterchange", ["MomosModel", "MomosProtobuf", "COnnxSchema", "CProtobufC", "CZlib"], smallCode),
    library("MomosFit", ["MomosModel", "MomosKernels"], smallCode),
    library("MomosRuntime", ["MomosModel", "MomosKernels"], plainLoops),
    library("MomosMetrics", ["MomosModel", "CZlib", "CZstd"]),
    library(
      "Momos",
      [
        "MomosModel", "MomosKernels", "MomosFormat", "MomosInterchange", "MomosFit",
        "MomosRuntime", "MomosMetrics",
      ], smallCode),
    .target(name: "CMomosABI", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .target(
      name: "MomosC", dependencies: ["CMomosABI", "Momos"], swiftSettings: swiftSettings + smallCode,
      linkerSettings: isFuzzed
        ? [] : [.unsafeFlags(sharedLibraryFlags, .when(platforms: [.linux], configuration: .release))]),
    library(
      "CommandSupport",
      ["Momos", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    command("momos-convert"),
    command("momos-run"),
    command("momos-verify"),
    command("momos-inspect"),

    // A program of the tests that counts what opening a file allocates.
    .target(name: "CCountingMalloc", path: "Tests/CCountingMalloc"),
    .executableTarget(
      name: "CountingOpen", dependencies: ["CCountingMalloc", "Momos"], path: "Tests/CountingOpen",
      swiftSettings: swiftSettings),
    .target(
      name: "MomosTestSupport", dependencies: ["MomosModel"], path: "Tests/MomosTestSupport",
      swiftSettings: swiftSettings),
    tests("MomosModelTests", ["MomosModel"]),
    tests("MomosKernelsTests", ["MomosKernels", "MomosModel", "CMomosKernels"]),
    tests("MomosFormatTests", ["MomosFormat", "MomosModel", "MomosProtobuf"]),
    tests("MomosInterchangeTests", ["MomosInterchange", "MomosModel"]),
    tests("MomosFitTests", ["MomosFit", "MomosModel", "MomosKernels"]),
    tests("MomosRuntimeTests", ["MomosRuntime", "MomosModel", "MomosKernels"]),
    tests("MomosMetricsTests", ["MomosMetrics", "MomosModel"]),
    tests(
      "MomosTests",
      ["Momos", "MomosInterchange", "MomosModel", "MomosFormat", "MomosKernels", "MomosRuntime"]),
    tests("CommandTests", ["Momos", "MomosModel"]),
  ]
)
package.targets.removeAll { $0.isTest && onlyTests != nil && $0.name != onlyTests }
