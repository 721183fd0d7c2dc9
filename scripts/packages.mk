# The Debian packages of the project, by what needs them; the Makefile and the Dockerfile read them here.
BUILD_PACKAGES := g++ cmake ninja-build ccache mold git python3 openssl \
  libcpprest-dev libssl-dev libyaml-cpp-dev prometheus-cpp-dev libsimdjson-dev nlohmann-json3-dev \
  libspdlog-dev libfmt-dev libcli11-dev libcpp-httplib-dev libxxhash-dev libexpected-dev zlib1g-dev
TEST_PACKAGES := libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev python3-yaml
LINT_PACKAGES := clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev shellcheck
# Of no use where docker or podman builds images.
IMAGE_PACKAGES := buildah debootstrap

.PHONY: print-build-packages
print-build-packages:
	@echo $(BUILD_PACKAGES)
