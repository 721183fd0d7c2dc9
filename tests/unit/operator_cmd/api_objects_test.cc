// What the reconciler's calls are on the wire.
#include "cmd/operator/api_objects.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cmd/operator/options.h"
#include "testing/api/scripted_api_client.h"

namespace stowage::operator_cmd {
namespace {

using Json = nlohmann::json;
using statefulgroup::DryRun;
using statefulgroup::Fence;
using statefulgroup::Resource;
using testing::apiError;
using testing::ScriptedApiClient;

class ApiObjectsTest : public ::testing::Test {
 protected:
  Json body() { return Json::parse(api_.calls().back().body); }
  std::string line() { return api_.calls().back().line(); }

  ScriptedApiClient api_;
  ApiObjects objects_{api_, {}};
};

TEST_F(ApiObjectsTest, CreationsCarryTheirTypeAndATrialSaysSo) {
  api_.answer("{}").answer("{}");
  EXPECT_TRUE(objects_.create({Resource::kBudgets, "ns", "db-0"}, "{}", DryRun::kNo).ok());
  EXPECT_EQ(
      line(),
      "POST /apis/policy/v1/namespaces/ns/poddisruptionbudgets?fieldManager=stowage-operator");
  EXPECT_EQ(body()["kind"], "PodDisruptionBudget");
  EXPECT_EQ(body()["apiVersion"], "policy/v1");
  EXPECT_TRUE(objects_.create({Resource::kPods, "ns", "db-0-0"}, "{}", DryRun::kYes).ok());
  EXPECT_EQ(line(),
            "POST /api/v1/namespaces/ns/pods?dryRun=All&fieldValidation=Strict&fieldManager="
            "stowage-operator");
}

TEST_F(ApiObjectsTest, DeletionsAndEvictionsAreFenced) {
  api_.answer("{}").answer("{}");
  const Fence fence{"u1", "42"};
  EXPECT_TRUE(objects_.remove({Resource::kPods, "ns", "db-0-0"}, fence).ok());
  EXPECT_EQ(body()["preconditions"], (Json{{"uid", "u1"}, {"resourceVersion", "42"}}));
  EXPECT_TRUE(objects_.evict({Resource::kPods, "ns", "db-0-0"}, fence).ok());
  EXPECT_EQ(line(),
            "POST /api/v1/namespaces/ns/pods/db-0-0/eviction?fieldManager=stowage-operator");
  EXPECT_EQ(body()["deleteOptions"]["preconditions"],
            (Json{{"uid", "u1"}, {"resourceVersion", "42"}}));
}

TEST_F(ApiObjectsTest, ErrorsKeepWhatDecides) {
  api_.fail(apiError(429, "TooManyRequests", "budget")).fail(testing::unreachable());
  const auto denied = objects_.evict({Resource::kPods, "ns", "db-0-0"}, {});
  EXPECT_EQ(denied.code, base::Code::kTooManyRequests);
  EXPECT_EQ(denied.message, "budget");
  EXPECT_EQ(objects_.get({Resource::kNodes, "", "n"}).code, base::Code::kUnavailable);
  EXPECT_EQ(line(), "GET /api/v1/nodes/n");
}

TEST(OperatorOptions, DefaultsFlagsAndErrors) {
  const auto parse = [](std::vector<const char*> argv) {
    argv.insert(argv.begin(), "stowage-operator");
    return parseOptions(static_cast<int>(argv.size()), argv.data());
  };
  const auto options = std::get<Options>(parse({"--workers", "8", "--leader-elect=false"}));
  EXPECT_EQ(options.workers, 8);
  EXPECT_EQ(options.secure_port, 8443);
  EXPECT_EQ(options.leader_elect, false);
  EXPECT_THAT(optionsYaml(options), ::testing::HasSubstr("workers: 8\n"));
  const std::vector<std::pair<std::vector<const char*>, const char*>> table = {
      {{"--workers", "0"}, "--workers: \"0\": give a whole number from 1 to 64"},
      {{"--what"}, "there is no flag \"--what\""},
      {{"extra"}, "extra"},
      {{"--namespace", "X Y"}, "--namespace: \"X Y\": give lower-case letters"},
      {{"--kube-api-qps", "nan"}, "give a number from 0 to 100000"},
      {{"--leader-elect=maybe"}, "give true or false"},
      {{"--leader-elect-resource-name", "kube-scheduler"}, "is the Lease of kube-scheduler"},
      {{"--leader-elect-resource-name", "kube-controller-manager"}, "name your own"},
  };
  for (const auto& [wrong, says] : table) {
    const auto parsed = parse(wrong);
    ASSERT_TRUE(std::holds_alternative<program::EarlyExit>(parsed)) << says;
    EXPECT_EQ(std::get<program::EarlyExit>(parsed).code, 2);
    EXPECT_THAT(std::get<program::EarlyExit>(parsed).text, ::testing::HasSubstr(says));
  }
  EXPECT_EQ(std::get<program::EarlyExit>(parse({"--help"})).code, 0);
}

}  // namespace
}  // namespace stowage::operator_cmd
