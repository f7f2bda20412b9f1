# Run `make help` for what there is.

.PHONY: help test check demo

help: ## Show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

check: ## Format, lints and documentation, without running anything
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet

test: check ## Everything: format, lints, all tests
	cargo test --workspace --locked --quiet

demo: ## A reproducible and a divergent job on this machine
	cargo run --release --locked -- submit examples/matmul.json
	-cargo run --release --locked -- submit examples/racing-sum.json --copies 50
