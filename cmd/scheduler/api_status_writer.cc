#include "cmd/scheduler/api_status_writer.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "cmd/scheduler/pod_paths.h"

namespace stowage::scheduler_cmd {

namespace {

using scheduling::PodStatusPatch;

constexpr base::Duration kPatchTimeout = std::chrono::seconds(15);

class StatusPatchWrite final : public k8sclient::ObjectWrite {
 public:
  StatusPatchWrite(PodStatusPatch patch, k8sclient::ApiClient& api)
      : patch_(std::move(patch)), api_(api) {}

  [[nodiscard]] base::Symbol object() const override { return patch_.pod.uid; }
  [[nodiscard]] std::string_view callType() const override { return k8sclient::kStatusPatchCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kStatusPatchRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    k8sclient::CallOptions options;
    options.timeout = kPatchTimeout;
    options.lane = k8sclient::CallOptions::Lane::kFast;
    auto answer = api_.patch(podPath(patch_.pod, "status"), k8sclient::PatchType::kStrategicMerge,
                             statusPatchBody(patch_), options, stop);
    return answer ? base::Status() : answer.error().toStatus();
  }

  // The newer condition stands; a nomination that only the older one spoke of is kept.
  void absorb(const k8sclient::ObjectWrite& older) override {
    const auto* before = dynamic_cast<const StatusPatchWrite*>(&older);
    if (before != nullptr && !patch_.nominated_node) {
      patch_.nominated_node = before->patch_.nominated_node;
    }
  }

  void finished(k8sclient::WriteEnd end, const base::Status& status) override {
    if (end != k8sclient::WriteEnd::kExecuted || status.ok()) return;
    // A pod that is gone needs no condition; everything else is said again at the next attempt.
    if (status.code() == base::Code::kNotFound || status.code() == base::Code::kConflict) return;
    base::log().warn(
        "could not write a pod's condition",
        {{"pod", patch_.pod.ns.str() + "/" + patch_.pod.name.str()}, {"error", status.toString()}});
  }

 private:
  PodStatusPatch patch_;
  k8sclient::ApiClient& api_;
};

}  // namespace

std::string statusPatchBody(const PodStatusPatch& patch) {
  std::string body = R"({"metadata":{"uid":)";
  base::appendJsonString(body, patch.pod.uid.view());
  body += R"(},"status":{)";
  if (patch.nominated_node) {
    body += R"("nominatedNodeName":)";
    // null removes the field: a merge patch cannot set it to absent otherwise.
    if (patch.nominated_node->empty()) {
      body += "null";
    } else {
      base::appendJsonString(body, *patch.nominated_node);
    }
    if (!patch.condition_type.empty()) body += ",";
  }
  if (!patch.condition_type.empty()) {
    body += R"("conditions":[{"type":)";
    base::appendJsonString(body, patch.condition_type);
    body += R"(,"status":)";
    base::appendJsonString(body, patch.status);
    body += R"(,"reason":)";
    base::appendJsonString(body, patch.reason);
    body += R"(,"message":)";
    base::appendJsonString(body, patch.message);
    body += R"(,"lastProbeTime":null,"lastTransitionTime":")" +
            base::formatTime(patch.last_transition_time) + "\"";
    if (patch.observed_generation != 0) {
      body += ",\"observedGeneration\":" + std::to_string(patch.observed_generation);
    }
    body += "}]";
  }
  body += "}}";
  return body;
}

ApiStatusWriter::ApiStatusWriter(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api,
                                 base::MetricSink& metrics)
    : dispatcher_(dispatcher),
      api_(api),
      dropped_(metrics.counter("stowage_status_patches_dropped_total",
                               "Pod status patches dropped because too many waited.", {})) {}

void ApiStatusWriter::patchStatus(const PodStatusPatch& patch) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  if (dispatcher_.submit(std::make_unique<StatusPatchWrite>(patch, api_)) == Submitted::kFull) {
    dropped_.increment();
  }
}

}  // namespace stowage::scheduler_cmd
