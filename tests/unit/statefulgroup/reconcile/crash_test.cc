// The operator dies before every single write of a story, comes back without memory and with caches
// that may still show what was before its last writes. Each time the story ends as it would have,
// and no invariant is broken on the way.
#include <gmock/gmock.h>

#include <functional>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;

struct Story {
  const char* name;
  std::function<void(GroupHarness&)> tell;
};

Json claims(const char* when_scaled) {
  return {{"persistentVolumeClaimRetentionPolicy", {{"whenScaled", when_scaled}}},
          {"volumeClaimTemplates",
           {{{"name", "data"},
             {"spec",
              {{"accessModes", {"ReadWriteOnce"}},
               {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}}}};
}

Json image(Json more, const char* name, const char* policy = "Recreate") {
  more.merge_patch(withImage(name, policy));
  return more;
}

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories = {
      {"Forming",
       [](GroupHarness& h) { h.cluster.putGroup("db", groupSpec(2, 3, claims("Retain"))); }},
      {"Update",
       [](GroupHarness& h) {
         h.put(groupSpec(1, 3, claims("Retain")));
         h.cluster.putGroup("db", groupSpec(1, 3, image(claims("Retain"), "example.test/db:2")));
       }},
      {"UpdateInPlace",
       [](GroupHarness& h) {
         h.put(groupSpec(1, 3));
         h.cluster.putGroup("db",
                            groupSpec(1, 3, image({}, "example.test/db:2", "InPlaceIfPossible")));
       }},
      {"ScaleIn",
       [](GroupHarness& h) {
         h.put(groupSpec(1, 5, claims("Delete")));
         h.cluster.putGroup("db", groupSpec(1, 3, claims("Delete")));
       }},
      {"Move",
       [](GroupHarness& h) {
         Json more = claims("Retain");
         h.put(groupSpec(1, 3, more));
         more["offlineReplicas"] = {"0/0"};
         h.cluster.putGroup("db", groupSpec(1, 3, more));
       }},
      {"LostVolume",
       [](GroupHarness& h) {
         Json more = claims("Retain");
         more["persistentVolumeClaimRetentionPolicy"]["whenReplaced"] = "Delete";
         more["recovery"] = {{"volumeLoss", "Replace"}};
         h.put(groupSpec(1, 3, more));
         h.cluster.bindClaim("data-db-0-1", "gone");
         h.cluster.setClaimStatus("data-db-0-1", {{"phase", "Lost"}});
         h.cluster.end("db-0-1", "Failed");
       }},
      {"Deletion",
       [](GroupHarness& h) {
         h.put(groupSpec(1, 3));
         h.cluster.deleteGroup("db");
       }},
  };
  return kStories;
}

// What matters of the end: who is there, at which revision, and what the status says.
std::string endOf(const GroupHarness& h) {
  std::string end;
  for (const std::string& pod : h.pods()) {
    const Json& status = (*h.cluster.find(Resource::kPods, pod))["status"];
    end += pod + " " + h.revisionOf(pod) + " " + status["containerStatuses"].dump() + "\n";
  }
  for (const std::string& claim : h.claims()) end += claim + "\n";
  return end + h.condition("Ready");
}

class CrashTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CrashTest, DyingBeforeAnyWriteChangesNothingAboutTheEnd) {
  const Story& story = stories()[GetParam()];
  GroupHarness undisturbed;
  story.tell(undisturbed);
  const int first = undisturbed.cluster.writes();
  undisturbed.settle();
  const int writes = undisturbed.cluster.writes() - first;
  ASSERT_GT(writes, 0);
  const std::size_t removals = undisturbed.takeRemovals().size();
  for (int dies = 0; dies < writes; ++dies) {
    GroupHarness h;
    story.tell(h);
    h.cluster.dieAfter(dies);
    bool died = false;
    for (int round = 0; round < 400 && !died; ++round) {
      try {
        h.pass();
      } catch (const OperatorDies&) {
        died = true;
      }
      // The kubelet is one step behind: the successor meets what was just written.
      if (!died) h.kubelet();
    }
    ASSERT_TRUE(died) << story.name << ", write " << dies;
    h.cluster.dieAfter(std::nullopt);
    h.restart();
    h.settle();
    EXPECT_EQ(endOf(h), endOf(undisturbed)) << story.name << ", write " << dies;
    EXPECT_THAT(h.checker.violations(), ::testing::IsEmpty()) << story.name << ", write " << dies;
    // A crash makes nobody go twice.
    EXPECT_EQ(h.takeRemovals().size(), removals) << story.name << ", write " << dies;
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, CrashTest, ::testing::Range<std::size_t>(0, stories().size()),
                         [](const auto& info) { return stories()[info.param].name; });

}  // namespace
}  // namespace stowage::testing
