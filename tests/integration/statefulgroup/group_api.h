// GroupApi: a fixture with the CustomResourceDefinition of StatefulGroup installed in a real
// kube-apiserver, and a client of the administrator's.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "k8sclient/rest/rest_api_client.h"
#include "testing/controlplane/control_plane.h"

namespace stowage::testing {

using Json = nlohmann::json;

inline const k8sclient::ResourceType kGroups{"stowage.dev", "v1alpha1", "statefulgroups"};

class GroupApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  void SetUp() override;

  // A StatefulGroup with that name whose spec is a minimal one, changed by `spec_patch` (RFC 7386).
  [[nodiscard]] Json group(const std::string& name, const Json& spec_patch = Json::object()) const;

  [[nodiscard]] std::string pathOf(const k8sclient::ResourceType& type,
                                   const std::string& name = {},
                                   const std::string& subresource = {}) const {
    return k8sclient::resourcePath(type, ns_, name, subresource);
  }
  // Creates it for good, or only tries to. The answer is the object as the server sees it.
  k8sclient::ApiResult<Json> create(const k8sclient::ResourceType& type, const Json& object,
                                    bool dry_run);
  k8sclient::ApiResult<Json> patch(const std::string& path, const Json& patch,
                                   bool dry_run = false);
  k8sclient::ApiResult<Json> get(const std::string& path);

  ControlPlane& cluster_ = ControlPlane::instance();
  base::SystemClock clock_;
  std::unique_ptr<k8sclient::RestApiClient> api_;
  std::string ns_;
};

}  // namespace stowage::testing
