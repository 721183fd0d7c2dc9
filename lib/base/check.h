// STOWAGE_CHECK: a broken invariant of our own ends the process with its place and text. Never used
// on data that comes from outside (API server, files, users): those are errors, not bugs.
#pragma once

namespace stowage::base {
[[noreturn]] void checkFailed(const char* condition, const char* file, int line, const char* what);
}  // namespace stowage::base

#define STOWAGE_CHECK(condition, what)                                    \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::stowage::base::checkFailed(#condition, __FILE__, __LINE__, what); \
  } while (false)
