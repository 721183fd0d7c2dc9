// Golden files of tests/golden/statefulgroup: what is rendered, for people to read. With
// STOWAGE_UPDATE_GOLDEN=1 in the environment a test writes them instead of comparing; what render
// version 1 gives must never change, so a difference in a pod is a fault, not a new golden file.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "stowage_paths.h"

namespace stowage::statefulgroup {

inline void expectGolden(const std::string& name, const std::string& json) {
  const std::string path = STOWAGE_SOURCE_DIR "/tests/golden/statefulgroup/" + name + ".json";
  const std::string actual = nlohmann::json::parse(json).dump(2) + "\n";
  if (std::getenv("STOWAGE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << actual;
    return;
  }
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(actual, expected) << "see " << path;
}

}  // namespace stowage::statefulgroup
