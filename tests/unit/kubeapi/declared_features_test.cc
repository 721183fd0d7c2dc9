#include "kubeapi/declared_features.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kubeapi/decode.h"

namespace stowage::kubeapi {
namespace {

PodPtr podOf(const std::string& spec) {
  Decoder<Pod> decoder;
  const auto pod = decoder.object(R"({"metadata":{"name":"p"},"spec":)" + spec + "}");
  EXPECT_TRUE(pod.has_value()) << spec;
  return pod.has_value() ? *pod : std::make_shared<const Pod>();
}

struct Case {
  const char* name;
  const char* spec;
  FeatureSet want;
};

TEST(DeclaredFeatures, AreInferredFromThePod) {
  const std::vector<Case> cases = {
      {"nothing special", R"({"containers":[{"name":"a"}]})", 0},
      {"a rule that restarts all containers",
       R"({"containers":[{"name":"a"},{"name":"b","restartPolicyRules":[{"action":"Restart"},
          {"action":"RestartAllContainers","exitCodes":{"operator":"In","values":[3]}}]}]})",
       kRestartAllContainersOnContainerExits},
      {"... of an init container",
       R"({"initContainers":[{"name":"i","restartPolicyRules":[{"action":"RestartAllContainers"}]}]})",
       kRestartAllContainersOnContainerExits},
      {"a rule that restarts one container",
       R"({"containers":[{"name":"a","restartPolicyRules":[{"action":"Restart"}]}]})", 0},
      {"rules that are null", R"({"containers":[{"name":"a","restartPolicyRules":null}]})", 0},
      {"host network in a user namespace of its own", R"({"hostNetwork":true,"hostUsers":false})",
       kUserNamespacesHostNetworkSupport},
      {"host network alone", R"({"hostNetwork":true})", 0},
      {"... with the host's users", R"({"hostNetwork":true,"hostUsers":true})", 0},
      {"... with users unset", R"({"hostNetwork":true,"hostUsers":null})", 0},
      {"a user namespace alone", R"({"hostUsers":false})", 0},
      {"both",
       R"({"hostUsers":false,"hostNetwork":true,"containers":[{"name":"a",
          "restartPolicyRules":[{"action":"RestartAllContainers"}]}]})",
       kUserNamespacesHostNetworkSupport | kRestartAllContainersOnContainerExits},
  };
  for (const Case& c : cases) EXPECT_EQ(requiredFeatures(*podOf(c.spec)), c.want) << c.name;
}

TEST(DeclaredFeatures, RulesOfTheWrongTypeAreAnErrorOfThePod) {
  Decoder<Pod> decoder;
  EXPECT_FALSE(decoder.object(R"({"spec":{"containers":[{"name":"a","restartPolicyRules":7}]}})")
                   .has_value());
  EXPECT_FALSE(decoder.object(R"({"spec":{"hostUsers":"no"}})").has_value());
}

TEST(DeclaredFeatures, OfANodeAreReadByNameAndUnknownOnesLeftOut) {
  EXPECT_EQ(declaredFeatures({}), 0U);
  const std::vector<Symbol> names = {"GuaranteedQoSPodCPUResize",
                                     "RestartAllContainersOnContainerExits"};
  EXPECT_EQ(declaredFeatures(names), kRestartAllContainersOnContainerExits);
  const std::vector<Symbol> both = {"RestartAllContainersOnContainerExits",
                                    "UserNamespacesHostNetworkSupport"};
  EXPECT_EQ(declaredFeatures(both),
            kRestartAllContainersOnContainerExits | kUserNamespacesHostNetworkSupport);
}

}  // namespace
}  // namespace stowage::kubeapi
