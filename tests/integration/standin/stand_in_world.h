// StandInWorld: a fixture with a control plane, the binder of volumes, and a stand-in for two
// nodes. Pods are given their node by the test.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "integration/scheduler/cluster_objects.h"
#include "integration/standin/stand_in.h"

namespace stowage::testing {

class StandInWorld : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  static StandIn& nodes();

  // A pod of node-0 with one container of image "shell" that runs `script`, changed by `patch` (RFC
  // 7386).
  [[nodiscard]] Json shellPod(const std::string& name, const std::string& script,
                              const Json& patch = Json::object()) const;
  void create(const Json& object) { createAll(cluster_, {object}); }
  Json get(const std::string& plural, const std::string& name);
  // Waits until the pod is (not) ready, has that phase, or is gone.
  [[nodiscard]] bool becomes(const std::string& pod, const std::string& what);
  [[nodiscard]] bool is(const std::string& pod, const std::string& what);
  // Without waiting for its end.
  void askToGo(const std::string& pod);

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
};

}  // namespace stowage::testing
