#include "statefulgroup/render/in_place.h"

#include <gmock/gmock.h>

#include "statefulgroup/render/container_resources.h"
#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

using ::testing::HasSubstr;

// The pod spec that changes start from.
Json basePod() {
  return Json::parse(R"json({
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "initContainers": [
      {"name": "init", "image": "i:1", "resources": {"requests": {"cpu": "1"}}},
      {"name": "agent", "image": "a:1", "restartPolicy": "Always"}],
    "containers": [
      {"name": "main", "image": "x:1",
       "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}},
      {"name": "side", "image": "s:1"}]})json");
}

// From a group to a changed one.
class Change {
 public:
  explicit Change(const Json& before, const Json& after)
      : from_group_(groupFromText(before.dump())),
        to_group_(groupFromText(after.dump())),
        names_(from_group_),
        from_(revisionOf(from_group_, "db-from")),
        to_(revisionOf(to_group_, "db-to", 2)) {}

  [[nodiscard]] PodInputs inputs() const {
    return {from_group_.meta, names_, from_, {0, 1}, 0, false, 1, 3};
  }
  [[nodiscard]] InPlaceChange change() const { return inPlaceChange(inputs(), to_); }
  // As the API server has it: with more than was rendered.
  [[nodiscard]] Json live() const {
    Json pod = Json::parse(renderPod(inputs()));
    pod["metadata"]["uid"] = "p-1";
    pod["metadata"]["resourceVersion"] = "5";
    pod["metadata"]["labels"]["stowage.dev/role"] = "leader";
    pod["spec"]["tolerations"].push_back({{"key", "default"}, {"operator", "Exists"}});
    pod["spec"]["containers"].insert(pod["spec"]["containers"].begin(), Json{{"name", "injected"}});
    pod["spec"]["nodeName"] = "n";
    return pod;
  }
  [[nodiscard]] std::optional<PodPatch> next(const Json& live) const {
    const auto patch = nextInPlacePatch(inputs(), to_, live.dump());
    EXPECT_TRUE(patch.has_value()) << patch.error().toString();
    return patch ? *patch : std::nullopt;
  }
  // All patches applied, by name of subresource.
  Json applied(std::vector<std::string>* subresources = nullptr) const {
    Json pod = live();
    int version = 5;
    while (auto patch = next(pod)) {
      const Json body = Json::parse(patch->json);
      EXPECT_EQ(body["metadata"]["uid"], "p-1");
      EXPECT_EQ(body["metadata"]["resourceVersion"], std::to_string(version));
      pod.merge_patch(body);
      pod["metadata"]["resourceVersion"] = std::to_string(++version);
      if (subresources != nullptr) subresources->push_back(patch->subresource);
      if (version > 9) {
        ADD_FAILURE() << "no end: " << body;
        break;
      }
    }
    return pod;
  }

 private:
  kubeapi::StatefulGroup from_group_;
  kubeapi::StatefulGroup to_group_;
  Names names_;
  Revision from_;
  Revision to_;
};

Json specOf(const Json& pod) { return {{"template", {{"spec", pod}}}}; }

// The base pod, changed at a place.
Change changed(const std::string& pointer, const Json& value) {
  Json after = specOf(basePod());
  after[Json::json_pointer("/template/spec" + pointer)] = value;
  return Change(specOf(basePod()), after);
}
Change removed(const std::string& parent, const std::string& key) {
  Json after = specOf(basePod());
  after[Json::json_pointer("/template/spec" + parent)].erase(key);
  return Change(specOf(basePod()), after);
}

TEST(InPlace, TheRevisionsNameAloneIsAWriteThatTouchesNothing) {
  Json after = specOf(basePod());
  after["shardOverrides"] = Json::parse(R"([{"shards":"7","labels":{"a":"b"}}])");
  const Change change(specOf(basePod()), after);
  const InPlaceChange what = change.change();
  EXPECT_TRUE(what.possible());
  EXPECT_FALSE(what.metadata || what.images || what.tolerations || what.resources ||
               what.restarts_containers);
  const auto patch = change.next(change.live());
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(patch->json, R"({"metadata":{"labels":{"controller-revision-hash":"db-to"},)"
                         R"("resourceVersion":"5","uid":"p-1"}})");
  EXPECT_EQ(change.next(change.applied()), std::nullopt);
}

TEST(InPlace, LabelsAndAnnotationsAreAddedChangedAndTakenAway) {
  Json before = specOf(basePod());
  before["template"]["metadata"] = Json::parse(R"({"labels":{"a":"1","b":"1"}})");
  Json after = specOf(basePod());
  after["template"]["metadata"] =
      Json::parse(R"({"labels":{"b":"2","c":"1"},"annotations":{"n":"1"}})");
  const Change change(before, after);
  EXPECT_TRUE(change.change().possible());
  EXPECT_TRUE(change.change().metadata);
  EXPECT_FALSE(change.change().restarts_containers);
  const Json pod = change.applied();
  EXPECT_FALSE(pod["metadata"]["labels"].contains("a"));
  EXPECT_EQ(pod["metadata"]["labels"]["b"], "2");
  EXPECT_EQ(pod["metadata"]["labels"]["c"], "1");
  EXPECT_EQ(pod["metadata"]["labels"]["stowage.dev/role"], "leader");
  EXPECT_EQ(pod["metadata"]["annotations"]["n"], "1");
}

TEST(InPlace, ALabelThatAVariableIsMadeFromNeedsANewPod) {
  Json before = specOf(basePod());
  before["template"]["metadata"]["labels"] = {{"tier", "1"}, {"other", "1"}};
  before["template"]["spec"]["containers"][0]["env"] = Json::parse(
      R"([{"name":"TIER","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['tier']"}}}])");
  Json after = before;
  after["template"]["metadata"]["labels"]["other"] = "2";
  EXPECT_TRUE(Change(before, after).change().possible());
  after["template"]["metadata"]["labels"]["tier"] = "2";
  EXPECT_EQ(Change(before, after).change().recreate_field, "spec.containers[main].env[TIER]");
}

TEST(InPlace, ImagesOfWhatRunsAreChanged) {
  for (const char* pointer : {"/containers/0/image", "/initContainers/1/image"}) {
    const Change change = changed(pointer, "new:2");
    EXPECT_TRUE(change.change().possible()) << pointer;
    EXPECT_TRUE(change.change().images);
    EXPECT_TRUE(change.change().restarts_containers);
  }
  const Json pod = changed("/containers/0/image", "new:2").applied();
  // The injected container is first, and is still there.
  EXPECT_EQ(pod["spec"]["containers"][0]["name"], "injected");
  EXPECT_EQ(pod["spec"]["containers"][1]["image"], "new:2");
  EXPECT_EQ(pod["spec"]["containers"][2]["image"], "s:1");
  EXPECT_EQ(pod["metadata"]["labels"]["controller-revision-hash"], "db-to");
  // An init container has run.
  EXPECT_EQ(changed("/initContainers/0/image", "new:2").change().recreate_field,
            "spec.initContainers[init].image");
}

TEST(InPlace, TolerationsMayOnlyCome) {
  const Change more = changed("/tolerations/1", {{"key", "b"}, {"operator", "Exists"}});
  EXPECT_TRUE(more.change().possible());
  EXPECT_TRUE(more.change().tolerations);
  EXPECT_FALSE(more.change().restarts_containers);
  EXPECT_EQ(more.applied()["spec"]["tolerations"].size(), 3U);
  EXPECT_EQ(changed("/tolerations", Json::array()).change().recreate_field, "spec.tolerations");
  EXPECT_EQ(changed("/tolerations/0/key", "b").change().recreate_field, "spec.tolerations");
}

TEST(InPlace, CpuAndMemoryAreResizedFirst) {
  const Change change =
      changed("/containers/0/resources", Json::parse(R"({"requests":{"cpu":"2","memory":"1024Mi"},
                                                "limits":{"memory":"4Gi","cpu":"3"}})"));
  EXPECT_TRUE(change.change().possible()) << change.change().recreate_field;
  EXPECT_TRUE(change.change().resources);
  EXPECT_FALSE(change.change().restarts_containers);
  std::vector<std::string> subresources;
  const Json pod = change.applied(&subresources);
  EXPECT_THAT(subresources, ::testing::ElementsAre("resize", ""));
  EXPECT_EQ(pod["spec"]["containers"][1]["resources"],
            Json::parse(R"({"requests":{"cpu":"2","memory":"1Gi"},
                            "limits":{"memory":"4Gi","cpu":"3"}})"));
}

TEST(InPlace, ALimitAloneIsARequestToo) {
  Json before = specOf(basePod());
  before["template"]["spec"]["containers"][1]["resources"] = {{"limits", {{"cpu", "1"}}}};
  Json after = before;
  after["template"]["spec"]["containers"][1]["resources"]["limits"]["cpu"] = "2";
  const Change change(before, after);
  Json live = change.live();
  live["spec"]["containers"][2]["resources"]["requests"] = {{"cpu", "1"}};
  const auto patch = change.next(live);
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(Json::parse(patch->json)["spec"]["containers"][2]["resources"],
            Json::parse(R"({"limits":{"cpu":"2"},"requests":{"cpu":"2"}})"));
}

TEST(InPlace, ResizePolicySaysWhetherContainersRestart) {
  Json before = specOf(basePod());
  before["template"]["spec"]["containers"][0]["resizePolicy"] =
      Json::parse(R"([{"resourceName":"memory","restartPolicy":"RestartContainer"}])");
  Json after = before;
  after["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2";
  EXPECT_FALSE(Change(before, after).change().restarts_containers);
  after["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = "4Gi";
  EXPECT_TRUE(Change(before, after).change().restarts_containers);
}

TEST(InPlace, OtherResizesNeedANewPod) {
  const auto field = [](const Change& change) { return change.change().recreate_field; };
  const std::string resources = "spec.containers[main].resources";
  EXPECT_EQ(field(removed("/containers/0/resources/requests", "cpu")), resources);
  EXPECT_EQ(field(removed("/containers/0/resources", "limits")), resources);
  EXPECT_EQ(field(changed("/containers/0/resources/limits/ephemeral-storage", "1Gi")), resources);
  EXPECT_EQ(field(changed("/containers/0/resources/requests/cpu", "much")), resources);
  EXPECT_EQ(field(changed("/containers/0/resources/claims", Json::array({{{"name", "gpu"}}}))),
            resources);
  EXPECT_EQ(field(changed("/initContainers/0/resources/requests/cpu", "2")),
            "spec.initContainers[init].resources");
  // Burstable to Guaranteed.
  Json one = {{"containers", Json::array({{{"name", "main"}, {"image", "x:1"}}})}};
  one["containers"][0]["resources"] =
      Json::parse(R"({"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2","memory":"1Gi"}})");
  Json other = one;
  other["containers"][0]["resources"]["requests"]["cpu"] = "2";
  EXPECT_EQ(field(Change(specOf(one), specOf(other))), "status.qosClass");
  // A variable keeps the amount that it was made from.
  Json before = specOf(basePod());
  before["template"]["spec"]["containers"][1]["env"] = Json::parse(
      R"([{"name":"CPUS","valueFrom":{"resourceFieldRef":{"containerName":"main","resource":"requests.cpu"}}}])");
  Json after = before;
  after["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2";
  EXPECT_EQ(field(Change(before, after)), "spec.containers[side].env[CPUS]");
  before["template"]["spec"]["os"]["name"] = "windows";
  before["template"]["spec"]["containers"][1].erase("env");
  after = before;
  after["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2";
  EXPECT_EQ(field(Change(before, after)), "spec.os");
  before["template"]["spec"]["resources"] = {{"requests", {{"cpu", "9"}}}};
  after["template"]["spec"]["resources"] = {{"requests", {{"cpu", "9"}}}};
  EXPECT_EQ(field(Change(before, after)), "spec.resources");
}

TEST(InPlace, EverythingElseNeedsANewPodAndSaysWhy) {
  const auto field = [](const Change& change) { return change.change().recreate_field; };
  EXPECT_EQ(field(changed("/containers/0/command", {"a"})), "spec.containers[main].command");
  EXPECT_EQ(field(changed("/containers/1/env", Json::parse(R"([{"name":"A"}])"))),
            "spec.containers[side].env");
  EXPECT_EQ(field(changed("/containers/2", {{"name", "third"}, {"image", "t:1"}})),
            "spec.containers");
  EXPECT_EQ(field(changed("/containers/1/name", "renamed")), "spec.containers");
  EXPECT_EQ(field(changed("/nodeSelector", {{"a", "b"}})), "spec.nodeSelector");
  EXPECT_EQ(field(changed("/schedulerName", "other")), "spec.schedulerName");
  EXPECT_EQ(field(removed("/containers/0", "image")), "spec.containers[main].image");
  Json after = specOf(basePod());
  after["restartTime"] = "2026-01-02T03:04:05Z";
  EXPECT_EQ(field(Change(specOf(basePod()), after)), "restartTime");
  after = specOf(basePod());
  after["volumeClaimTemplates"] =
      Json::parse(R"([{"name":"data","spec":{"resources":{"requests":{"storage":"1Gi"}}}}])");
  EXPECT_EQ(field(Change(specOf(basePod()), after)), "spec.volumes");
  after = specOf(basePod());
  after["topology"]["leaderSpread"] = "Preferred";
  EXPECT_EQ(field(Change(specOf(basePod()), after)), "");  // not this one's rule
  after["topology"]["failureDomains"] = Json::array();
  EXPECT_EQ(field(Change(specOf(basePod()), after)), "spec.affinity");
  // What is no list.
  EXPECT_EQ(field(changed("/containers/0/env", 5)), "spec.containers[main].env");
  EXPECT_EQ(field(changed("/initContainers", 5)), "spec.initContainers");
  EXPECT_EQ(field(changed("/tolerations", "x")), "spec.tolerations");
}

TEST(InPlace, ResumesWhereItStopped) {
  Json after = specOf(basePod());
  after["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2";
  after["template"]["spec"]["containers"][1]["image"] = "s:2";
  const Change change(specOf(basePod()), after);
  Json pod = change.live();
  pod.merge_patch(Json::parse(change.next(pod)->json));
  const auto second = change.next(pod);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->subresource, "");
  pod.merge_patch(Json::parse(second->json));
  EXPECT_EQ(pod, [&] {
    Json all = change.applied();
    all["metadata"]["resourceVersion"] = "5";
    return all;
  }());
}

TEST(InPlace, IsDoneToThePodThatItWasMadeForAndNoOther) {
  const Change change = changed("/containers/0/image", "new:2");
  const auto problem = [&](const Json& live) {
    const auto patch = nextInPlacePatch(change.inputs(), revisionOf(groupWith()), live.dump());
    return patch ? std::string("none") : patch.error().message();
  };
  EXPECT_THAT(problem(change.live()), HasSubstr("cannot change in place"));
  Json other = change.live();
  other["metadata"]["name"] = "db-0-2";
  const auto refused = [&](const Json& live) {
    Json after = specOf(basePod());
    after["template"]["spec"]["containers"][0]["image"] = "new:2";
    return !nextInPlacePatch(change.inputs(), revisionOf(groupFromText(after.dump()), "db-to"),
                             live.dump())
                .has_value();
  };
  EXPECT_FALSE(refused(change.live()));
  EXPECT_TRUE(refused(other));
  for (const char* pointer : {"/metadata/uid", "/metadata/resourceVersion", "/metadata", "/spec",
                              "/spec/containers", "/spec/containers/1/name"}) {
    Json broken = change.live();
    broken[Json::json_pointer(pointer)] = 5;
    EXPECT_TRUE(refused(broken)) << pointer;
  }
  EXPECT_TRUE(refused(Json::array()));
}

TEST(QosOf, IsThatOfTheApiServer) {
  const auto qos = [](const char* containers) {
    return qosOf(Json::parse(std::string(R"({"containers":)") + containers + "}"));
  };
  EXPECT_EQ(qos("[{}]"), QosClass::kBestEffort);
  EXPECT_EQ(qos(R"([{"resources":{"requests":{"cpu":"0"}}}])"), QosClass::kBestEffort);
  EXPECT_EQ(qos(R"([{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}])"), QosClass::kGuaranteed);
  EXPECT_EQ(qos(R"([{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{}])"),
            QosClass::kBurstable);
  EXPECT_EQ(qos(R"([{"resources":{"limits":{"cpu":"1"}}}])"), QosClass::kBurstable);
  EXPECT_EQ(qos(R"([{"resources":{"limits":{"cpu":"x"}}}])"), std::nullopt);
}

}  // namespace
}  // namespace stowage::statefulgroup
