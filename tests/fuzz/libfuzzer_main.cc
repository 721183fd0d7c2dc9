// Entry of libFuzzer for the one target that this program is built for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const stowage::fuzz::Function function = [] {
    const auto found = stowage::fuzz::targets().find(STOWAGE_FUZZ_NAME);
    if (found == stowage::fuzz::targets().end()) {
      std::cerr << "no fuzz target " STOWAGE_FUZZ_NAME "\n";
      std::exit(2);
    }
    return found->second;
  }();
  function(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
