#include "statefulgroup/plan/settling.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "kubeapi/decode.h"

namespace stowage::statefulgroup {
namespace {

using kubeapi::MemberPod;
using ::testing::HasSubstr;
using Kind = Settling::Kind;
using std::chrono::seconds;

const base::WallTime kNow = *base::parseTime("2026-01-02T00:01:00Z");

MemberPod pod(const std::string& statuses, const std::string& more = "",
              const std::string& resources = R"({"requests":{"cpu":"1","memory":"1Gi"}})") {
  kubeapi::Decoder<MemberPod> decoder;
  const auto decoded = decoder.object(
      R"({"metadata":{"name":"db-0-0","generation":3},"spec":{"containers":[{"name":"c","resources":)" +
      resources + R"(}]},"status":{"phase":"Running","containerStatuses":[)" + statuses + "]" +
      more + "}}");
  EXPECT_TRUE(decoded.has_value()) << decoded.error().toString();
  return **decoded;
}

Operation operation(OperationKind kind, std::vector<ContainerMark> was = {}) {
  return {"id", kind, "db-r", kNow - seconds(30), std::move(was)};
}

Settling imageChange(const std::string& status, int min_ready = 0, const std::string& more = "") {
  return settlingOf(pod(status, more), operation(OperationKind::kInPlace, {{"c", "c1", "i1", 2}}),
                    min_ready, kNow);
}

Settling resize(const std::string& status, const std::string& more = "") {
  return settlingOf(pod(status, more), operation(OperationKind::kResize), 0, kNow);
}

std::string condition(const char* type, const char* reason) {
  return std::string(R"(,"conditions":[{"type":")") + type + R"(","status":"True","reason":")" +
         reason + R"(","message":"says the node"}])";
}

TEST(Settling, AContainerIsRestartedWhenItIsAnother) {
  const auto kind = [](const char* status) { return imageChange(status).kind; };
  const char* same = R"({"name":"c","containerID":"c1","imageID":"i1","restartCount":2})";
  EXPECT_EQ(kind(same), Kind::kRestarting);
  EXPECT_THAT(imageChange(same).what, HasSubstr("container c has not been restarted"));
  EXPECT_EQ(kind(R"({"name":"c","containerID":"c2","imageID":"i2","restartCount":3})"),
            Kind::kSettled);
  // The same image by another name; a node that counts anew.
  EXPECT_EQ(kind(R"({"name":"c","containerID":"c2","imageID":"i1","restartCount":2})"),
            Kind::kSettled);
  EXPECT_EQ(kind(R"({"name":"c","containerID":"c1","imageID":"i1","restartCount":3})"),
            Kind::kSettled);
  // Nobody tells of it.
  EXPECT_EQ(kind(R"({"name":"other","containerID":"c2"})"), Kind::kRestarting);
  // A sidecar.
  EXPECT_EQ(
      imageChange("", 0, R"(,"initContainerStatuses":[{"name":"c","containerID":"c9"}])").kind,
      Kind::kSettled);
}

// The condition of a pod without a readiness probe need not have changed.
TEST(Settling, MinReadySecondsCountFromTheRestart) {
  const char* restarted =
      R"({"name":"c","containerID":"c2","state":{"running":{"startedAt":"2026-01-02T00:00:55Z"}}})";
  EXPECT_EQ(imageChange(restarted, 5).kind, Kind::kSettled);
  const Settling early = imageChange(restarted, 8);
  EXPECT_EQ(early.kind, Kind::kRestarting);
  EXPECT_EQ(early.look_again, base::Duration(seconds(3)));
}

// A crash of the old container is none of what the node has not even seen.
TEST(Settling, WhatTheNodeHasNotSeenItHasNotDone) {
  const char* another = R"({"name":"c","containerID":"c2"})";
  EXPECT_EQ(imageChange(another, 0, R"(,"observedGeneration":2)").kind, Kind::kResizing);
  EXPECT_EQ(imageChange(another, 0, R"(,"observedGeneration":3)").kind, Kind::kSettled);
}

TEST(Settling, AResizeIsDoneWhenTheNodeSaysSo) {
  const char* old = R"({"name":"c","resources":{"requests":{"cpu":"500m","memory":"1Gi"}}})";
  const char* done = R"({"name":"c","resources":{"requests":{"cpu":"1000m","memory":"1024Mi"}}})";
  EXPECT_EQ(resize(old).kind, Kind::kResizing);
  EXPECT_EQ(resize(done).kind, Kind::kSettled);
  // One that tells nothing of amounts.
  EXPECT_EQ(resize(R"({"name":"c"})").kind, Kind::kSettled);
  EXPECT_EQ(resize(done, condition("PodResizeInProgress", "Error")).kind, Kind::kResizing);
  EXPECT_EQ(resize(old, condition("PodResizePending", "Deferred")).kind, Kind::kDeferred);
  const Settling never = resize(old, condition("PodResizePending", "Infeasible"));
  EXPECT_EQ(never.kind, Kind::kInfeasible);
  EXPECT_THAT(never.what, HasSubstr("says the node"));
}

TEST(Settling, OtherOperationsHaveNothingToSettle) {
  EXPECT_EQ(
      settlingOf(pod(""), operation(OperationKind::kUpdate, {{"c", "c1", "", 0}}), 0, kNow).kind,
      Kind::kSettled);
}

TEST(OperationRecord, IsReadAsItWasWritten) {
  for (const auto kind : {OperationKind::kUpdate, OperationKind::kScaleIn, OperationKind::kInPlace,
                          OperationKind::kResize}) {
    const Operation written = operation(kind, {{"c", "c1", "i1", 2}, {"d", "", "", 0}});
    EXPECT_EQ(decodeOperation(encodeOperation(written)), written);
  }
  // Anybody may have written it.
  for (const char* was :
       {"7", "[7]", R"([{"name":7,"restarts":"x"}])", R"([{"restarts":1e300}])"}) {
    const auto read = decodeOperation(
        R"({"id":"i","kind":"InPlace","revision":"r","start":"2026-01-02T00:00:00Z","was":)" +
        std::string(was) + "}");
    EXPECT_TRUE(read.has_value()) << was;
  }
}

}  // namespace
}  // namespace stowage::statefulgroup
