// examples/etcd as the real API server takes it: with our definition, in a namespace that enforces
// the restricted Pod Security Standard, without a warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stowage_paths.h>

#include <nlohmann/json.hpp>

#include "testing/controlplane/control_plane.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using namespace std::chrono_literals;

class EtcdExampleIt : public ::testing::Test {
 protected:
  CommandResult apply(const std::string& file) {
    return cluster_.kubectl({"apply", "--warnings-as-errors", "-f", STOWAGE_SOURCE_DIR "/" + file});
  }

  ControlPlane& cluster_ = ControlPlane::instance();
};

TEST_F(EtcdExampleIt, IsTakenWithoutAWarning) {
  const CommandResult defined = apply("lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml");
  ASSERT_EQ(defined.exit_code, 0) << defined.output;
  // kubectl get is an error of its own until the definition is served.
  ASSERT_TRUE(waitFor([&] { return cluster_.kubectl({"get", "sfg", "-A"}).exit_code == 0; }, 60s));
  ASSERT_EQ(cluster_.kubectl({"create", "namespace", "etcd"}).exit_code, 0);
  ASSERT_EQ(
      cluster_
          .kubectl({"label", "namespace", "etcd", "pod-security.kubernetes.io/enforce=restricted",
                    "pod-security.kubernetes.io/warn=restricted"})
          .exit_code,
      0);
  const CommandResult access = apply("examples/etcd/access.yaml");
  EXPECT_EQ(access.exit_code, 0) << access.output;
  const CommandResult group = apply("examples/etcd/group.yaml");
  ASSERT_EQ(group.exit_code, 0) << group.output;

  // A pod of its template.
  const CommandResult read = cluster_.kubectl({"get", "sfg", "etcd", "-n", "etcd", "-o", "json"});
  const Json spec = Json::parse(read.output)["spec"];
  Json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", {{"name", "etcd-0-0"}, {"namespace", "etcd"}}},
              {"spec", spec["template"]["spec"]}};
  pod["spec"]["volumes"].push_back(
      {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data-etcd-0-0"}}}});
  const CommandResult made =
      cluster_.kubectlWithInput({"create", "--warnings-as-errors", "-f", "-"}, pod.dump());
  EXPECT_EQ(made.exit_code, 0) << made.output;
  // The agent's account may do what it is for, and nothing else.
  const auto can = [&](const char* verb, const char* what) {
    return cluster_
        .kubectl(
            {"auth", "can-i", verb, what, "-n", "etcd", "--as=system:serviceaccount:etcd:etcd"})
        .output;
  };
  EXPECT_THAT(can("create", "tokenreviews.authentication.k8s.io"), HasSubstr("yes"));
  EXPECT_THAT(can("get", "secrets"), Not(HasSubstr("yes")));
  EXPECT_THAT(can("delete", "pods"), Not(HasSubstr("yes")));
  (void)cluster_.kubectl({"delete", "pod", "etcd-0-0", "-n", "etcd", "--now", "--wait=false"});
}

}  // namespace
}  // namespace stowage::testing
