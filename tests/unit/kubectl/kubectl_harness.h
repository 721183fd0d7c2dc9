// A group "ns/db" under a simulated operator, as kubectl-stowage reads it; and golden texts of
// tests/golden/kubectl, which STOWAGE_UPDATE_GOLDEN=1 writes anew.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "stowage_paths.h"
#include "testing/statefulgroup/group_harness.h"

namespace stowage::kubectl {

using testing::Json;

class KubectlTest : public ::testing::Test {
 protected:
  statefulgroup::Observed observed() {
    harness_.view.sync(harness_.cluster);
    auto seen = harness_.view.observe("ns", "db");
    EXPECT_TRUE(seen.has_value());
    return seen ? *seen : statefulgroup::Observed{};
  }
  std::string groupJson() {
    return harness_.cluster.find(statefulgroup::Resource::kGroups, "db")->dump();
  }
  base::WallTime now() { return harness_.clock.wallNow(); }

  testing::GroupHarness harness_;
};

inline void expectGolden(const std::string& name, const std::string& text) {
  const std::string path = STOWAGE_SOURCE_DIR "/tests/golden/kubectl/" + name;
  if (std::getenv("STOWAGE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, expected) << "see " << path;
}

}  // namespace stowage::kubectl
