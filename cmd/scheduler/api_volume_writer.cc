#include "cmd/scheduler/api_volume_writer.h"

#include <memory>
#include <utility>

#include "base/text.h"
#include "kubeapi/decode.h"
#include "kubeapi/kept_annotations.h"
#include "kubeapi/storage.h"

namespace stowage::scheduler_cmd {

namespace {

using scheduling::VolumeWrite;
using scheduling::VolumeWriteAnswer;
using Kind = VolumeWrite::Kind;

constexpr base::Duration kVolumeTimeout = std::chrono::seconds(20);

const k8sclient::ResourceType kVolumes{"", "v1", "persistentvolumes"};
const k8sclient::ResourceType kClaims{"", "v1", "persistentvolumeclaims"};

std::string pathOf(const VolumeWrite& write) {
  const auto& type = write.kind == Kind::kClaimVolume ? kVolumes : kClaims;
  return k8sclient::resourcePath(type, write.ns.view(), write.name.view());
}

template <typename T>
base::Result<std::string> versionIn(std::string_view body) {
  kubeapi::Decoder<T> decoder;
  auto object = decoder.object(body);
  if (!object) return base::fail(object.error());
  return (*object)->meta.resource_version;
}

class VolumePatch final : public k8sclient::ObjectWrite {
 public:
  VolumePatch(VolumeWrite write, k8sclient::ApiClient& api, const ApiVolumeWriter::Done& done)
      : api_(api), done_(done) {
    answer_.write = std::move(write);
    answer_.error = "not sent";
  }

  // Of its own: two pods may write to one object, and each wants its answer.
  [[nodiscard]] base::Symbol object() const override {
    const VolumeWrite& write = answer_.write;
    return write.pod.uid.str() + "/" + write.ns.str() + "/" + write.name.str();
  }
  [[nodiscard]] std::string_view callType() const override { return kVolumeCall; }
  [[nodiscard]] int relevance() const override { return k8sclient::kBindRelevance; }

  base::Status execute(const std::stop_token& stop) override {
    k8sclient::CallOptions options;
    options.timeout = kVolumeTimeout;
    options.lane = k8sclient::CallOptions::Lane::kFast;
    auto body = api_.patch(pathOf(answer_.write), k8sclient::PatchType::kMerge,
                           volumePatchBody(answer_.write), options, stop);
    if (!body) {
      base::Status status = body.error().toStatus();
      const std::string& said = body.error().message;
      answer_.error = said.empty() ? status.toString() : said;
      return status;
    }
    auto version = answer_.write.kind == Kind::kClaimVolume
                       ? versionIn<kubeapi::PersistentVolume>(*body)
                       : versionIn<kubeapi::PersistentVolumeClaim>(*body);
    if (!version) {
      answer_.error = version.error().message();
      return version.error();
    }
    answer_.error.clear();
    answer_.resource_version = std::move(*version);
    return {};
  }

  void finished(k8sclient::WriteEnd /*end*/, const base::Status& /*status*/) override {
    done_(answer_);
  }

 private:
  VolumeWriteAnswer answer_;
  k8sclient::ApiClient& api_;
  const ApiVolumeWriter::Done& done_;
};

void appendField(std::string& body, std::string_view name, std::string_view value) {
  base::appendJsonString(body, name);
  body += ":";
  base::appendJsonString(body, value);
}

}  // namespace

std::string volumePatchBody(const VolumeWrite& write) {
  std::string body = R"({"metadata":{)";
  appendField(body, "resourceVersion", write.resource_version);
  if (write.kind == Kind::kSelectNode) {
    body += R"(,"annotations":{)";
    appendField(body, kubeapi::kSelectedNode, write.node.view());
    return body + "}}}";
  }
  if (write.mark_by_controller) {
    body += R"(,"annotations":{)";
    appendField(body, kubeapi::kBoundByController, "yes");
    body += "}";
  }
  body += R"(},"spec":{"claimRef":{"kind":"PersistentVolumeClaim","apiVersion":"v1",)";
  appendField(body, "namespace", write.claim.ns.view());
  body += ",";
  appendField(body, "name", write.claim.name.view());
  body += ",";
  appendField(body, "uid", write.claim.uid.view());
  body += ",";
  appendField(body, "resourceVersion", write.claim_version);
  return body + "}}}";
}

bool ApiVolumeWriter::write(const VolumeWrite& write) {
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  return dispatcher_.submit(std::make_unique<VolumePatch>(write, api_, done_)) ==
         Submitted::kQueued;
}

}  // namespace stowage::scheduler_cmd
