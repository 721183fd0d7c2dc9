#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace stowage::base {
void checkFailed(const char* condition, const char* file, int line, const char* what) {
  std::fprintf(stderr, "stowage: broken invariant at %s:%d: %s (%s)\n", file, line, what,
               condition);
  std::abort();
}
}  // namespace stowage::base
