# The image `stowage`: the programs that run in a cluster, the shared libraries that they load, and nothing else: no shell,
# no package manager, no certificates of other people. docs/image.md tells how it is built and tested.
#
#   docker build -t stowage:0.1.0 .          (podman alike; make image does more: a base without a registry, the SBOM)
ARG BASE=debian:bookworm-slim

# A layer of its own: as long as the list of packages stays, they are fetched once.
FROM ${BASE} AS packages
WORKDIR /src
COPY scripts/packages.mk scripts/packages.mk
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends make >/dev/null && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(make -s -f scripts/packages.mk print-build-packages) >/dev/null && \
    rm -rf /var/lib/apt/lists/*

FROM packages AS build
LABEL dev.stowage.stage="build"
# ccache tells objects apart by it: with it, they are those of most machines.
ENV LANG=C.UTF-8
ARG CCACHE_DIR=/var/cache/ccache
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH=0
COPY CMakeLists.txt CMakePresets.json LICENSE Makefile VERSION ./
COPY cmake cmake
COPY lib lib
COPY cmd cmd
COPY scripts/missing_packages.sh scripts/hardened.py scripts/
COPY scripts/image scripts/image
# In one layer, without the objects: those would be kept for every commit.
RUN --mount=type=cache,target=/var/cache/ccache export STOWAGE_COMMIT=${REVISION} && \
    make release && scripts/image/closure.sh build/release /image && rm -rf build

FROM scratch
# What runs it resolves the names of programs with it; nothing in the image reads it.
ENV PATH=/usr/bin
# By number: a cluster can see that it is not root without reading the image's /etc/passwd.
USER 65532:65532
ARG VERSION=0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="stowage" \
      org.opencontainers.image.description="A secondary Kubernetes scheduler that packs pods tightly, and an operator for replicated stateful services" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      dev.stowage.sbom="/usr/share/doc/stowage/sbom.spdx.json"
CMD ["stowage-scheduler", "--help"]
COPY --from=build /image/ /
