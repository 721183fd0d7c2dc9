#include "integration/scenarios/rest.h"

#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <map>

namespace stowage::testing {

namespace {

constexpr const char* kJson = "application/json";

int portOf(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

Rest::Answer answerOf(const httplib::Result& result) {
  if (!result) return {};
  return {result->status, Json::parse(result->body, nullptr, false)};
}

struct Resource {
  std::string group_version;
  std::string plural;
  bool namespaced;
};

const Resource& resourceOf(const std::string& kind) {
  static const std::map<std::string, Resource> table = {
      {"Node", {"v1", "nodes", false}},
      {"Namespace", {"v1", "namespaces", false}},
      {"Pod", {"v1", "pods", true}},
      {"PersistentVolume", {"v1", "persistentvolumes", false}},
      {"PersistentVolumeClaim", {"v1", "persistentvolumeclaims", true}},
      {"StorageClass", {"storage.k8s.io/v1", "storageclasses", false}},
      {"CSINode", {"storage.k8s.io/v1", "csinodes", false}},
      {"CSIDriver", {"storage.k8s.io/v1", "csidrivers", false}},
      {"CSIStorageCapacity", {"storage.k8s.io/v1", "csistoragecapacities", true}},
      {"VolumeAttachment", {"storage.k8s.io/v1", "volumeattachments", false}},
      {"PodDisruptionBudget", {"policy/v1", "poddisruptionbudgets", true}},
      {"PriorityClass", {"scheduling.k8s.io/v1", "priorityclasses", false}},
      {"Service", {"v1", "services", true}},
      {"RuntimeClass", {"node.k8s.io/v1", "runtimeclasses", false}},
      {"Event", {"events.k8s.io/v1", "events", true}},
  };
  const auto found = table.find(kind);
  if (found == table.end()) {
    std::fprintf(stderr, "scenarios: kind %s is not in the table of rest.cc\n", kind.c_str());
    std::abort();
  }
  return found->second;
}

}  // namespace

Rest::Rest(ControlPlane& cluster)
    : client_(std::make_unique<httplib::SSLClient>(
          "127.0.0.1", portOf(cluster.url()), cluster.adminCertificate(), cluster.adminKey())) {
  client_->enable_server_certificate_verification(false);
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_read_timeout(30);
}

Rest::~Rest() = default;

Rest::Answer Rest::get(const std::string& path) { return answerOf(client_->Get(path.c_str())); }

Rest::Answer Rest::post(const std::string& path, const Json& body) {
  return answerOf(client_->Post(path.c_str(), body.dump(), kJson));
}

Rest::Answer Rest::put(const std::string& path, const Json& body) {
  return answerOf(client_->Put(path.c_str(), body.dump(), kJson));
}

Rest::Answer Rest::mergePatch(const std::string& path, const Json& body) {
  return answerOf(client_->Patch(path.c_str(), body.dump(), "application/merge-patch+json"));
}

Rest::Answer Rest::remove(const std::string& path, const Json& options) {
  return answerOf(client_->Delete(path.c_str(), options.dump(), kJson));
}

std::string apiVersionOf(const std::string& kind) { return resourceOf(kind).group_version; }
bool namespaced(const std::string& kind) { return resourceOf(kind).namespaced; }

std::string collectionPath(const std::string& kind, const std::string& ns) {
  const Resource& resource = resourceOf(kind);
  const bool core = resource.group_version == "v1";
  std::string path = (core ? "/api/" : "/apis/") + resource.group_version;
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + ns;
  return path + "/" + resource.plural;
}

std::string objectPath(const std::string& kind, const std::string& ns, const std::string& name) {
  return collectionPath(kind, ns) + "/" + name;
}

}  // namespace stowage::testing
