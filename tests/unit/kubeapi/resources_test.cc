// Requests of pods and allocatable of nodes as kube-scheduler v1.36 counts them.
#include "kubeapi/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::makeNode;
using testing::makePod;
using testing::PodBuilder;
using testing::resources;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMi = 1 << 20;
constexpr std::int64_t kDefaultMemory = 200 * kMi;

using Amount = std::pair<Symbol, std::int64_t>;

ResourceAmounts specAmounts(const PodBuilder& pod) {
  return podRequests(*pod.build(), RequestSource::kSpec).amounts;
}

TEST(PodRequests, SumOverContainersRoundsOnceAtTheEnd) {
  EXPECT_THAT(specAmounts(makePod("a")), IsEmpty());
  EXPECT_THAT(specAmounts(makePod("a").cpu("100m").memory("1Mi").container("b").cpu("0.2")),
              ElementsAre(Amount("cpu", 300), Amount("memory", kMi)));
  // Three times half a milli-core is 1.5, counted as 2; not three times 1.
  EXPECT_THAT(
      specAmounts(makePod("a").cpu("500u").container("b").cpu("500u").container("c").cpu("500u")),
      ElementsAre(Amount("cpu", 2)));
  EXPECT_THAT(specAmounts(makePod("a").memory("1500m")), ElementsAre(Amount("memory", 2)));
}

TEST(PodRequests, PlainInitContainersCountByTheirPeak) {
  EXPECT_THAT(specAmounts(makePod("a")
                              .cpu("1")
                              .memory("2Mi")
                              .initContainer("i1")
                              .cpu("3")
                              .initContainer("i2")
                              .memory("5Mi")),
              ElementsAre(Amount("cpu", 3000), Amount("memory", 5 * kMi)));
}

TEST(PodRequests, SidecarsAddToContainersAndToLaterInitContainers) {
  // main 1 + sidecars 2 = 3; init before the sidecar: 4; init after it: 2 + 3 = 5.
  EXPECT_THAT(
      specAmounts(makePod("a").cpu("1").initContainer("early").cpu("4").sidecar("s").cpu("2")),
      ElementsAre(Amount("cpu", 4000)));
  EXPECT_THAT(
      specAmounts(makePod("a").cpu("1").sidecar("s").cpu("2").initContainer("late").cpu("3")),
      ElementsAre(Amount("cpu", 5000)));
  EXPECT_THAT(specAmounts(makePod("a").cpu("1").sidecar("s1").cpu("2").sidecar("s2").cpu("4")),
              ElementsAre(Amount("cpu", 7000)));
}

TEST(PodRequests, PodLevelReplacesContainersForItsResourcesOnly) {
  EXPECT_THAT(specAmounts(makePod("a")
                              .cpu("1")
                              .memory("1Mi")
                              .request("example.com/gpu", "1")
                              .podLevel("cpu", "500m")
                              .podLevel("hugepages-2Mi", "4Mi")
                              .podLevel("example.com/gpu", "7")),
              ElementsAre(Amount("cpu", 500), Amount("example.com/gpu", 1),
                          Amount("hugepages-2Mi", 4 * kMi), Amount("memory", kMi)));
}

TEST(PodRequests, OverheadIsAddedToEitherForm) {
  EXPECT_THAT(specAmounts(makePod("a").cpu("1").overhead("cpu", "250m").overhead("memory", "1Mi")),
              ElementsAre(Amount("cpu", 1250), Amount("memory", kMi)));
  EXPECT_THAT(specAmounts(makePod("a").cpu("1").podLevel("cpu", "2").overhead("cpu", "250m")),
              ElementsAre(Amount("cpu", 2250)));
}

TEST(PodRequests, NamesThatAreNoNodeResourceAreLeftOut) {
  EXPECT_THAT(specAmounts(makePod("a")
                              .request("storage", "1Gi")
                              .request("pods", "5")
                              .request("requests.cpu", "5")
                              .request("foo", "1")
                              .request("ephemeral-storage", "7")
                              .request("hugepages-1Gi", "1Gi")
                              .request("attachable-volumes-csi-x", "2")
                              .request("x.kubernetes.io/y", "3")
                              .request("nvidia.com/gpu", "4")),
              ElementsAre(Amount("attachable-volumes-csi-x", 2), Amount("ephemeral-storage", 7),
                          Amount("hugepages-1Gi", 1 << 30), Amount("nvidia.com/gpu", 4),
                          Amount("x.kubernetes.io/y", 3)));
}

TEST(PodRequests, SumsSaturateAndNegativeAmountsCountAsNothing) {
  EXPECT_THAT(specAmounts(makePod("a").memory("9e18").container("b").memory("9e18")),
              ElementsAre(Amount("memory", kMax)));
  EXPECT_THAT(specAmounts(makePod("a").cpu("1e100").container("b").cpu("1n")),
              ElementsAre(Amount("cpu", kMax)));
  EXPECT_THAT(specAmounts(makePod("a").cpu("-5").memory("0")), IsEmpty());
}

TEST(PodRequests, NonZeroFillsOnlyWhatAContainerDoesNotName) {
  struct Row {
    const char* what;
    PodBuilder pod;
    std::int64_t cpu;
    std::int64_t memory;
  };
  const Row rows[] = {
      {"nothing named", makePod("a"), 100, kDefaultMemory},
      {"two containers", makePod("a").container("b"), 200, 2 * kDefaultMemory},
      {"explicit zero stays", makePod("a").cpu("0").memory("0"), 0, 0},
      {"one of two", makePod("a").cpu("1").container("b").memory("1Mi"), 1100, 201 * kMi},
      {"init container peak", makePod("a").cpu("50m").initContainer("i"), 100, kDefaultMemory},
      {"sidecar", makePod("a").cpu("50m").sidecar("s"), 150, 2 * kDefaultMemory},
      {"overhead on top", makePod("a").overhead("cpu", "1"), 1100, kDefaultMemory},
      {"pod level names cpu", makePod("a").podLevel("cpu", "1"), 1000, kDefaultMemory},
      {"pod level names both", makePod("a").podLevel("cpu", "0").podLevel("memory", "0"), 0, 0},
      {"pod level of another resource", makePod("a").podLevel("hugepages-2Mi", "2Mi"), 100,
       kDefaultMemory},
      {"pod level, container names memory", makePod("a").memory("1Mi").podLevel("cpu", "1"), 1000,
       kMi},
  };
  for (const Row& row : rows) {
    const PodRequests requests = podRequests(*row.pod.build(), RequestSource::kSpec);
    EXPECT_EQ(requests.non_zero_cpu, row.cpu) << row.what;
    EXPECT_EQ(requests.non_zero_memory, row.memory) << row.what;
  }
}

ContainerStatus status(const char* name, const char* actuated, const char* allocated) {
  ContainerStatus result;
  result.name = name;
  result.has_resources = actuated != nullptr;
  if (actuated != nullptr) result.resource_requests = resources({{"cpu", actuated}});
  if (allocated != nullptr) result.allocated_resources = resources({{"cpu", allocated}});
  return result;
}

std::int64_t cpuOf(const Pod& pod, RequestSource source) {
  const PodRequests requests = podRequests(pod, source);
  return requests.amounts.empty() ? 0 : requests.amounts.front().second;
}

TEST(PodRequests, PlacedPodsCountTheLargestOfSpecActuatedAndAllocated) {
  struct Row {
    const char* what;
    const char* actuated;
    const char* allocated;
    const char* resize_reason;
    std::int64_t placed;
  };
  for (const Row& row : {Row{"spec is largest", "1", "1", nullptr, 2000},
                         Row{"actuated is largest", "5", "3", nullptr, 5000},
                         Row{"allocated is largest", "1", "4", nullptr, 4000},
                         Row{"status without resources", nullptr, "9", nullptr, 2000},
                         Row{"infeasible ignores the spec", "1", "500m", "Infeasible", 1000},
                         Row{"deferred does not", "1", "1", "Deferred", 2000}}) {
    PodBuilder pod = makePod("a").cpu("2").node("n1");
    if (row.resize_reason != nullptr) pod.condition("PodResizePending", "True", row.resize_reason);
    pod.edit().status.container_statuses = {status("main", row.actuated, row.allocated)};
    EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpecOrStatus), row.placed) << row.what;
    EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpec), 2000) << row.what;
  }
}

TEST(PodRequests, OfInitContainersOnlySidecarsLookAtTheirStatus) {
  PodBuilder pod = makePod("a").cpu("1").sidecar("side").cpu("1").initContainer("once").cpu("1");
  pod.edit().status.init_container_statuses = {status("side", "3", "3"), status("once", "9", "9")};
  // main 1 + sidecar 3 = 4; init peak: 3 + 1 = 4.
  EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpecOrStatus), 4000);
}

TEST(PodRequests, PodLevelResizeOfPlacedPods) {
  PodBuilder pod = makePod("a").cpu("1").podLevel("cpu", "2");
  pod.edit().status.pod_requests = resources({{"cpu", "3"}});
  pod.edit().status.pod_allocated_resources = resources({{"cpu", "4"}});
  EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpecOrStatus), 4000);
  EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpec), 2000);
  pod.edit().status.pod_allocated_resources.reset();
  EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpecOrStatus), 3000);
  pod.edit().status.pod_requests.reset();
  EXPECT_EQ(cpuOf(*pod.build(), RequestSource::kSpecOrStatus), 2000);
}

TEST(NodeAllocatable, KeepsWhatTheSchedulerKeeps) {
  const NodePtr node = makeNode("n")
                           .cpu("3920m")
                           .memory("1.5Gi")
                           .allocatable("ephemeral-storage", "1e3")
                           .allocatable("nvidia.com/gpu", "8")
                           .allocatable("hugepages-2Mi", "0")
                           .allocatable("storage", "5")
                           .allocatable("cpu.example", "5");
  EXPECT_THAT(nodeAllocatable(*node),
              ElementsAre(Amount("cpu", 3920), Amount("ephemeral-storage", 1000),
                          Amount("hugepages-2Mi", 0), Amount("memory", 1610612736),
                          Amount("nvidia.com/gpu", 8), Amount("pods", 110)));
  const NodePtr fine = makeNode("n").cpu("1500u").memory("-1");
  EXPECT_THAT(nodeAllocatable(*fine),
              ElementsAre(Amount("cpu", 2), Amount("memory", 0), Amount("pods", 110)));
}

TEST(ResourceNames, ExtendedAndScalar) {
  struct Row {
    std::string name;
    bool extended;
    bool scalar;
  };
  const Row rows[] = {
      {"cpu", false, false},
      {"memory", false, false},
      {"foo", false, false},
      {"", false, false},
      {"example.com/foo", true, true},
      {"example.com/Foo_1.x", true, true},
      {"kubernetes.io/foo", false, true},
      {"sub.kubernetes.io/foo", false, true},
      {"hugepages-2Mi", false, true},
      {"attachable-volumes-aws-ebs", false, true},
      {"requests.example.com/foo", false, false},
      {"Example.com/foo", false, false},
      {"example.com/", false, false},
      {"/foo", false, false},
      {"a/b/c", false, false},
      {"example.com/-foo", false, false},
      {"example.com/" + std::string(63, 'x'), true, true},
      {"example.com/" + std::string(64, 'x'), false, false},
      // "requests." + the prefix must still be a subdomain of at most 253 bytes.
      {std::string(244, 'p') + "/x", true, true},
      {std::string(245, 'p') + "/x", false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(isExtendedResource(row.name), row.extended) << row.name;
    EXPECT_EQ(isScalarResource(row.name), row.scalar) << row.name;
  }
}

TEST(HostPorts, OfContainersAndSidecarsWithDefaultsFilledIn) {
  const PodPtr pod = makePod("a")
                         .hostPort(80)
                         .hostPort(80)
                         .hostPort(53, "UDP", "10.0.0.1")
                         .hostPort(0)
                         .hostPort(81, "")
                         .initContainer("once")
                         .hostPort(1)
                         .sidecar("side")
                         .hostPort(2);
  EXPECT_THAT(hostPorts(*pod),
              ElementsAre(HostPort{"0.0.0.0", "TCP", 2}, HostPort{"0.0.0.0", "TCP", 80},
                          HostPort{"0.0.0.0", "TCP", 81}, HostPort{"10.0.0.1", "UDP", 53}));
}

TEST(HostPorts, ConflictNeedsTheSameProtocolPortAndAnOverlappingAddress) {
  struct Row {
    HostPort a;
    HostPort b;
    bool expected;
  };
  for (const Row& row : {Row{{"0.0.0.0", "TCP", 80}, {"0.0.0.0", "TCP", 80}, true},
                         Row{{"0.0.0.0", "TCP", 80}, {"10.0.0.1", "TCP", 80}, true},
                         Row{{"10.0.0.1", "TCP", 80}, {"10.0.0.1", "TCP", 80}, true},
                         Row{{"10.0.0.1", "TCP", 80}, {"10.0.0.2", "TCP", 80}, false},
                         Row{{"0.0.0.0", "TCP", 80}, {"0.0.0.0", "UDP", 80}, false},
                         Row{{"0.0.0.0", "TCP", 80}, {"0.0.0.0", "TCP", 81}, false},
                         Row{{"::", "TCP", 80}, {"10.0.0.1", "TCP", 80}, false},
                         Row{{"::", "TCP", 80}, {"0.0.0.0", "TCP", 80}, true}}) {
    const std::string what = row.a.ip.str() + "/" + row.a.protocol.str() + " and " + row.b.ip.str();
    EXPECT_EQ(conflicts(row.a, row.b), row.expected) << what;
    EXPECT_EQ(conflicts(row.b, row.a), row.expected) << what;
  }
}

TEST(SaturatingArithmetic, StopsAtTheLimits) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(saturatingAdd(kMax, 1), kMax);
  EXPECT_EQ(saturatingAdd(kMin, -1), kMin);
  EXPECT_EQ(saturatingAdd(2, -3), -1);
  EXPECT_EQ(saturatingSub(kMin, 1), kMin);
  EXPECT_EQ(saturatingSub(kMax, -1), kMax);
  EXPECT_EQ(saturatingSub(0, kMin), kMax);
  EXPECT_EQ(saturatingSub(5, 7), -2);
}

}  // namespace
}  // namespace stowage::kubeapi
