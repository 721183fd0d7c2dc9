#include "cmd/scheduler/api_binder.h"

#include <utility>

#include "base/text.h"
#include "cmd/scheduler/pod_paths.h"
#include "kubeapi/decode.h"
#include "kubeapi/pod.h"

namespace stowage::scheduler_cmd {

namespace {

using scheduling::BindOutcome;
using scheduling::BindRequest;

// Two tries of the server's own limit for a mutating request (34 s) would be longer than anybody
// waits; what is still open then is looked up by the scheduler.
constexpr base::Duration kBindTimeout = std::chrono::seconds(20);

// A 409 also comes when the pod already stands on our node: an earlier try got through, its answer
// did not. Only a read can tell.
BindOutcome lookAfterConflict(k8sclient::ApiClient& api, const BindRequest& request,
                              const std::stop_token& stop) {
  auto body = api.get(podPath(request.pod), {}, stop);
  if (!body) {
    return body.error().code == base::Code::kNotFound ? BindOutcome::kGone : BindOutcome::kUnknown;
  }
  kubeapi::Decoder<kubeapi::Pod> decoder;
  auto pod = decoder.object(*body);
  if (!pod) return BindOutcome::kConflict;
  if ((*pod)->meta.uid != request.pod.uid) return BindOutcome::kGone;
  return (*pod)->spec.node_name == request.node ? BindOutcome::kBound : BindOutcome::kConflict;
}

BindOutcome outcomeOf(const k8sclient::ApiError& error) {
  if (error.outcome_unknown) return BindOutcome::kUnknown;
  switch (error.code) {
    case base::Code::kNotFound:
      return BindOutcome::kGone;
    case base::Code::kConflict:
    case base::Code::kAlreadyExists:
      return BindOutcome::kConflict;
    default:
      return BindOutcome::kRejected;
  }
}

class BindWrite final : public k8sclient::ObjectWrite {
 public:
  BindWrite(BindRequest request, k8sclient::ApiClient& api, const ApiBinder::Done& done)
      : request_(std::move(request)), api_(api), done_(done) {}

  [[nodiscard]] base::Symbol object() const override { return request_.pod.uid; }
  [[nodiscard]] std::string_view callType() const override { return k8sclient::kBindCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kBindRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    k8sclient::CallOptions options;
    options.timeout = kBindTimeout;
    options.lane = k8sclient::CallOptions::Lane::kFast;
    auto answer =
        api_.create(podPath(request_.pod, "binding"), bindingBody(request_), options, stop);
    if (answer) {
      outcome_ = BindOutcome::kBound;
      return {};
    }
    outcome_ = outcomeOf(answer.error());
    if (outcome_ == BindOutcome::kConflict) outcome_ = lookAfterConflict(api_, request_, stop);
    return outcome_ == BindOutcome::kBound ? base::Status() : answer.error().toStatus();
  }

  void finished(k8sclient::WriteEnd end, const base::Status& status) override {
    // Never sent: the pod is certainly not bound by us.
    if (end != k8sclient::WriteEnd::kExecuted) outcome_ = BindOutcome::kRejected;
    done_(request_, outcome_, status.message());
  }

 private:
  const BindRequest request_;
  k8sclient::ApiClient& api_;
  const ApiBinder::Done& done_;
  BindOutcome outcome_ = BindOutcome::kRejected;
};

}  // namespace

std::string bindingBody(const BindRequest& request) {
  std::string body = R"({"apiVersion":"v1","kind":"Binding","metadata":{"namespace":)";
  base::appendJsonString(body, request.pod.ns.view());
  body += R"(,"name":)";
  base::appendJsonString(body, request.pod.name.view());
  body += R"(,"uid":)";
  base::appendJsonString(body, request.pod.uid.view());
  body += R"(},"target":{"apiVersion":"v1","kind":"Node","name":)";
  base::appendJsonString(body, request.node.view());
  body += "}}";
  return body;
}

bool ApiBinder::bind(const BindRequest& request) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  return dispatcher_.submit(std::make_unique<BindWrite>(request, api_, done_)) ==
         Submitted::kQueued;
}

bool ApiBinder::takeBack(const scheduling::PodRef& pod) {
  return dispatcher_.takeBack(pod.uid, k8sclient::kBindCall);
}

}  // namespace stowage::scheduler_cmd
