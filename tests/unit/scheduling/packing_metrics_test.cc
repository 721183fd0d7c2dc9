#include "scheduling/packing_metrics.h"

#include <gtest/gtest.h>

#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::testing {
namespace {

using namespace scheduling;

kubeapi::PodPtr owned(const kubeapi::PodPtr& pod, const char* kind) {
  auto copy = std::make_shared<kubeapi::Pod>(*pod);
  kubeapi::OwnerReference owner;
  owner.kind = kind;
  owner.controller = true;
  copy->meta.owners.push_back(owner);
  return copy;
}

TEST(PackingMetrics, PodsThatComeWithANodeDoNotMakeItUsed) {
  ClusterCache cache;
  for (const char* name : {"a", "b", "c"}) cache.setNode(makeNode(name).cpu("4"));
  cache.setPlaced(owned(makePod("agent-a").cpu("1").node("a"), "DaemonSet"));
  cache.setPlaced(owned(makePod("proxy-b").cpu("1").node("b"), "Node"));
  cache.setPlaced(owned(makePod("web").cpu("2").node("c"), "ReplicaSet"));
  const PackingReport report = packingOf(cache);
  EXPECT_EQ(report.used.count, 1);
  EXPECT_EQ(report.empty.count, 2);
  EXPECT_EQ(report.used.allocatable[0], 4);
  EXPECT_EQ(report.used.requested[0], 2);
  EXPECT_EQ(report.empty.requested[0], 2);
  EXPECT_EQ(report.empty.requested[3], 2);
}

// An average pod asks for 2 cores and 3 Gi: "full" has cores to spare, but not the memory.
TEST(PackingMetrics, RoomIsStrandedWhereSomethingElseIsUsedUp) {
  ClusterCache cache;
  cache.setNode(makeNode("full").cpu("8").memory("6Gi"));
  cache.setNode(makeNode("roomy").cpu("8").memory("16Gi"));
  cache.setNode(makeNode("empty").cpu("8").memory("1Gi"));
  cache.setPlaced(makePod("a").cpu("2").memory("5Gi").node("full"));
  cache.setPlaced(makePod("b").cpu("2").memory("1Gi").node("roomy"));
  const PackingReport report = packingOf(cache);
  EXPECT_EQ(report.stranded[0], 6);
  EXPECT_EQ(report.stranded[1], 0);
}

TEST(PackingMetrics, AnOvercommittedNodeStrandsNothingOfWhatItLacks) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("1").memory("4Gi"));
  cache.setPlaced(makePod("a").cpu("3").memory("1Gi").node("n"));
  const PackingReport report = packingOf(cache);
  EXPECT_EQ(report.stranded[0], 0);
  EXPECT_EQ(report.stranded[1], 3.0 * 1024 * 1024 * 1024);
}

TEST(PackingMetrics, AStandbyShowsZeros) {
  RecordingMetricSink sink;
  PackingMetrics metrics(sink);
  PackingReport report;
  report.used.count = 2;
  report.stranded[1] = 5;
  metrics.show(report);
  EXPECT_EQ(sink.value("stowage_packing_nodes", "state=used"), 2);
  EXPECT_EQ(sink.value("stowage_packing_stranded", "resource=memory"), 5);
  metrics.show(PackingReport());
  EXPECT_EQ(sink.value("stowage_packing_nodes", "state=used"), 0);
  EXPECT_EQ(sink.value("stowage_packing_stranded", "resource=memory"), 0);
}

}  // namespace
}  // namespace stowage::testing
