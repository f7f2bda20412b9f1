# `make help` lists the targets.

.PHONY: help test check source audit sbom lint graph stack image-test soak fuzz mutants demo install deploy destroy

# The DynamoDB in process is a workspace of its own, built into the same folder.
DYNAMODB = CARGO_TARGET_DIR=$(CURDIR)/target cargo
IN_DYNAMODB = --manifest-path acceptance/dynamodb/Cargo.toml --locked

# The readers of bytes from outside, on inputs that were found before. A workspace of its own, too.
IN_FUZZ = --manifest-path acceptance/fuzz/Cargo.toml --locked
FUZZ = CARGO_TARGET_DIR=$(CURDIR)/target cargo test $(IN_FUZZ) --quiet

# The runner of tests, of the version in infra/requirements/source.txt.
NEXTEST = PATH="$$(infra/venv source):$$PATH" cargo nextest

help: ## Show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The producer is checked and tested twice: without AWS, as a first build makes it, and with all features.
check: source ## Format, lints, documentation and all that `make source` checks
	cargo fmt --all -- --check
	cargo fmt --manifest-path acceptance/dynamodb/Cargo.toml -- --check
	cargo fmt --manifest-path acceptance/fuzz/Cargo.toml -- --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cargo clippy --package concord-producer --all-targets --locked -- -D warnings
	$(DYNAMODB) clippy $(IN_DYNAMODB) --all-targets -- -D warnings
	CARGO_TARGET_DIR=$(CURDIR)/target cargo clippy $(IN_FUZZ) --no-default-features --lib --test replay -- -D warnings
	producer/page/check
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --locked --quiet

source: ## Versions, links, shell scripts, workflows, dependencies and their licenses
	acceptance/source/run

audit: ## Licenses, bans and sources of all dependencies, and advisories, which are on GitHub
	acceptance/source/audit

SBOM = target/sbom/concord.cdx.json

sbom: ## Write which packages the programs consist of, as CycloneDX 1.5 (make sbom SBOM=FILE)
	python3 -B acceptance/source/sbom.py $(SBOM)

test: check lint ## Everything: format, lints, all tests, jobs with a planted truth, storms of signals, numbers against SciPy and NumPy, settings against what they stand for, a page in a browser, a stack
	$(NEXTEST) run --profile ci --package concord-producer --locked
	$(NEXTEST) run --profile ci --workspace --all-features --locked
	cargo test --workspace --all-features --locked --doc --quiet
	CARGO_TARGET_DIR=$(CURDIR)/target $(NEXTEST) run --profile ci $(IN_DYNAMODB) --config-file .config/nextest.toml
	$(FUZZ) --no-default-features
	acceptance/scenes/run
	acceptance/storm/run
	acceptance/statistics/run
	acceptance/difference/run
	acceptance/variations/run
	acceptance/report/run
	acceptance/stack/run

graph: ## Which file knows which; fails on a circle between files and on an arrow that ARCHITECTURE.md does not allow
	python3 -B acceptance/source/graph.py $(PACKAGES)

lint: ## The template of a stack: cfn-lint, checkov, and the settings on which the code depends
	infra/lint

stack: ## A whole stack on an emulator, with real processes
	cargo build --workspace --all-features --locked
	acceptance/stack/run

SEEDS = $(shell date +%Y%m%d)00000..$(shell date +%Y%m%d)20000

STORE_SEEDS = $(shell date +%Y%m%d)00000..$(shell date +%Y%m%d)03000

FLIPS = $(shell date +%Y%m%d)00000..$(shell date +%Y%m%d)10000

# The simulation ends after this time, although seeds are left.
MINUTES = 60

soak: ## Simulated fleets in memory and on the local store, each day from other seeds (make soak SEEDS=0..1000000 MINUTES=60), stores with a flipped bit, all jobs with a planted truth, 100 storms of signals, power, all settings on NumPy
	CONCORD_FLIPS=$(FLIPS) cargo test --release --locked --package concord-local --test rot -- --nocapture
	CONCORD_STORE_SEEDS=$(STORE_SEEDS) cargo test --release --locked --package concord-acceptance --test acceptance store_simulation
	cargo run --release --locked --package concord-acceptance --bin replay -- --minutes $(MINUTES) $(SEEDS)
	$(FUZZ)
	acceptance/scenes/run --all
	acceptance/storm/run --rounds 100 --seed $(firstword $(subst .., ,$(SEEDS)))
	acceptance/statistics/run --all
	acceptance/variations/run --all

fuzz: ## AFL++ invents bytes for everything that reads bytes from outside, 10 minutes for each reader
	acceptance/fuzz/run

mutants: ## Mistakes in the rules, one at a time: does a test notice each? (make mutants MUTANTS="--only NAME")
	acceptance/mutants/run $(MUTANTS)

demo: ## A reproducible and a divergent job on this machine
	cargo run --release --locked -- submit examples/matmul.json
	-cargo run --release --locked -- submit examples/racing-sum.json --copies 50

install: ## Install the producer, with AWS: ~/.cargo/bin/producer
	cargo install --path producer --features aws --locked

image-test: ## Build the images without Docker and run them as Lambda would; as root, needs buildah and debootstrap
	acceptance/image/run

STACK = concord

deploy: ## Deploy to AWS: make deploy STACK=concord SET="MemorySize=1024 Architectures=both"
	infra/deploy --stack $(STACK) $(SET)

destroy: ## Delete a stack and keep its data: make destroy STACK=concord [DATA=--with-data]
	infra/destroy --stack $(STACK) $(DATA)
