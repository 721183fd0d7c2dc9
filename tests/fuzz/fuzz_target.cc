#include "fuzz/fuzz_target.h"

#include <cstdlib>
#include <iostream>

#include "base/text.h"

namespace stowage::fuzz {

std::map<std::string, Function>& targets() {
  static std::map<std::string, Function> all;
  return all;
}

void broken(const char* what, std::string_view input) {
  std::cerr << "BROKEN: " << what << " for " << base::jsonString(input.substr(0, 2000)) << "\n";
  std::abort();
}

}  // namespace stowage::fuzz
