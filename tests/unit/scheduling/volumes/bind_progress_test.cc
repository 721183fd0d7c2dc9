// How far binding has come, in the order and words of kube-scheduler's checkBindings.
#include "scheduling/volumes/bind_progress.h"

#include <gtest/gtest.h>

#include "testing/builders/node_builder.h"
#include "testing/builders/storage_builder.h"
#include "testing/scheduling/storage_events.h"

namespace stowage::testing {
namespace {

using scheduling::BindProgress;
using scheduling::BindTarget;
using scheduling::StorageState;
using State = BindProgress::State;

const BindTarget kStatic{{"default", "data"}, "pv", "10"};
const BindTarget kMade{{"default", "data"}, {}, "10"};

struct Look {
  StorageState state;
  template <typename... Objects>
  explicit Look(const Objects&... objects) {
    (state.apply(seen(objects)), ...);
  }
  [[nodiscard]] BindProgress at(const BindTarget& target) const {
    const kubeapi::NodePtr node = makeNode("n").label("zone", "a");
    return scheduling::bindProgress(state, {target}, {node->meta.name, node->meta.labels, nullptr});
  }
};

VolumeBuilder claimedVolume() {
  return makeVolume("pv").version("10").claimedBy("default", "data", "uid-data");
}

TEST(BindProgress, OfAVolumeThatWasChosen) {
  EXPECT_EQ(Look(claimedVolume(), makeClaim("data")).at(kStatic).state, State::kPending);
  EXPECT_EQ(Look(claimedVolume(), makeClaim("data").boundTo("pv")).at(kStatic).state,
            State::kBound);
  EXPECT_EQ(Look(makeVolume("pv").version("9"), makeClaim("data")).at(kStatic).state,
            State::kPending)
      << "an older version says nothing";
  EXPECT_EQ(Look(makeClaim("data")).at(kStatic).why,
            "failed to check binding: persistentvolumes \"pv\" not found");
  EXPECT_EQ(Look(claimedVolume()).at(kStatic).why,
            "failed to check binding: persistentvolumeclaims \"default/data\" not found");
  EXPECT_EQ(Look(makeVolume("pv").version("11"), makeClaim("data")).at(kStatic).why,
            "ClaimRef got reset for pv \"pv\"");
  EXPECT_EQ(Look(claimedVolume().usableFrom("zone", {"b"}), makeClaim("data")).at(kStatic).why,
            "pv \"pv\" node affinity doesn't match node \"n\": no matching NodeSelectorTerms");
}

TEST(BindProgress, OfAVolumeThatIsBeingMade) {
  const auto claim = [] { return makeClaim("data").version("10").selectedNode("n"); };
  EXPECT_EQ(Look(claim()).at(kMade).state, State::kPending);
  EXPECT_EQ(Look(makeClaim("data").version("9")).at(kMade).state, State::kPending);
  EXPECT_EQ(Look(makeClaim("data").version("11")).at(kMade).why,
            "provisioning failed for PVC \"data\"");
  EXPECT_EQ(Look(makeClaim("data").version("11").selectedNode("other")).at(kMade).why,
            "provisioning failed for PVC \"data\"");
  EXPECT_EQ(Look().at(kMade).why,
            "failed to check provisioning pvc: persistentvolumeclaims \"default/data\" not found");
  EXPECT_EQ(Look(claim().boundTo("pv")).at(kMade).state, State::kPending)
      << "the volume's own event is still on the way";
  EXPECT_EQ(Look(claim().boundTo("pv"), makeVolume("pv")).at(kMade).state, State::kBound);
  EXPECT_EQ(Look(claim().asksFor("pv"), makeVolume("pv")).at(kMade).state, State::kPending);
  EXPECT_EQ(Look(claim().boundTo("pv"), makeVolume("pv").usableFrom("zone", {"b"})).at(kMade).state,
            State::kFailed);
}

TEST(BindProgress, AssumptionsAreNotBelieved) {
  StorageState state;
  state.apply(seen(makeVolume("pv").version("10")));
  state.apply(seen(makeClaim("data")));
  state.assumeClaimed("pv", {"default", "data", "uid-data"}, "pod");
  const kubeapi::NodePtr node = makeNode("n");
  const auto progress =
      scheduling::bindProgress(state, {kStatic}, {node->meta.name, node->meta.labels, nullptr});
  EXPECT_EQ(progress.why, "ClaimRef got reset for pv \"pv\"");
}

TEST(BindProgress, VersionsAreNumbersOfAnyLength) {
  EXPECT_TRUE(scheduling::olderVersion("9", "10"));
  EXPECT_FALSE(scheduling::olderVersion("10", "9"));
  EXPECT_FALSE(scheduling::olderVersion("10", "10"));
  EXPECT_TRUE(scheduling::olderVersion("99999999999999999999", "100000000000000000000"));
}

}  // namespace
}  // namespace stowage::testing
