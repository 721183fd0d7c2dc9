// What is not built yet is refused by name, and never ignored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using Kind = kubeapi::PodVolume::Kind;

constexpr std::string_view kNotSupported = " is not supported by this version of stowage-scheduler";

kubeapi::PodPtr with(const std::function<void(kubeapi::Pod&)>& change) {
  auto builder = makePod("p");
  change(builder.edit());
  return builder.build();
}

kubeapi::PodPtr withVolume(Kind kind) {
  return with([&](kubeapi::Pod& pod) {
    kubeapi::PodVolume volume;
    volume.kind = kind;
    pod.spec.volumes.push_back(volume);
  });
}

struct Case {
  kubeapi::PodPtr pod;
  std::string field;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.field; }

std::vector<Case> cases() {
  return {
      {with([](kubeapi::Pod& pod) { pod.spec.affinity.pod_affinity.preferred.resize(129); }),
       "spec.affinity.podAffinity with more than 128 terms"},
      {with([](kubeapi::Pod& pod) { pod.spec.affinity.pod_anti_affinity.required.resize(129); }),
       "spec.affinity.podAntiAffinity with more than 128 terms"},
      {with([](kubeapi::Pod& pod) { pod.spec.spread.resize(129); }),
       "spec.topologySpreadConstraints with more than 128 constraints"},
      {with([](kubeapi::Pod& pod) { pod.spec.has_resource_claims = true; }), "spec.resourceClaims"},
      {with([](kubeapi::Pod& pod) { pod.spec.containers[0].has_resource_claims = true; }),
       "spec.containers[].resources.claims"},
      {with([](kubeapi::Pod& pod) { pod.spec.scheduling_group = "gang"; }), "spec.schedulingGroup"},
      {with([](kubeapi::Pod& pod) {
         auto& terms = pod.spec.affinity.node_required.emplace().terms;
         for (int i = 0; i < 1001; ++i) {
           terms.push_back({{{"k", kubeapi::SelectorOperator::kExists, {}}}, {}});
         }
       }),
       "spec.affinity.nodeAffinity with more than 1000 requirements"},
      {with([](kubeapi::Pod& pod) { pod.spec.volumes.resize(257); }),
       "spec.volumes with more than 256 claims and disks"},
  };
}

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, NamesTheFieldAndIsASchedulerError) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(GetParam().pod);
  h.settle();
  EXPECT_TRUE(h.binder.requests.empty()) << GetParam().field;
  EXPECT_EQ(h.lastCondition(), GetParam().field + std::string(kNotSupported));
  EXPECT_EQ(h.status.patches.at(0).reason, "SchedulerError")
      << "autoscalers add nodes for Unschedulable";
  EXPECT_EQ(h.scheduler->queueSizes().unschedulable, 1U) << "no retry by time";
}

INSTANTIATE_TEST_SUITE_P(Fields, Refusal, ::testing::ValuesIn(cases()));

TEST(RefusedPods, WakeWhenTheirOwnSpecIsMended) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(makePod("p").gate("hold").claim("data"));
  h.update(makePod("p").claim("data"));
  h.settle();
  ASSERT_EQ(h.scheduler->queueSizes().unschedulable, 1U);
  h.update(makePod("p"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(RefusedPods, VolumesThatNoFilterLooksAtAreNoReason) {
  for (const Kind kind : {Kind::kImage, Kind::kOtherAttachable}) {
    SchedulerHarness h;
    h.add(makeNode("n").cpu("4").memory("8Gi"));
    h.add(withVolume(kind));
    h.settle();
    EXPECT_EQ(h.boundTo("p"), "n");
  }
}

}  // namespace
}  // namespace stowage::testing
