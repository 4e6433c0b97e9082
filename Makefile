# The commands a newcomer needs: make demo, make test, make check, make install PREFIX=...
.POSIX:

PREFIX = /usr/local
PRODUCTS = .build
# Tests get a folder of their own: they need -enable-testing, which would rebuild the products.
TESTS = .build-tests
TEST_FLAGS = -c release --scratch-path $(TESTS) -Xswiftc -enable-testing
MINUTES = 12
ADDRESS_FLAGS = --sanitize=address -c release --scratch-path .build-address -Xswiftc -enable-testing
THREAD_FLAGS = --sanitize=thread -c release --scratch-path .build-thread -Xswiftc -enable-testing
# Tests that measure time or memory say nothing under a sanitizer.
SANITIZED = MOMOS_SANITIZED=1 ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 \
  TSAN_OPTIONS=allocator_may_return_null=1:suppressions=$(CURDIR)/tools/sanitize/thread-suppressions.txt
LIBRARY = $(PRODUCTS)/release/libmomos.so
VERSION = 0.1.0
COMMANDS = momos-convert momos-run momos-verify momos-inspect

.PHONY: all setup build demo test test-kernels test-neon sanitize sanitize-kernels sanitize-tests fuzz fuzz-differential \
  fuzz-coverage check lint bench conformance conformance-check models models-check science docs docs-check report-check \
  wheel-check install install-library static deb generate clean

all: build

setup:
	@tools/setup

build: setup
	swift build -c release --scratch-path $(PRODUCTS)

demo: build
	@tools/demo $(PRODUCTS)/release

test: setup
	swift build --build-tests $(TEST_FLAGS)
	swift test --skip-build $(TEST_FLAGS)
	cd tools/python && MOMOS_LIBRARY=$(CURDIR)/$(TESTS)/release/libmomos.so python3 -m unittest discover -s tests
	python3 -m unittest discover -s tools/conformance
	python3 -m unittest discover -s tools/install
	swift build -c release --package-path tools/examples/EmbedReader
	tools/examples/EmbedReader/check tools/examples/EmbedReader/.build/release/EmbedReader $(TESTS)/release
	Tests/ABIChecks/check $(TESTS)/release

# The C kernels by themselves, every instruction set against the scalar one and float64; that their benchmark compiles.
test-kernels: setup
	@$(MAKE) -C Tests/KernelChecks -j2 native
	@$(MAKE) -s -C tools/benchmarks/lut .build/benchmark

# The same for aarch64, in an emulator.
test-neon:
	@PACKAGES="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static" tools/setup
	@$(MAKE) -C Tests/KernelChecks -j2 neon

# The same with sanitizers of addresses and undefined behaviour; of threads for the pool.
sanitize-kernels: setup
	@$(MAKE) -C Tests/KernelChecks -j2 sanitized

# The Swift tests of the kernels with AddressSanitizer, with the best instruction set and with two others.
sanitize-tests: export MOMOS_ONLY_TESTS = MomosKernelsTests
sanitize-tests: setup
	swift build --product momosPackageTests $(ADDRESS_FLAGS)
	swift test --skip-build --disable-xctest $(ADDRESS_FLAGS)
	MOMOS_INSTRUCTION_SET=avx2 swift test --skip-build --disable-xctest $(ADDRESS_FLAGS)
	MOMOS_INSTRUCTION_SET=scalar swift test --skip-build --disable-xctest $(ADDRESS_FLAGS)

# The whole suite with AddressSanitizer, then with ThreadSanitizer, and the C code with those and with checks of undefined
# behaviour. Builds of their own, and slow.
sanitize: setup sanitize-kernels
	swift build --build-tests $(ADDRESS_FLAGS)
	$(SANITIZED) swift test --skip-build --disable-xctest $(ADDRESS_FLAGS)
	swift build --build-tests $(THREAD_FLAGS)
	$(SANITIZED) swift test --skip-build --disable-xctest $(THREAD_FLAGS)

# Every target of tools/fuzz, for MINUTES in all; fails if one finds something. Inputs are kept in .build-fuzz-corpus.
fuzz: setup
	python3 tools/fuzz/run.py "$$(tools/fuzz/build)" --minutes $(MINUTES)

# The Swift reader and the numpy reader on mutated files, for MINUTES.
fuzz-differential: export ASAN_OPTIONS = detect_leaks=0:allocator_may_return_null=1
fuzz-differential: setup
	fuzzer=$$(tools/fuzz/build) && rm -rf .build-fuzz-seeds && "$$fuzzer" --seeds . .build-fuzz-seeds \
	  && tools/fuzz/differential "$$fuzzer" .build-fuzz-seeds/container $(MINUTES)

# What of the readers the inputs of the fuzzers reach.
fuzz-coverage: setup
	tools/fuzz/coverage "$$(tools/fuzz/build coverage)" --uncovered

# Everything that make test does not: format, imports, generated code. Warnings are errors in every build.
lint: setup
	@tools/check

check: lint test

# Measures this machine, against OpenBLAS, and writes docs/performance.md. Wants an otherwise idle machine.
bench: build
	@PACKAGES=libopenblas-dev tools/setup
	@tools/benchmarks/run $(PRODUCTS)/release

# The cases of the ONNX backend suite through the commands; writes docs/onnx-conformance.md.
conformance: build
	@PACKAGES=python3-venv tools/setup
	@tools/conformance/run --commands $(PRODUCTS)/release --write

# Fails if fewer cases pass than docs/onnx-conformance.json says, or onnxruntime does not execute what is exported.
conformance-check: build
	@PACKAGES=python3-venv tools/setup
	@tools/conformance/run --commands $(PRODUCTS)/release --check
	cd tools/python && MOMOS_LIBRARY=$(CURDIR)/$(LIBRARY) $(CURDIR)/.venv-conformance/bin/python -m unittest tests.test_export

# Whole models against onnxruntime: conversions of MiniLM, and a digits CNN; writes docs/models.md.
models: build
	@PACKAGES=python3-venv tools/setup
	@tools/models/run --commands $(PRODUCTS)/release --write

# Some of them, within the same bounds.
models-check: build
	@PACKAGES=python3-venv tools/setup
	@tools/models/run --commands $(PRODUCTS)/release --check

# Trains the digits networks as mosaics and freely, and decomposes weights; writes docs/training.md, docs/complexity.md and
# docs/decomposition.md. About fifteen minutes.
science: build
	@PACKAGES="python3-torch zstd" tools/setup
	@/usr/bin/python3 tools/science/run --commands $(PRODUCTS)/release --write

# Every command that the documents show, executed.
docs-check: build
	@tools/docs/check --commands $(PRODUCTS)/release

# The documentation of the Swift library as a DocC archive, .build-docs/Momos.doccarchive.
docs: setup
	mkdir -p .build-docs/graphs .build-docs/momos
	swift build -c release --target Momos --scratch-path .build-docs -Xswiftc -emit-symbol-graph \
	  -Xswiftc -emit-symbol-graph-dir -Xswiftc $(CURDIR)/.build-docs/graphs
	cp .build-docs/graphs/Momos.symbols.json .build-docs/momos/
	docc convert Sources/Momos/Momos.docc --additional-symbol-graph-dir .build-docs/momos --fallback-display-name Momos \
	  --fallback-bundle-identifier momos --output-path .build-docs/Momos.doccarchive

# The report of a file, opened in headless Chromium.
report-check: build
	@PACKAGES="python3-matplotlib chromium" tools/setup
	cd tools/python && MOMOS_COMMANDS=$(CURDIR)/$(PRODUCTS)/release /usr/bin/python3 -m unittest tests.test_report

# Installs the Python package into a fresh environment and runs its tests there.
wheel-check: build
	@PACKAGES=python3-venv tools/setup
	@tools/python/check_wheel $(LIBRARY)

# Writes generated code anew from spec/momos.proto.
generate: setup
	@tools/generate

# The commands have the Swift runtime inside, so that they start fast and need no toolchain.
install: build install-library
	@tools/install/link_commands $(PRODUCTS)/release $(PRODUCTS)/linked --system-libraries
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	set -e; for command in $(COMMANDS); do \
	  install -m 755 $(PRODUCTS)/linked/$$command $(DESTDIR)$(PREFIX)/bin/; \
	  tools/install/manual $(PRODUCTS)/release/$$command >$(DESTDIR)$(PREFIX)/share/man/man1/$$command.1; \
	  complete="$(PRODUCTS)/release/$$command --generate-completion-script"; \
	  $$complete bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$command; \
	  $$complete zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$command; \
	  $$complete fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$command.fish; done

# The library for C with its header, and what pkg-config and CMake need to find them.
install-library:
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/lib/cmake/momos
	install -m 644 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/libmomos.so.1
	ln -sf libmomos.so.1 $(DESTDIR)$(PREFIX)/lib/libmomos.so
	install -m 644 Sources/CMomosABI/include/momos.h $(DESTDIR)$(PREFIX)/include/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' tools/install/momos.pc.in \
	  >$(DESTDIR)$(PREFIX)/lib/pkgconfig/momos.pc
	install -m 644 tools/install/momosConfig.cmake $(DESTDIR)$(PREFIX)/lib/cmake/momos/
	sed -e 's|@VERSION@|$(VERSION)|' tools/install/momosConfigVersion.cmake.in \
	  >$(DESTDIR)$(PREFIX)/lib/cmake/momos/momosConfigVersion.cmake

# Every command in one file that needs no library, at most 16 MB, into .build-static.
static: build
	@tools/install/link_commands $(PRODUCTS)/release .build-static
	@tools/install/check_static .build-static $(PRODUCTS)/release

# Debian packages with the commands, the library and its header, into .build-deb; lintian has nothing to say.
deb: build
	@PACKAGES="lintian patchelf dpkg-dev" tools/setup
	@tools/install/link_commands $(PRODUCTS)/release .build-deb/commands --system-libraries
	@tools/install/deb $(PRODUCTS)/release .build-deb/commands .build-deb

clean:
	rm -rf $(PRODUCTS) $(TESTS) .build-checks .build-address .build-thread .build-fuzz* .build-docs .build-deb .build-static tools/examples/EmbedReader/.build
