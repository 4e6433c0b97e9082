"""What momos promises and refuses, as README and issue tracker say it, and what proves it."""

# Promise, and tests as SUITE.FUNCTION.
PROMISES = [
    (
        "No out-of-bounds access, trap or assertion on any input bytes.",
        [
            "CorruptionTests.everyTruncationOfTheSmallestFileIsRefused",
            "CorruptionTests.everyFlippedBitOfTheSmallestFileIsRefused",
            "CorruptionTests.everyFlippedBitOfASealedHeaderIsRefusedOrHarmless",
            "DamagedSourceTests.everyFlippedBitOfAnNPYFileThrowsOrReads",
            "DamagedSourceTests.everyFlippedBitOfAnArchiveThrowsOrReadsEqual",
            "DamagedSourceTests.everyTruncationAndEveryFlippedBitThrowsOrReads",
            "DamagedTextTests.damagedGraphIsRefusedOrReadAsItStands",
            "DamagedTextTests.damagedPlanIsRefusedOrReadAsItStands",
            "DamagedJournalTests.damagedFindingsAreRefusedOrReadEqual",
            "DamagedJournalTests.damagedCalibrationIsRefusedOrReadsEqual",
            "DamagedJournalTests.damagedManifestIsRefusedOrReadsEqual", "FixtureTests.invalidFixtureIsRefused",
            "InvalidSourceTests.damagedFileIsRefusedForItsRule",
        ],
    ),
    (
        "Validate before allocating: opening a file holds at most 64 times its header plus 1 MiB.",
        [
            "OpeningMemoryTests.openingHoldsAtMostItsShare", "OpeningMemoryTests.bombsStayWithinTheLimit",
            "ReaderTests.openingReadsNoSection", "ClaimedSizesTests.verificationIsRefused",
            "ClaimedSizesTests.sumsOfClaimsDoNotOverflow", "FaultTests.scarceMemoryIsSaidInOneLine",
        ],
    ),
    (
        "Never open a path outside the model's folder. No code in files.",
        ["InvalidSourceTests.damagedFileIsRefusedForItsRule"],
    ),
    (
        "Every byte is covered by a digest or required to be zero.",
        ["CorruptionTests.everyFlippedBitOfTheSmallestFileIsRefused"],
    ),
    (
        "Index range is proven once; kernels need no checks.",
        ["CheckTests.wrongIndexIsFoundAtEveryBlock"],
    ),
    (
        "Files written by one version are read by every later one of the same major format.",
        ["GoldenFileTests.tensorsReconstructBitForBit", "GoldenFileTests.networksGiveTheSameLogits"],
    ),
    (
        "Same input, options, seed and libzstd version give the same bytes.",
        [
            "DeterminismTests.conversionGivesTheSameBytesOnEveryMachine",
            "DeterminismTests.calibratedConversionGivesTheSameBytesOnEveryMachine",
        ],
    ),
    (
        "Output appears whole or not at all.",
        [
            "KilledConversionTests.outputIsWholeWheneverAConversionIsKilled",
            "FaultTests.fullDiskAtEveryWriteLeavesNothing", "FaultTests.scarceMemoryLeavesNoPartialOutput",
            "FaultTests.shrinkingSourceEndsInOneLine", "SystemCallTests.outputIsSynchronizedAroundItsNaming",
            "SystemCallTests.failedSynchronizationLeavesNothing",
            "SystemCallTests.interruptedAndShortCallsAreTakenUpAgain",
        ],
    ),
]

# What a reader must refuse, by what it reads, and the rules that do it: ids of the specification, cases of
# InterchangeError.Rule and of RuntimeError.
REFUSED = {
    "container": [
        ("wrong magic", ["F-02"]), ("unknown version", ["F-03"]), ("wrong byte order", ["F-04"]),
        ("truncation at any byte", ["F-01", "F-07"]), ("trailing bytes", ["F-07"]),
        ("header longer than the file or the cap", ["F-08", "F-09"]), ("padding not zero", ["F-06", "S-07"]),
        ("overlap", ["S-01"]), ("hole", ["S-01"]), ("section past the end", ["S-01"]),
        ("offset + count wraps", ["S-01", "F-09"]), ("misaligned", ["S-01", "F-09"]),
        ("damaged bytes", ["F-05", "F-10", "S-06"]),
    ],
    "header": [
        ("garbage protobuf", ["H-01"]), ("repeated-count bomb", ["H-01"]),
        ("unknown required feature or enumeration value", ["H-02", "H-03"]), ("duplicate names", ["H-05"]),
        ("empty, over-long or non-UTF-8 names, names with NUL", ["H-04", "G-01", "P-01"]),
        ("rank over the cap", ["T-02", "G-05"]), ("negative dimension", ["T-02"]),
        ("element-product, byte or padded-size overflow", ["T-02", "T-03", "M-03", "M-16"]),
    ],
    "mosaic": [
        ("block length 0 or over the cap", ["D-01"]), ("no motifs", ["D-02"]),
        ("more motifs than the index width holds", ["D-02", "M-12"]),
        ("dictionary bytes not motifs * length * element", ["D-05"]), ("index that names no motif", ["M-12"]),
        ("spare bits not zero", ["M-13"]), ("wrong block count or tail", ["M-10"]),
        ("zero-motif flag contradicted by data", ["D-07"]), ("dictionary missing", ["H-06"]),
        ("alias cycle or shape mismatch", ["T-05"]), ("overlapping parts", ["M-07"]),
        ("NaN or infinity in a dictionary, scale or outlier", ["D-06", "M-15", "M-17"]),
    ],
    "zstd": [
        ("content size absent or wrong", ["Z-02"]), ("window over the cap", ["Z-03"]), ("dictionary id", ["Z-03"]),
        ("concatenated or skippable frames", ["Z-01", "Z-04"]), ("ratio over the cap", ["S-05"]),
    ],
    "graph": [
        ("cycle", ["cycle"]), ("undefined input", ["undefinedNodeInput", "undefinedGraphOutput"]),
        ("duplicate output", ["duplicateValue", "duplicateGraphOutput"]),
        ("unknown operator, domain or operator set", [
            "unknownOperator", "unknownDomain", "missingOperatorSet", "unsupportedOperatorSet",
            "operatorNotInOperatorSet"]),
        ("wrong attribute type", ["attributeType", "G-02"]), ("shape contradiction", ["shapes", "elementTypesDiffer"]),
        ("too many nodes", ["G-06", "onnxTooLarge", "graphTooLarge"]),
    ],
    "npy": [
        ("object or structured type, never unpickled", ["npyElementType"]),
        ("header that is no plain literal", ["npyHeaderSyntax", "npyHeaderKeys"]),
        ("header over its cap", ["npyHeaderTooLarge"]), ("80 bytes that claim 32 GiB", ["dataTruncated"]),
        ("byte order that is none", ["npyByteOrder"]),
    ],
    "any source": [
        ("NaN and infinity, unless --allow-nonfinite asks for them", ["FitPlannerTests.nonfiniteWeightsAreRefusedUnlessAllowed"]),
    ],
    "npz": [("bombs", ["zipRatio"]), ("duplicate members", ["zipDuplicateMember"]), ("overlapping members", ["zipOverlap"])],
    "safetensors": [
        ("holes and overlaps", ["safetensorsOffsets"]), ("duplicate keys", ["jsonRepeatedKey"]),
        ("header cap", ["safetensorsHeader"]),
    ],
    "ONNX": [
        ("external data outside the model's folder: absolute path, .., symbolic link", ["pathLeavesFolder", "linkLeavesFolder"]),
        ("external data by hard link", ["onnxHardLink"]), ("nesting depth", ["protobufSyntax"]),
        ("bytes and messages over the cap", ["onnxTooLarge"]),
    ],
    "run time": [
        ("missing or extra inputs", ["missingInput", "unexpectedInput"]),
        ("wrongly shaped or typed inputs", ["inputShape", "inputElementType", "symbolMismatch"]),
        ("a file that shrinks while mapped", ["ShrinkingFileTests.mappedFileThatShrinksEndsTheCommandWithOneLine"]),
    ],
}

# Rules about files, folders and arguments that no file of a few bytes can break, and where tests do without naming the case.
SYSTEM_RULES = {
    "missingFile": "", "unreadableFile": "", "notARegularFile": "", "unknownContent": "", "momosAsSource": "",
    "folderWithoutTensors": "", "linkLeavesFolder": "", "fileChanged": "", "outputNotWritable": "", "severalGraphs": "",
    "unknownTensor": "", "nameForSeveralTensors": "", "rawElementType": "", "rawShape": "", "outOfMemory": "FaultTests",
    "onnxTooLarge": "", "onnxHardLink": "", "graphTooLarge": "", "planTooLarge": "", "optionsTooLarge": "",
    "duplicateTensor": "", "tensorName": "", "pathLeavesFolder": "",
}
