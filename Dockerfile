# Images of the three programs, each a static binary on a base without a shell:
#
#   docker build --target worker -t concord-worker .          the worker as a Lambda function
#   docker build --target aggregator -t concord-aggregator .  the aggregator as a Lambda function
#   docker build --target producer -t concord .               the command line: docker run --rm -i concord submit - <payload.json
#
# With --platform linux/arm64 they are cross-built: nothing is emulated. Lambda takes images of one platform only, so
# with docker buildx add --provenance=false. A worker with a program of yours in it: examples/numpy.
#
# Bases are pinned by tag. For the same bytes every time pin them by digest, such as with
#   --build-arg RUN_BASE=gcr.io/distroless/static-debian12@sha256:...
# where `docker buildx imagetools inspect IMAGE:TAG` prints the digest.

# Debian with Rust, a C compiler and rustup.
ARG BUILD_BASE=docker.io/library/rust:1.95.0-bookworm
# Root certificates in /etc/ssl/certs/ca-certificates.crt are all that is needed of it: the programs find them there.
ARG RUN_BASE=gcr.io/distroless/static-debian12:nonroot

FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS build
RUN dpkg-query --show python3-venv >/dev/null 2>&1 || \
    { apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*; }
WORKDIR /concord
# The linker for both architectures, of the version that infra/deploy uses.
COPY infra/venv infra/venv
COPY infra/requirements/build.txt infra/requirements/build.txt
RUN infra/venv build
ARG TARGETARCH
RUN case $TARGETARCH in \
        amd64) echo x86_64-unknown-linux-musl ;; \
        arm64) echo aarch64-unknown-linux-musl ;; \
        *) echo "no build for TARGETARCH '$TARGETARCH', only for amd64 and arm64" >&2; exit 1 ;; \
    esac >/triple && \
    { [ -d "$(rustc --print sysroot)/lib/rustlib/$(cat /triple)" ] || rustup target add "$(cat /triple)"; }
COPY . .

# Downloads and what is compiled stay in a cache from one build to the next. The linker opens more files than some
# builders allow at first.
RUN --mount=type=cache,target=/cache,sharing=locked ulimit -n "$(ulimit -H -n)" && \
    PATH=$(infra/venv build):$PATH CARGO_HOME=/cache/cargo CARGO_TARGET_DIR=/cache/target \
    cargo zigbuild --profile function --locked --target "$(cat /triple)" \
        -p concord-worker -p concord-aggregator -p concord-producer \
        --features concord-worker/lambda,concord-aggregator/lambda,concord-producer/aws --bin worker --bin aggregator --bin producer && \
    mkdir -p /programs/state && \
    for name in worker aggregator producer; do cp "/cache/target/$(cat /triple)/function/$name" /programs/; done

FROM ${RUN_BASE} AS worker
COPY --from=build /programs/worker /worker
# One file is read sooner than a folder with several names for each certificate.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/worker"]

FROM ${RUN_BASE} AS aggregator
COPY --from=build /programs/aggregator /aggregator
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/aggregator"]

FROM ${RUN_BASE} AS producer
COPY --from=build /programs/producer /producer
# The store; mount a volume of yours here to keep it.
COPY --from=build --chown=65532:65532 /programs/state /state
ENV CONCORD_STORE=/state/concord.db
USER 65532:65532
ENTRYPOINT ["/producer"]
