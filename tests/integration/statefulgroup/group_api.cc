#include "integration/statefulgroup/group_api.h"

#include "k8sclient/config/sessions.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "stowage_paths.h"

namespace stowage::testing {

namespace {

using k8sclient::ApiResult;

ApiResult<Json> parsed(const ApiResult<std::string>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  return Json::parse(*answer);
}

k8sclient::CallOptions options(bool dry_run) {
  k8sclient::CallOptions options;
  options.query = {{"fieldValidation", "Strict"}};
  if (dry_run) options.query.emplace_back("dryRun", "All");
  return options;
}

}  // namespace

void GroupApi::SetUpTestSuite() {
  k8sclient::initializeCpprest(2);
  ControlPlane& cluster = ControlPlane::instance();
  const auto applied = cluster.kubectl(
      {"apply", "-f", STOWAGE_SOURCE_DIR "/lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml"});
  ASSERT_EQ(applied.exit_code, 0) << applied.output;
  // kubectl wait is an error of its own before there are any conditions.
  std::string output;
  ASSERT_TRUE(waitFor(
      [&] {
        const auto ready = cluster.kubectl({"wait", "--for=condition=Established",
                                            "crd/statefulgroups.stowage.dev", "--timeout=60s"});
        output = ready.output;
        return ready.exit_code == 0;
      },
      std::chrono::seconds(60)))
      << output;
  ASSERT_TRUE(waitFor([&] { return cluster.kubectl({"get", "sfg", "-A"}).exit_code == 0; },
                      std::chrono::seconds(60)));
}

void GroupApi::SetUp() {
  const auto config = k8sclient::loadKubeconfig({cluster_.adminKubeconfig()}, true);
  ASSERT_TRUE(config.has_value()) << config.error().toString();
  auto sessions = k8sclient::ConfigSessions::open(*config, clock_);
  ASSERT_TRUE(sessions.has_value()) << sessions.error().toString();
  api_ = std::make_unique<k8sclient::RestApiClient>(std::move(*sessions), clock_,
                                                    base::nullMetricSink());
  ns_ = cluster_.namespaceForTest();
}

Json GroupApi::group(const std::string& name, const Json& spec_patch) const {
  Json spec = {
      {"template",
       {{"spec",
         {{"containers", Json::array({{{"name", "main"}, {"image", "example.test/x"}}})}}}}}};
  spec.merge_patch(spec_patch);
  return {{"apiVersion", "stowage.dev/v1alpha1"},
          {"kind", "StatefulGroup"},
          {"metadata", {{"name", name}, {"namespace", ns_}}},
          {"spec", spec}};
}

ApiResult<Json> GroupApi::create(const k8sclient::ResourceType& type, const Json& object,
                                 bool dry_run) {
  return parsed(api_->create(pathOf(type), object.dump(), options(dry_run), {}));
}

ApiResult<Json> GroupApi::patch(const std::string& path, const Json& patch, bool dry_run) {
  return parsed(
      api_->patch(path, k8sclient::PatchType::kMerge, patch.dump(), options(dry_run), {}));
}

ApiResult<Json> GroupApi::get(const std::string& path) { return parsed(api_->get(path, {}, {})); }

}  // namespace stowage::testing
