// ImageLocality on whole pods. Expected scores were computed by kube-scheduler v1.36.3's own plugin
// on the same five nodes.
#include "scheduling/plugins/image_locality/image_locality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "scheduling/cache/cluster_cache.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using scheduling::ClusterCache;
using scheduling::fullImageName;
using scheduling::ImageLocality;
using scheduling::Shape;
using ::testing::ElementsAre;

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;

NodeBuilder withImage(NodeBuilder node, std::vector<base::Symbol> names, std::int64_t bytes) {
  node.edit().images.push_back({std::move(names), bytes});
  return node;
}

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

std::unique_ptr<Shape> shapeOf(const kubeapi::Pod& pod) {
  return std::make_unique<Shape>(scheduling::shapeSpecOf(pod, true));
}

// Five nodes: two with app and one of them with side, two with big, one with data, one with tiny.
class FiveNodes : public ::testing::Test {
 protected:
  void SetUp() override {
    set(withImage(withImage(roomy("a"), {"reg.io/app:1", "reg.io/app@sha256:1"}, 300 * kMegabyte),
                  {"side:latest"}, 40 * kMegabyte));
    set(withImage(withImage(roomy("b"), {"reg.io/app:1"}, 300 * kMegabyte), {"big:2"},
                  3000 * kMegabyte));
    set(withImage(roomy("c"), {"reg.io/data:latest"}, 777777777));
    set(roomy("d"));
    set(withImage(withImage(roomy("e"), {"big:2"}, 3000 * kMegabyte), {"tiny:1"}, 1));
  }
  void set(const kubeapi::NodePtr& node) { cache_.setNode(node); }
  std::vector<std::int64_t> scores(const kubeapi::Pod& pod) {
    const auto shape = shapeOf(pod);
    std::vector<std::int64_t> all;
    for (placement::NodeIndex node = 0; node < cache_.nodeCount(); ++node) {
      all.push_back(plugin_.score(*shape, cache_.view(cache_.nodeAt(node))));
    }
    return all;
  }

  ClusterCache cache_;
  ImageLocality plugin_{cache_};
};

struct Case {
  std::vector<std::string> init;
  std::vector<std::string> main;
  std::vector<std::string> volumes;
  std::vector<std::int64_t> want;
};

kubeapi::PodPtr podOf(const Case& c) {
  kubeapi::Pod pod;
  for (const std::string& image : c.init) pod.spec.init_containers.emplace_back().image = image;
  for (const std::string& image : c.main) pod.spec.containers.emplace_back().image = image;
  for (const std::string& image : c.volumes) {
    kubeapi::PodVolume& volume = pod.spec.volumes.emplace_back();
    volume.kind = kubeapi::PodVolume::Kind::kImage;
    volume.handle = image;
  }
  return std::make_shared<const kubeapi::Pod>(std::move(pod));
}

TEST_F(FiveNodes, ScoreAsUpstream) {
  const std::vector<Case> cases = {
      {{}, {"reg.io/app:1"}, {}, {9, 9, 0, 0, 0}},
      {{}, {"side"}, {}, {0, 0, 0, 0, 0}},
      {{"reg.io/app@sha256:1"}, {"side:latest", "reg.io/app:1"}, {}, {5, 3, 0, 0, 0}},
      {{}, {"big:2"}, {}, {0, 100, 0, 0, 100}},
      {{}, {"big:2", "big:2"}, {"reg.io/data"}, {0, 100, 6, 0, 100}},
      {{}, {"tiny:1"}, {"reg.io/data:latest"}, {0, 0, 12, 0, 0}},
      {{}, {"nowhere"}, {}, {0, 0, 0, 0, 0}},
      {{"big:2"}, {"big:2", "big:2", "big:2"}, {}, {0, 100, 0, 0, 100}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(scores(*podOf(c)), c.want) << ::testing::PrintToString(c.main);
  }
}

TEST_F(FiveNodes, AnImageKeepsTheSizeOfTheFirstNodeUntilTheLastOneIsGone) {
  const base::Symbol big("big:2");
  set(withImage(roomy("d"), {"big:2"}, 5));
  EXPECT_EQ(cache_.images().find(big)->bytes, 3000 * kMegabyte);
  EXPECT_EQ(cache_.images().find(big)->nodes, 3U);
  cache_.removeNode("b");
  cache_.removeNode("e");
  EXPECT_EQ(cache_.images().find(big)->bytes, 3000 * kMegabyte);
  set(withImage(roomy("d"), {"big:2"}, 6));
  EXPECT_EQ(cache_.images().find(big)->bytes, 6) << "its only node says so";
  set(roomy("d"));
  EXPECT_EQ(cache_.images().find(big), nullptr);
}

TEST_F(FiveNodes, ScoresAreVoidOnlyWhenTheyCouldHaveChanged) {
  const auto app = shapeOf(*podOf({{}, {"reg.io/app:1"}, {}, {}}));
  const auto nowhere = shapeOf(*podOf({{}, {"nowhere"}, {}, {}}));
  const auto before = plugin_.epoch(*app);
  const auto before_nowhere = plugin_.epoch(*nowhere);
  set(withImage(roomy("d"), {"other:1"}, 7));
  EXPECT_EQ(plugin_.epoch(*app), before) << "an image that the pod does not use";
  set(withImage(withImage(roomy("d"), {"other:1"}, 7), {"reg.io/app:1"}, 9));
  const auto more = plugin_.epoch(*app);
  EXPECT_NE(more, before) << "one more node has it";
  set(roomy("f"));
  EXPECT_NE(plugin_.epoch(*app), more) << "the same number of more nodes";
  EXPECT_EQ(plugin_.epoch(*nowhere), before_nowhere) << "worth nothing whatever happens";
  const auto six = plugin_.epoch(*app);
  set(roomy("a"));
  EXPECT_NE(plugin_.epoch(*app), six) << "one node less has it";
}

TEST_F(FiveNodes, NothingOfGoneNodesStays) {
  EXPECT_EQ(cache_.images().size(), 6U);
  for (const char* name : {"a", "b", "c", "d", "e"}) cache_.removeNode(name);
  EXPECT_EQ(cache_.images().size(), 0U);
}

TEST_F(FiveNodes, ANameThatANodeListsTwiceCountsOnce) {
  set(withImage(withImage(roomy("d"), {"x:1", "x:1"}, 5), {"x:1"}, 7));
  EXPECT_EQ(cache_.images().find("x:1")->nodes, 1U);
  EXPECT_EQ(cache_.images().find("x:1")->bytes, 5);
}

TEST_F(FiveNodes, WhatANodeMakesUpIsBounded) {
  NodeBuilder node = roomy("d");
  for (std::size_t i = 0; i < 2 * scheduling::ImageStates::kMaxNames; ++i) {
    node = withImage(std::move(node), {"x:" + std::to_string(i), ""}, -1);
  }
  set(node);
  EXPECT_EQ(cache_.images().size(), 6 + scheduling::ImageStates::kMaxNames);
  EXPECT_EQ(cache_.images().find("x:0")->bytes, 0);
}

TEST(PodImages, AreNamedInFull) {
  EXPECT_EQ(fullImageName("app"), "app:latest");
  EXPECT_EQ(fullImageName("app:1"), "app:1");
  EXPECT_EQ(fullImageName("reg:5000/app"), "reg:5000/app:latest");
  EXPECT_EQ(fullImageName("reg:5000/app:1"), "reg:5000/app:1");
  EXPECT_EQ(fullImageName("app@sha256:ab"), "app@sha256:ab");
  EXPECT_EQ(fullImageName(""), ":latest");
}

TEST(PodImages, AreCountedAndBounded) {
  const auto images = scheduling::podImages(*podOf({{"a"}, {"b:1", "a:latest"}, {"c"}, {}}));
  using Entry = std::pair<base::Symbol, std::uint32_t>;
  EXPECT_THAT(images.images,
              ElementsAre(Entry("a:latest", 2), Entry("b:1", 1), Entry("c:latest", 1)));
  EXPECT_EQ(images.containers, 3U);
  Case hostile;
  for (int i = 0; i < 5000; ++i) hostile.main.push_back("x" + std::to_string(i));
  EXPECT_EQ(scheduling::podImages(*podOf(hostile)).images.size(), scheduling::kMaxPodImages);
}

HarnessOptions byImages() {
  HarnessOptions options;
  options.profile.scores = {{"ImageLocality", 1}};
  return options;
}

// The harness compares every cached score with one computed anew.
TEST(ImageLocality, PodsFollowTheirImageAsItSpreads) {
  SchedulerHarness h(byImages());
  for (const char* name : {"a", "b", "c"}) h.add(roomy(name));
  h.add(makePod("first").image("app:1"));
  h.settle();
  EXPECT_EQ(h.boundTo("first"), "a") << "no node has it";
  h.scheduler->nodeUpdated(nullptr, withImage(roomy("c"), {"app:1"}, 900 * kMegabyte));
  h.add(makePod("second").image("app:1"));
  h.add(makePod("other").image("other:1"));
  h.settle();
  EXPECT_EQ(h.boundTo("second"), "c");
  EXPECT_EQ(h.boundTo("other"), "a");
  h.scheduler->nodeUpdated(nullptr, withImage(roomy("b"), {"app:1"}, 900 * kMegabyte));
  h.add(makePod("third").image("app:1"));
  h.settle();
  EXPECT_EQ(h.boundTo("third"), "b") << "equal, the first of them";
  h.scheduler->nodeUpdated(nullptr, roomy("b"));
  h.scheduler->nodeDeleted(roomy("a"));
  h.add(makePod("fourth").image("app:1"));
  h.settle();
  EXPECT_EQ(h.boundTo("fourth"), "c");
}

TEST(ImageLocality, ImagesSplitShapesOnlyWhereTheyAreScored) {
  const auto a = scheduling::shapeSpecOf(*makePod("p").image("a").build());
  const auto b = scheduling::shapeSpecOf(*makePod("p").image("b").build());
  EXPECT_EQ(a, b);
  EXPECT_FALSE(scheduling::shapeSpecOf(*makePod("p").image("a").build(), true) ==
               scheduling::shapeSpecOf(*makePod("p").image("b").build(), true));
}

}  // namespace
}  // namespace stowage::testing
