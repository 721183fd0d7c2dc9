#include "cmd/scheduler/extender_binder.h"

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "cmd/scheduler/extender_args.h"
#include "kubeapi/extender.h"

namespace stowage::scheduler_cmd {
namespace {

using scheduling::BindOutcome;
using scheduling::BindRequest;

class ExtenderBind final : public k8sclient::ObjectWrite {
 public:
  ExtenderBind(BindRequest request, std::shared_ptr<ExtenderClient> held, ApiBinder& binder,
               const ApiBinder::Done& done)
      : request_(std::move(request)),
        held_(std::move(held)),
        client_(*held_),
        binder_(binder),
        done_(done) {}

  [[nodiscard]] base::Symbol object() const override { return request_.pod.uid; }
  [[nodiscard]] std::string_view callType() const override { return kExtenderBindCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kBindRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    auto reply = client_.post(client_.config().bind_verb, bindingArgs(request_), stop);
    if (!reply) {
      outcome_ = reply.error().unanswered ? BindOutcome::kUnknown : BindOutcome::kRejected;
      return {base::Code::kUnavailable, reply.error().message};
    }
    auto error = kubeapi::parseExtenderBindingResult(*reply);
    if (!error) {
      outcome_ = BindOutcome::kUnknown;
      return error.error();
    }
    outcome_ = error->empty() ? BindOutcome::kBound : BindOutcome::kRejected;
    return error->empty() ? base::Status() : base::Status(base::Code::kInternal, *error);
  }

  void finished(k8sclient::WriteEnd end, const base::Status& status) override {
    if (end != k8sclient::WriteEnd::kExecuted) outcome_ = BindOutcome::kRejected;
    const bool executed = end == k8sclient::WriteEnd::kExecuted;
    if (executed && outcome_ != BindOutcome::kBound && client_.config().ignorable) {
      base::log().info("extender failed to bind and is ignorable: bound without it",
                       {{"extender", client_.config().url_prefix}, {"error", status.message()}});
      BindRequest own = request_;
      own.extender.reset();
      if (binder_.bind(own)) return;
    }
    done_(request_, outcome_, status.message());
  }

 private:
  const BindRequest request_;
  const std::shared_ptr<ExtenderClient> held_;  // also when the configuration has dropped it
  ExtenderClient& client_;
  ApiBinder& binder_;
  const ApiBinder::Done& done_;
  BindOutcome outcome_ = BindOutcome::kRejected;
};

}  // namespace

bool ExtenderBinder::bind(const BindRequest& request) {
  if (!request.extender) return binder_.bind(request);
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  const std::shared_ptr<ExtenderClient>& client = clients_.at(*request.extender);
  // As with a bind of our own: that the pod is not scheduled must not be told after it is.
  writes_.takeBack(request.pod.uid, k8sclient::kStatusPatchCall);
  return own_.submit(std::make_unique<ExtenderBind>(request, client, binder_, done_)) ==
         Submitted::kQueued;
}

bool ExtenderBinder::takeBack(const scheduling::PodRef& pod) {
  return binder_.takeBack(pod) || own_.takeBack(pod.uid, kExtenderBindCall);
}

}  // namespace stowage::scheduler_cmd
