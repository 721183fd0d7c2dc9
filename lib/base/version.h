// Version and commit of this build, as `--version`, the User-Agent and stowage_build_info show
// them.
#pragma once

#include <string>
#include <string_view>

namespace stowage::base {
std::string_view version();  // "0.1.0", from the file VERSION
std::string_view commit();   // git describe of the tree that was built
// "stowage-scheduler 0.1.0 (commit abc, g++ 12.2.0, linux/amd64)"
std::string versionLine(std::string_view program);
}  // namespace stowage::base
