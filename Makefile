# The front door. `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(CURDIR)/.cache
export GANGLION_CACHE := $(CACHE)
export GANGLION_PYTHON ?= $(CACHE)/venv/bin/python3
export GANGLION_SERVING_PYTHON ?= $(CACHE)/serving/venv/bin/python3
export GANGLION_STORE_PYTHON ?= $(CACHE)/store/venv/bin/python3
export GANGLION_MODEL_DIR ?= $(CACHE)/models/all-MiniLM-L6-v2
export GANGLION_LANGUAGE_MODEL ?= $(CACHE)/models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf
export SWIFT ?= swift
FILTER ?=
TEST := scripts/run-tests
# These keep all cores busy for a while, and others would wait for their turn; apart, nobody comes near a time-out. Those that
# compute also take the threads on which others go on.
COMPUTE := ModelsTests|FakeRuntimeTests|NeuronKernelsTests|PackingTests|ChatTemplatesTests|TokenizersTests|LanguageModelsTests
FAULTS := KillTests|WatchTortureTests
HEAVY := $(COMPUTE)|$(FAULTS)
BENCH_FLAGS ?=
IMAGE_FLAGS ?=
SOURCES := Package.swift Sources Tests Examples

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: run
run: system-packages $(if $(LLM),language-model,model) release ## Start the whole system with fake NeuronCores and serve a model (ONCE=1: stop after one prediction; LLM=1: a language model)
	@exec .build/release/ganglion demo $(if $(LLM),--language-model "$(GANGLION_LANGUAGE_MODEL)",--model-directory "$(GANGLION_MODEL_DIR)") $(if $(ONCE),--once) $(RUN_FLAGS)

.PHONY: test
test: system-packages python-env model ## Run every test (FILTER=name for some)
	$(SWIFT) build --build-tests
ifdef FILTER
	$(TEST) --filter '$(FILTER)'
else
	python3 -m unittest discover --start-directory Tests/Scripts
	$(TEST) --skip '$(HEAVY)|EndToEndTests'
	$(TEST) --filter '$(COMPUTE)'
	$(TEST) --filter '$(FAULTS)'
	$(TEST) --filter EndToEndTests
	@$(MAKE) --no-print-directory outside
	scripts/fuzz --quick
	@$(MAKE) --no-print-directory wire-cost
endif

.PHONY: outside
outside: system-packages ## Build the package in Examples, which uses the libraries as somebody else's would, and ask the model server what its OpenAPI document allows
	$(SWIFT) build --package-path Examples/Package --scratch-path .build-outside
	test "$$(.build-outside/debug/echo hello)" = "hello, says /example.Echo/Say"
	@$(MAKE) --no-print-directory openapi-requests FLAGS=--max-examples=10

SERVING_DEVICES := $(CACHE)/serving/fake
.PHONY: serving-devices
serving-devices:
	$(SWIFT) build --product ganglion
	$(SWIFT) build --product ganglion-model-server
	@rm -rf "$(SERVING_DEVICES)" && mkdir -p "$(SERVING_DEVICES)"
	@.build/debug/ganglion fake create --instance-type inf2.xlarge --root "$(SERVING_DEVICES)"

.PHONY: oip-replies
oip-replies: system-packages serving-devices ## Compare the model server's replies with MLServer's, for the same requests of the Open Inference Protocol
	@scripts/make-python-env "$(CACHE)/oip" Tests/oip-requirements.txt
	@$(CACHE)/oip/venv/bin/python3 Tests/Peers/oip_replies.py .build/debug/ganglion-model-server "$(SERVING_DEVICES)/dev"

.PHONY: ask-aiperf
ask-aiperf: system-packages model language-model serving-devices ## Measure SmolLM2 and MiniLM on the model server with AIPerf, a few requests of each kind
	@scripts/make-python-env "$(CACHE)/aiperf" Tests/aiperf-requirements.txt
	@$(CACHE)/aiperf/venv/bin/python3 Tests/Peers/aiperf_client.py .build/debug/ganglion-model-server "$(SERVING_DEVICES)/dev" "$(GANGLION_LANGUAGE_MODEL)" "$(GANGLION_MODEL_DIR)"

.PHONY: openapi-requests
openapi-requests: system-packages model serving-devices ## Ask the model server all that its OpenAPI document allows (schemathesis; FLAGS: see its help)
	@scripts/make-python-env "$(CACHE)/openapi" Tests/openapi-requirements.txt
	@$(CACHE)/openapi/venv/bin/python3 Tests/Peers/openapi_requests.py .build/debug/ganglion-model-server "$(SERVING_DEVICES)/dev" "$(GANGLION_MODEL_DIR)" $(FLAGS)

.PHONY: wire-cost
wire-cost: ## Compare what a gRPC call costs with Tests/Benchmarks/thresholds.json: allocations, instructions, memory
	@scripts/install-system-packages valgrind
	GANGLION_BENCH=1 $(SWIFT) build -c release --product wire-cost
	@scripts/check-wire-cost

.PHONY: copy-cost
copy-cost: ## Count what the operator's copy of a cluster's pods holds for each octet of theirs
	GANGLION_BENCH=1 $(SWIFT) build -c release --product copy-cost
	.build/release/copy-cost

.PHONY: fuzz
fuzz: ## Fuzz all that reads octets of others (RUNS=10000000 or DURATION=seconds each, TARGETS="http2-server hpack")
	scripts/fuzz $(TARGETS)

.PHONY: sanitize
sanitize: system-packages python-env model ## Run the tests with the thread and the address sanitizer (FILTER=name for some)
	FILTER="$(FILTER)" HEAVY="$(HEAVY)" scripts/sanitize

.PHONY: test-optimized
test-optimized: system-packages python-env model language-model ## Run the modules' tests as programs are built for images: some faults of a compiler show in no other way
	GANGLION_OPTIMIZED=1 $(SWIFT) build -c release --build-tests -Xswiftc -enable-testing --scratch-path .build-optimized
	GANGLION_OPTIMIZED=1 $(TEST) -c release -Xswiftc -enable-testing --scratch-path .build-optimized --skip '$(FAULTS)|EndToEndTests'

.PHONY: bench
bench: python-env ## Measure HTTP/2 and gRPC beside nghttpd and grpcio (BENCH_FLAGS: see Tests/Benchmarks/wire.py --help)
	@scripts/install-system-packages nghttp2-client nghttp2-server
	$(SWIFT) build -c release --product ganglion-interop
	@$(GANGLION_PYTHON) Tests/Benchmarks/wire.py --json $(CACHE)/bench/wire.json $(BENCH_FLAGS)

.PHONY: bench-plugin
bench-plugin: ## Measure the device plugin's starts, restarts, memory and placement (draws docs/placement.svg)
	scripts/build-static --product ganglion-device-plugin --scratch-path .build/static
	GANGLION_BENCH=1 $(SWIFT) build -c release --product plugin-bench
	strip -o .build/ganglion-device-plugin-stripped .build/static/release/ganglion-device-plugin
	.build/release/plugin-bench plugin --program .build/ganglion-device-plugin-stripped $(BENCH_FLAGS)
	.build/release/plugin-bench placement --output docs/placement.svg

.PHONY: bench-scheduler
bench-scheduler: ## Count the scheduler's decisions a second on 5,000 nodes, and what of a load it places (draws docs/fragmentation.svg)
	GANGLION_BENCH=1 $(SWIFT) build -c release --product scheduler-bench
	.build/release/scheduler-bench $(BENCH_FLAGS)
	.build/release/scheduler-bench fragmentation docs/fragmentation.svg

.PHONY: bench-packing
bench-packing: ## Pack classic instances beside CP-SAT, HiGHS and VPSolver (draws docs/packing.svg; QUICK=1 in minutes; BENCH_FLAGS: see Tests/Benchmarks/packing.py --help)
	@scripts/install-system-packages g++
	@scripts/make-python-env "$(CACHE)/packing" Tests/Benchmarks/packing-requirements.txt
	@$(CACHE)/packing/venv/bin/python3 -m pip install --quiet --disable-pip-version-check 'setuptools==65.7.0' wheel
	@$(CACHE)/packing/venv/bin/python3 -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps pyvpsolver==3.1.4
	GANGLION_BENCH=1 $(SWIFT) build -c release --product packing-bench
	@$(CACHE)/packing/venv/bin/python3 Tests/Benchmarks/packing.py --bench .build/release/packing-bench --plot docs/packing.svg $(if $(QUICK),--quick) $(BENCH_FLAGS)

.PHONY: bench-model
bench-model: python-env model ## Measure the kernels beside numpy's OpenBLAS and MiniLM beside onnxruntime, on one thread each
	GANGLION_BENCH=1 $(SWIFT) build -c release --product model-bench
	$(SWIFT) build -c release --product ganglion
	rm -rf $(CACHE)/bench/fake && mkdir -p $(CACHE)/bench
	.build/release/ganglion fake create --instance-type inf2.24xlarge --root $(CACHE)/bench/fake
	@$(GANGLION_PYTHON) Tests/Benchmarks/model.py --bench .build/release/model-bench --ganglion .build/release/ganglion --devices $(CACHE)/bench/fake/dev --model "$(GANGLION_MODEL_DIR)" --json $(CACHE)/bench/model.json $(BENCH_FLAGS)

.PHONY: bench-language
bench-language: language-model ## Compare SmolLM2 with numpy, and its speed with llama.cpp's (BENCH_FLAGS: see Tests/Benchmarks/language.py --help)
	@scripts/install-system-packages cmake g++
	@scripts/make-python-env "$(CACHE)/language" Tests/Benchmarks/language-requirements.txt
	GANGLION_BENCH=1 $(SWIFT) build -c release --product language-bench
	@$(CACHE)/language/venv/bin/python3 Tests/Benchmarks/language.py --bench .build/release/language-bench --model "$(GANGLION_LANGUAGE_MODEL)" --json $(CACHE)/bench/language.json $(BENCH_FLAGS)

.PHONY: bench-tail
bench-tail: ## Measure P99 of a model server whose model costs nothing, at half of its maximum (BENCH_FLAGS="--realtime": apart from other processes, as root)
	@scripts/install-system-packages wrk gcc
	$(SWIFT) build -c release --product ganglion
	$(SWIFT) build -c release --product ganglion-model-server
	rm -rf $(CACHE)/bench/fake && mkdir -p $(CACHE)/bench
	.build/release/ganglion fake create --instance-type inf2.xlarge --root $(CACHE)/bench/fake
	@python3 Tests/Benchmarks/serving_tail.py .build/release/ganglion-model-server $(CACHE)/bench/fake/dev $(BENCH_FLAGS)

.PHONY: bench-cache
bench-cache: ## Measure a copy of 150,000 pods of 4 KB and 5,000 nodes: until it is complete, and octets a pod (PORT=18099)
	GANGLION_BENCH=1 $(SWIFT) build -c release --product cache-bench
	.build/release/cache-bench serve $(or $(PORT),18099) & server=$$!; trap "kill $$server" EXIT; \
		for round in 1 2 3; do .build/release/cache-bench sync $(or $(PORT),18099) || exit 1; done

.PHONY: bench-fleet
bench-fleet: ## Serve 3,040 models on 40 emulated inf1.6xlarge by the hardware's clock, and ask them (BENCH_FLAGS: see Tests/Benchmarks/fleet.py --help)
	$(SWIFT) build -c release --product ganglion-model-server
	$(SWIFT) build -c release --product ganglion
	@mkdir -p $(CACHE)/bench
	@python3 Tests/Benchmarks/fleet.py --server .build/release/ganglion-model-server --ganglion .build/release/ganglion --directory $(CACHE)/bench/fleet --json $(CACHE)/bench/fleet.json $(BENCH_FLAGS)

.PHONY: bench-serving
bench-serving: ## Measure what the model server itself costs beside uvicorn with FastAPI (BENCH_FLAGS: see Tests/Benchmarks/serving.py --help)
	@scripts/install-system-packages wrk gcc
	@scripts/make-python-env "$(CACHE)/bench-serving" Tests/Benchmarks/serving-requirements.txt
	$(SWIFT) build -c release --product ganglion-model-server
	$(SWIFT) build -c release --product ganglion
	@mkdir -p $(CACHE)/bench
	@python3 Tests/Benchmarks/serving.py --server .build/release/ganglion-model-server --ganglion .build/release/ganglion --python $(CACHE)/bench-serving/venv/bin/python3 --json $(CACHE)/bench/serving.json $(BENCH_FLAGS)

.PHONY: sweep-models
sweep-models: python-env ## Compare each kind of tokenizer and of encoder with `tokenizers`, onnxruntime and numpy (LINES=10000 TEXTS=1000)
	GANGLION_TOKENIZER_LINES=$(or $(LINES),10000) GANGLION_ENCODER_TEXTS=$(or $(TEXTS),1000) \
		GANGLION_HEAD_TEXTS=$(or $(TEXTS),1000) \
		LIMIT=14400 scripts/run-tests --filter 'TokenizerKindTests|EncoderFamilyTests|EncoderHeadTests|OnnxRuntimeTests'

.PHONY: watch-torture
watch-torture: ## Spoil 10,000 answers of an API server (FAULTS=n): the copy has to be right in the end, every time
	GANGLION_TORTURE_FAULTS=$(or $(FAULTS),10000) scripts/run-tests --filter WatchTortureTests

.PHONY: bench-binding
bench-binding: python-env ## Measure bindings on a real API server beside kube-scheduler (BENCH_FLAGS: see Tests/Benchmarks/binding.py --help)
	$(SWIFT) build -c release --product ganglion-operator
	@$(GANGLION_PYTHON) Tests/Benchmarks/binding.py $(BENCH_FLAGS)

.PHONY: link-order
link-order: ## Write anew which of the toolchain's functions lie side by side in the static executables (after a change of it)
	@scripts/install-system-packages valgrind
	scripts/build-static --product ganglion-device-plugin --scratch-path .build/static
	GANGLION_BENCH=1 $(SWIFT) build -c release --product plugin-bench
	scripts/link-order

.PHONY: build
build: ## Build for debugging
	$(SWIFT) build

.PHONY: release
release: ## Build the executables, optimised
	@echo "building the release executables: minutes the first time, seconds later"
	$(SWIFT) build -c release

.PHONY: lint
lint: python-env ## Check the format of the sources, the floors of the modules, generated files and the pages' links
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	@scripts/check-sources
	@scripts/check-modules
	@scripts/check-docs
	@scripts/check-names
	@scripts/generate --check
	@$(GANGLION_PYTHON) scripts/generate-reference --check
	@scripts/install-system-packages shellcheck
	@shellcheck $$(grep -dskip -lE '^#!.*bash' scripts/*) && echo "scripts checked"

.PHONY: format
format: ## Format the sources
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

.PHONY: image
image: system-packages ## Build the container images into dist, without a container engine (IMAGE_FLAGS: see docs/IMAGE.md)
	@scripts/build-image $(IMAGE_FLAGS)

# A program that is named is taken as it is.
ifndef E2E
E2E := .build/release/ganglion-e2e
.PHONY: $(E2E)
endif
# And so is an image's archive; else it is built of what the sources are now.
ifndef IMAGE_ARCHIVE
IMAGE_ARCHIVE := .build/kind/ganglion.tar
.PHONY: $(IMAGE_ARCHIVE)
endif
IMAGE ?= ganglion:dev
E2E_FLAGS ?=

$(E2E):
	$(SWIFT) build -c release --product ganglion-e2e

$(IMAGE_ARCHIVE):
	@scripts/build-image --repository "$(filter-out .,$(patsubst %/,%,$(dir $(IMAGE))))" --tag "$(lastword $(subst :, ,$(IMAGE)))" --output "$(patsubst %/,%,$(dir $@))"

# What is missing is said before anything is built.
.PHONY: kubeconfig kind-tools
kubeconfig:
	@[[ -n "$${KUBECONFIG:-}" ]] || { echo "name the cluster: make e2e KUBECONFIG=FILE" >&2; exit 1; }
kind-tools:
	@scripts/kind --check

.PHONY: e2e
e2e: kubeconfig $(E2E) ## Check the cluster of KUBECONFIG=FILE, where Ganglion is installed (IMAGE, E2E_FLAGS)
	$(E2E) --kubeconfig "$$KUBECONFIG" --image "$(IMAGE)" $(E2E_FLAGS)

.PHONY: kind
kind: kind-tools $(E2E) $(IMAGE_ARCHIVE) ## Make a kind cluster, install the chart with fake chips, check it, delete it (KEEP=1 keeps it)
	E2E="$(E2E)" IMAGE_ARCHIVE="$(IMAGE_ARCHIVE)" IMAGE="$(IMAGE)" scripts/kind $(E2E_FLAGS)

.PHONY: generate
generate: python-env ## Write every file anew that is made of others: messages, tables, definitions, manifests, reference, the modules' picture
	@scripts/generate
	@scripts/generate-definitions
	@swift run --quiet ganglion-model-server --openapi > docs/openapi.json
	@$(MAKE) --no-print-directory manifests
	@$(GANGLION_PYTHON) scripts/generate-reference
	@scripts/check-modules --write

.PHONY: manifests
manifests: python-env ## Write deploy/kustomize/base anew from the chart
	@$(GANGLION_PYTHON) scripts/generate-manifests

.PHONY: system-packages
system-packages:
	@scripts/install-system-packages

.PHONY: python-env
python-env:
	@scripts/make-python-env "$(CACHE)" Tests/requirements.txt
	@scripts/make-python-env "$(CACHE)/serving" Tests/serving-requirements.txt
	@scripts/make-python-env "$(CACHE)/store" Tests/store-requirements.txt

.PHONY: model
model:
	@scripts/fetch-model "$(CACHE)"

.PHONY: language-model
language-model:
	@scripts/fetch-model "$(CACHE)" SmolLM2-135M-Instruct

.PHONY: clean
clean: ## Remove what was built; the cache of downloads stays
	rm -rf dist .build .build-fuzz .build-thread .build-address
