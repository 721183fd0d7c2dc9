#include "base/version.h"

#include <fmt/format.h>

#include "stowage_commit.h"

namespace stowage::base {

std::string_view version() { return STOWAGE_VERSION; }
std::string_view commit() { return STOWAGE_COMMIT; }

std::string versionLine(std::string_view program) {
#if defined(__clang__)
  constexpr std::string_view compiler = "clang " __clang_version__;
#else
  constexpr std::string_view compiler = "g++ " __VERSION__;
#endif
#if defined(__aarch64__)
  constexpr std::string_view platform = "linux/arm64";
#else
  constexpr std::string_view platform = "linux/amd64";
#endif
  return fmt::format("{} {} (commit {}, {}, {})", program, version(), commit(), compiler, platform);
}

}  // namespace stowage::base
