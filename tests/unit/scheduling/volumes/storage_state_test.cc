// Storage objects, their indexes, and what is assumed about them.
#include "scheduling/volumes/storage_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "testing/builders/storage_builder.h"
#include "testing/scheduling/storage_events.h"

namespace stowage::testing {
namespace {

using scheduling::ClaimKey;
using scheduling::StorageState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const ClaimKey kData{"default", "data"};
const kubeapi::ClaimReference kReference{"default", "data", "uid-data"};

TEST(StorageState, AVolumeIsFreeUntilItIsClaimed) {
  StorageState state;
  state.apply(seen(makeVolume("pv").cls("fast")));
  EXPECT_THAT(state.freeVolumes("fast"), SizeIs(1));
  state.apply(seen(makeVolume("pv").cls("fast").version("2").claimedBy("default", "data")));
  EXPECT_THAT(state.freeVolumes("fast"), IsEmpty());
  EXPECT_THAT(state.volumesFor(kData), SizeIs(1));
  state.apply(gone(makeVolume("pv")));
  EXPECT_THAT(state.volumesFor(kData), IsEmpty());
  EXPECT_EQ(state.volume("pv"), nullptr);
  EXPECT_TRUE(state.consistent());
}

TEST(StorageState, TheBetaAnnotationNamesTheClass) {
  StorageState state;
  auto volume = makeVolume("pv").cls("fast");
  volume.edit().meta.annotations.set("volume.beta.kubernetes.io/storage-class", "old");
  state.apply(seen(volume));
  EXPECT_THAT(state.freeVolumes("fast"), IsEmpty());
  EXPECT_THAT(state.freeVolumes("old"), SizeIs(1));
}

TEST(StorageState, AnAssumedVolumeIsClaimedUntilItsNextVersion) {
  StorageState state;
  state.apply(seen(makeVolume("pv").cls("fast")));
  state.assumeClaimed("pv", kReference, "uid-pod");
  EXPECT_THAT(state.freeVolumes("fast"), IsEmpty());
  EXPECT_EQ(state.volume("pv")->claim(), kReference);
  EXPECT_FALSE(state.volume("pv")->object->claim) << "what the server said stands beside it";

  state.apply(seen(makeVolume("pv").cls("fast")));
  EXPECT_EQ(state.volume("pv")->claim(), kReference) << "the same version again";
  state.apply(seen(makeVolume("pv").cls("fast").version("2")));
  EXPECT_THAT(state.freeVolumes("fast"), SizeIs(1)) << "a newer version overrules";
  EXPECT_TRUE(state.consistent());
}

TEST(StorageState, OnlyTheLastPodThatAssumedCanTakeItBack) {
  StorageState state;
  state.apply(seen(makeVolume("pv").cls("fast")));
  state.assumeClaimed("pv", kReference, "first");
  state.assumeClaimed("pv", kReference, "second");
  state.revertVolume("pv", "first");
  EXPECT_EQ(state.volume("pv")->claim(), kReference);
  state.revertVolume("pv", "second");
  EXPECT_FALSE(state.volume("pv")->claim());
  EXPECT_TRUE(state.consistent());
}

TEST(StorageState, AnAssumedNodeIsTheClaimsSelectedOne) {
  StorageState state;
  state.apply(seen(makeClaim("data")));
  EXPECT_EQ(state.claim(kData)->selectedNode(), nullptr);
  state.assumeSelected(kData, "n1", "uid-pod");
  EXPECT_EQ(*state.claim(kData)->selectedNode(), base::Symbol("n1"));
  state.revertClaim(kData, "uid-pod");
  EXPECT_EQ(state.claim(kData)->selectedNode(), nullptr);
  state.apply(seen(makeClaim("data").version("2").selectedNode("n2")));
  EXPECT_EQ(*state.claim(kData)->selectedNode(), base::Symbol("n2"));
}

TEST(StorageState, StampsTellEveryChange) {
  StorageState state;
  const auto stampOf = [&] { return state.claim(kData)->stamp; };
  state.apply(seen(makeClaim("data")));
  const auto first = stampOf();
  state.assumeSelected(kData, "n1", "uid-pod");
  const auto second = stampOf();
  EXPECT_NE(first, second);
  state.revertClaim(kData, "uid-pod");
  EXPECT_NE(stampOf(), second);

  EXPECT_EQ(state.classStamp("fast"), 0U);
  state.apply(seen(makeVolume("pv").cls("fast")));
  const auto with_volume = state.classStamp("fast");
  EXPECT_NE(with_volume, 0U);
  state.apply(seen(makeClass("fast")));
  EXPECT_NE(state.classStamp("fast"), with_volume);
  state.apply(gone(makeClass("fast")));
  state.apply(gone(makeVolume("pv").cls("fast")));
  EXPECT_EQ(state.classStamp("fast"), 0U) << "nothing is left to know of the class";
}

TEST(StorageState, KnowsWhoNamesAVolumeAndWhereItIsAttached) {
  StorageState state;
  state.apply(seen(makeClaim("data").boundTo("pv")));
  state.apply(seen(makeClaim("other").asksFor("pv")));
  EXPECT_THAT(state.claimsOn("pv"), UnorderedElementsAre(kData, ClaimKey{"default", "other"}));
  state.apply(seen(makeAttachment("a", "driver", "n1", "pv")));
  state.apply(seen(makeAttachment("b", "driver", "n2", "pv")));
  EXPECT_THAT(state.attachments("n1"), SizeIs(1));
  EXPECT_THAT(state.nodesWith("pv"), UnorderedElementsAre(base::Symbol("n1"), base::Symbol("n2")));
  state.apply(gone(makeAttachment("a", "driver", "n1", "pv")));
  EXPECT_THAT(state.nodesWith("pv"), ElementsAre(base::Symbol("n2")));
  EXPECT_THAT(state.attachments("n1"), IsEmpty());
  EXPECT_TRUE(state.consistent());
}

TEST(StorageState, TellsWhatItKnewBeforeAnEvent) {
  StorageState state;
  const kubeapi::StorageClassPtr first = makeClass("fast");
  state.apply(seen(first));
  const auto applied = state.apply(seen(makeClass("fast").waits()));
  const auto& change = std::get<scheduling::ObjectChange<kubeapi::StorageClass>>(applied);
  EXPECT_EQ(change.before, first);
  EXPECT_TRUE(change.after->wait_for_first_consumer);
}

TEST(StorageState, AnOutageIsToldOnce) {
  using scheduling::StorageKind;
  StorageState state;
  EXPECT_TRUE(state.apply(scheduling::StorageOutage{StorageKind::kCsiNodes, "forbidden"}));
  EXPECT_FALSE(state.apply(scheduling::StorageOutage{StorageKind::kCsiNodes, "still forbidden"}));
  EXPECT_EQ(state.outage(StorageKind::kCsiNodes), "still forbidden");
  EXPECT_EQ(state.outage(StorageKind::kClaims), "");
  EXPECT_TRUE(state.apply(scheduling::StorageOutage{StorageKind::kCsiNodes, ""}));
}

// Any order of events and assumptions leaves the indexes as a fresh state would build them.
TEST(StorageState, RandomHistoriesKeepTheIndexesEqualToARebuild) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    base::Rng rng(seed);
    StorageState state;
    const auto pick = [&](const char* prefix) { return prefix + std::to_string(rng.below(5)); };
    int version = 1;
    for (int step = 0; step < 400; ++step) {
      const std::string v = std::to_string(++version);
      switch (rng.below(10)) {
        case 0:
          state.apply(gone(makeVolume(pick("pv"))));
          break;
        case 1:
        case 2: {
          auto volume = makeVolume(pick("pv")).cls(pick("class")).version(v);
          if (rng.below(2) == 0) volume.claimedBy("default", pick("claim"));
          state.apply(seen(volume));
          break;
        }
        case 3: {
          auto claim = makeClaim(pick("claim")).cls(pick("class")).version(v);
          if (rng.below(2) == 0) claim.boundTo(pick("pv"));
          state.apply(seen(claim));
          break;
        }
        case 4:
          state.apply(gone(makeClaim(pick("claim"))));
          break;
        case 5: {
          const std::string volume = pick("pv");
          if (state.volume(volume) == nullptr) break;
          state.assumeClaimed(volume, {"default", pick("claim"), "u"}, pick("pod"));
          break;
        }
        case 6:
          state.revertVolume(pick("pv"), pick("pod"));
          break;
        case 7:
          if (rng.below(2) == 0) {
            state.apply(seen(makeClass(pick("class"))));
          } else {
            state.apply(gone(makeClass(pick("class"))));
          }
          break;
        case 8:
          state.apply(seen(makeAttachment(pick("att"), "d", pick("n"), pick("pv"))));
          break;
        default:
          state.apply(gone(makeAttachment(pick("att"), "d", "n0", "pv0")));
          break;
      }
      ASSERT_TRUE(state.consistent()) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace stowage::testing
