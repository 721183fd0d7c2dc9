// Rest: JSON over HTTPS to one API server as its administrator, on a connection that is kept. A
// scenario makes dozens of calls; a kubectl process for each would take most of the time.
// Not thread safe.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "testing/controlplane/control_plane.h"

namespace httplib {
class SSLClient;
}

namespace stowage::testing {

using Json = nlohmann::json;

class Rest {
 public:
  explicit Rest(ControlPlane& cluster);
  ~Rest();
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

  struct Answer {
    int status = 0;  // 0: no answer
    Json body;
    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  };
  Answer get(const std::string& path);
  Answer post(const std::string& path, const Json& body);
  Answer put(const std::string& path, const Json& body);
  Answer mergePatch(const std::string& path, const Json& body);
  Answer remove(const std::string& path, const Json& options = Json::object());

 private:
  std::unique_ptr<httplib::SSLClient> client_;
};

// "/api/v1/namespaces/NS/pods" of a kind, without a namespace when the kind has none. Ends the
// program for a kind that is not in its table.
std::string collectionPath(const std::string& kind, const std::string& ns);
std::string objectPath(const std::string& kind, const std::string& ns, const std::string& name);
std::string apiVersionOf(const std::string& kind);
bool namespaced(const std::string& kind);

}  // namespace stowage::testing
