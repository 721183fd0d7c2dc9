#include "cmd/scheduler/api_evictor.h"

#include <memory>
#include <utility>

#include "base/text.h"
#include "cmd/scheduler/api_status_writer.h"
#include "cmd/scheduler/pod_paths.h"
#include "kubeapi/decode.h"

namespace stowage::scheduler_cmd {

namespace {

using k8sclient::ApiError;
using scheduling::Eviction;
using scheduling::PodRef;
using scheduling::PodStatusPatch;
using scheduling::WriteOutcome;

constexpr base::Duration kCallTimeout = std::chrono::seconds(15);
constexpr int kMarkTries = 3;

k8sclient::CallOptions callOptions() {
  k8sclient::CallOptions options;
  options.timeout = kCallTimeout;
  options.lane = k8sclient::CallOptions::Lane::kFast;
  return options;
}

// Whether the pod is there as ever; nullopt: no answer.
enum class Presence { kThere, kLeaving, kGone };
std::optional<Presence> lookAt(k8sclient::ApiClient& api, const PodRef& pod,
                               const std::stop_token& stop) {
  auto body = api.get(podPath(pod), callOptions(), stop);
  if (!body) {
    if (body.error().code == base::Code::kNotFound) return Presence::kGone;
    return std::nullopt;
  }
  kubeapi::Decoder<kubeapi::Pod> decoder;
  auto found = decoder.object(*body);
  if (!found) return std::nullopt;
  if (!((*found)->meta.uid == pod.uid)) return Presence::kGone;
  return (*found)->meta.deletion_time ? Presence::kLeaving : Presence::kThere;
}

class NominationWrite final : public k8sclient::ObjectWrite {
 public:
  NominationWrite(PodStatusPatch patch, k8sclient::ApiClient& api,
                  const ApiEvictor::Nominated& done)
      : patch_(std::move(patch)), api_(api), done_(done) {}

  [[nodiscard]] base::Symbol object() const override { return patch_.pod.uid; }
  [[nodiscard]] std::string_view callType() const override { return k8sclient::kStatusPatchCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kStatusPatchRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    auto answer = api_.patch(podPath(patch_.pod, "status"), k8sclient::PatchType::kStrategicMerge,
                             statusPatchBody(patch_), callOptions(), stop);
    if (answer) {
      outcome_ = WriteOutcome::kDone;
      return {};
    }
    // A conflict is another uid under that name.
    const base::Code code = answer.error().code;
    const bool gone = code == base::Code::kNotFound || code == base::Code::kConflict;
    outcome_ = gone ? WriteOutcome::kGone : WriteOutcome::kFailed;
    return answer.error().toStatus();
  }

  void finished(k8sclient::WriteEnd /*end*/, const base::Status& status) override {
    done_(patch_.pod, outcome_, status.message());
  }

 private:
  const PodStatusPatch patch_;
  k8sclient::ApiClient& api_;
  const ApiEvictor::Nominated& done_;
  WriteOutcome outcome_ = WriteOutcome::kFailed;
};

class EvictionWrite final : public k8sclient::ObjectWrite {
 public:
  EvictionWrite(Eviction eviction, k8sclient::ApiClient& api, const ApiEvictor::Evicted& done)
      : eviction_(std::move(eviction)), api_(api), done_(done) {}

  [[nodiscard]] base::Symbol object() const override { return eviction_.victim.uid; }
  [[nodiscard]] std::string_view callType() const override { return k8sclient::kEvictionCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kEvictionRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    outcome_ = WriteOutcome::kDone;
    if (eviction_.mark) {
      if (base::Status marked = mark(stop); !marked.ok()) return marked;
      if (outcome_ == WriteOutcome::kGone) return {};
    }
    return remove(stop);
  }

  void finished(k8sclient::WriteEnd end, const base::Status& status) override {
    if (end != k8sclient::WriteEnd::kExecuted) outcome_ = WriteOutcome::kFailed;
    done_(eviction_, outcome_, status.message());
  }

 private:
  base::Status failed(const ApiError& error) {
    outcome_ = WriteOutcome::kFailed;
    return error.toStatus();
  }

  // kGone in outcome_: there is nothing left to delete.
  base::Status mark(const std::stop_token& stop) {
    for (int tries = 1;; ++tries) {
      auto answer =
          api_.patch(podPath(eviction_.victim, "status"), k8sclient::PatchType::kStrategicMerge,
                     statusPatchBody(*eviction_.mark), callOptions(), stop);
      if (answer) return {};
      const base::Code code = answer.error().code;
      const bool conflict = code == base::Code::kConflict;
      if (code == base::Code::kNotFound ||
          (conflict && lookAt(api_, eviction_.victim, stop) == Presence::kGone)) {
        outcome_ = WriteOutcome::kGone;
        return {};
      }
      if (!conflict || tries == kMarkTries) return failed(answer.error());
    }
  }

  base::Status remove(const std::stop_token& stop) {
    auto answer =
        api_.remove(podPath(eviction_.victim), deletionBody(eviction_.victim), callOptions(), stop);
    if (answer) return {};
    const ApiError& error = answer.error();
    if (error.code == base::Code::kNotFound) {
      outcome_ = WriteOutcome::kGone;
      return {};
    }
    // 409: another uid under that name, or a conflict that says nothing; no answer says nothing
    // either.
    if (error.code == base::Code::kConflict || error.outcome_unknown) {
      const auto presence = lookAt(api_, eviction_.victim, stop);
      if (presence == Presence::kGone) outcome_ = WriteOutcome::kGone;
      if (presence && *presence != Presence::kThere) return {};
    }
    return failed(error);
  }

  const Eviction eviction_;
  k8sclient::ApiClient& api_;
  const ApiEvictor::Evicted& done_;
  WriteOutcome outcome_ = WriteOutcome::kFailed;
};

}  // namespace

std::string deletionBody(const PodRef& pod) {
  std::string body = R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":)";
  base::appendJsonString(body, pod.uid.view());
  body += "}}";
  return body;
}

bool ApiEvictor::nominate(const PodStatusPatch& patch) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  return dispatcher_.submit(std::make_unique<NominationWrite>(patch, api_, nominated_)) ==
         Submitted::kQueued;
}

bool ApiEvictor::evict(const Eviction& eviction) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  return dispatcher_.submit(std::make_unique<EvictionWrite>(eviction, api_, evicted_)) ==
         Submitted::kQueued;
}

}  // namespace stowage::scheduler_cmd
