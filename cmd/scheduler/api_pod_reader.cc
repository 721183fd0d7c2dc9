#include "cmd/scheduler/api_pod_reader.h"

#include "cmd/scheduler/pod_paths.h"
#include "kubeapi/decode.h"

namespace stowage::scheduler_cmd {

namespace {

class PodRead final : public k8sclient::ObjectWrite {
 public:
  PodRead(scheduling::PodRef pod, k8sclient::ApiClient& api, const ApiPodReader::Done& done)
      : pod_(std::move(pod)), api_(api), done_(done) {}

  [[nodiscard]] base::Symbol object() const override { return pod_.uid; }
  [[nodiscard]] std::string_view callType() const override { return kPodReadCall; }
  [[nodiscard]] int relevance() const override { return 0; }

  base::Status execute(const std::stop_token& stop) override {
    k8sclient::CallOptions options;
    options.timeout = std::chrono::seconds(15);
    options.lane = k8sclient::CallOptions::Lane::kFast;
    auto body = api_.get(podPath(pod_), options, stop);
    if (!body) {
      if (body.error().code != base::Code::kNotFound) return body.error().toStatus();
      found_.emplace(nullptr);
      return {};
    }
    kubeapi::Decoder<kubeapi::Pod> decoder;
    auto pod = decoder.object(*body);
    if (!pod) return pod.error();
    found_.emplace(std::move(*pod));
    return {};
  }

  void finished(k8sclient::WriteEnd /*end*/, const base::Status& /*status*/) override {
    done_(pod_, found_);
  }

 private:
  const scheduling::PodRef pod_;
  k8sclient::ApiClient& api_;
  const ApiPodReader::Done& done_;
  std::optional<kubeapi::PodPtr> found_;
};

}  // namespace

bool ApiPodReader::refetch(const scheduling::PodRef& pod) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  return dispatcher_.submit(std::make_unique<PodRead>(pod, api_, done_)) == Submitted::kQueued;
}

}  // namespace stowage::scheduler_cmd
