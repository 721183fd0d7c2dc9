// The labels of news, and that one in ten is measured.
#include "scheduling/event_times.h"

#include <gtest/gtest.h>

#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using namespace scheduling;

TEST(EventTimes, PodsAreLabelledByWhereTheyAre) {
  const kubeapi::PodPtr waiting = makePod("p");
  const kubeapi::PodPtr bound = makePod("p").node("a");
  EXPECT_EQ(eventLabel(PodChange{nullptr, waiting}), "UnscheduledPodAdd");
  EXPECT_EQ(eventLabel(PodChange{waiting, waiting}), "UnscheduledPodUpdate");
  EXPECT_EQ(eventLabel(PodRemoval{waiting}), "UnscheduledPodDelete");
  EXPECT_EQ(eventLabel(PodChange{waiting, bound}), "AssignedPodAdd");
  EXPECT_EQ(eventLabel(PodChange{bound, bound}), "AssignedPodUpdate");
  EXPECT_EQ(eventLabel(PodRemoval{bound}), "AssignedPodDelete");
}

TEST(EventTimes, ObjectsAreLabelledByKindAndWhatBecameOfThem) {
  const kubeapi::NodePtr node = makeNode("a");
  EXPECT_EQ(eventLabel(NodeChangeNews{nullptr, node}), "NodeAdd");
  EXPECT_EQ(eventLabel(NodeChangeNews{node, node}), "NodeUpdate");
  EXPECT_EQ(eventLabel(NodeRemoval{node}), "NodeDelete");
  const auto claim = std::make_shared<const kubeapi::PersistentVolumeClaim>();
  using Claim = ObjectChange<kubeapi::PersistentVolumeClaim>;
  EXPECT_EQ(eventLabel(StorageChange(Claim{nullptr, claim})), "PersistentVolumeClaimAdd");
  EXPECT_EQ(eventLabel(StorageChange(Claim{claim, nullptr})), "PersistentVolumeClaimDelete");
  const auto attachment = std::make_shared<const kubeapi::VolumeAttachment>();
  EXPECT_EQ(
      eventLabel(StorageChange(ObjectChange<kubeapi::VolumeAttachment>{attachment, attachment})),
      "storage.k8s.io/VolumeAttachmentUpdate");
}

TEST(EventTimes, WhatIsNoObjectOrHasNoneIsNotLabelled) {
  EXPECT_EQ(eventLabel(CachesSynced{}), "");
  EXPECT_EQ(eventLabel(PodChange{}), "");
  EXPECT_EQ(eventLabel(PodRemoval{}), "");
}

TEST(EventTimes, OneInTenIsMeasuredAndAllAreTaken) {
  base::ManualClock clock;
  RecordingMetricSink metrics;
  EventTimes times(metrics, clock);
  const News news = NodeRemoval{makeNode("a")};
  int taken = 0;
  for (int i = 0; i < 25; ++i) {
    times.measure(news, [&] {
      ++taken;
      clock.advance(2ms);
    });
  }
  EXPECT_EQ(taken, 25);
  EXPECT_EQ(metrics.value("scheduler_event_handling_duration_seconds", "event=NodeDelete"), 2);
  EXPECT_EQ(metrics.value("scheduler_event_handling_duration_seconds", "event=NodeAdd"), 0);
}

}  // namespace
}  // namespace stowage::testing
