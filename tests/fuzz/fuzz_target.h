// Fuzz targets: a function that eats any bytes, under a name. The same targets run in two ways: as
// libFuzzer programs (preset fuzz, one program per target) and as a plain test that replays the
// corpora and damaged copies of them (stowage_fuzz_replay_test, in every build).
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stowage::fuzz {

using Function = void (*)(std::string_view input);

// Every target that is linked into this program, by name.
std::map<std::string, Function>& targets();

struct Registration {
  Registration(const char* name, Function function) { targets().emplace(name, function); }
};

// Ends the process: what must hold for every input did not.
[[noreturn]] void broken(const char* what, std::string_view input);

}  // namespace stowage::fuzz

#define STOWAGE_FUZZ_TARGET(name)                                              \
  static void name(std::string_view input);                                    \
  static const ::stowage::fuzz::Registration registration_##name(#name, name); \
  static void name(std::string_view input)
