// Groups for tests, decoded from JSON as the operator gets them.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "kubeapi/decode.h"
#include "kubeapi/stateful_group.h"
#include "statefulgroup/revision.h"

namespace stowage::statefulgroup {

using Json = nlohmann::json;

// Group "db" of namespace "ns" and uid "u-1", from the text of its spec.
inline kubeapi::StatefulGroup groupFromText(const std::string& spec) {
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  const auto group = decoder.object(
      R"({"metadata":{"name":"db","namespace":"ns","uid":"u-1"},"spec":)" + spec + "}");
  EXPECT_TRUE(group.has_value()) << group.error().toString();
  return group ? **group : kubeapi::StatefulGroup{};
}

inline Json minimalSpec() {
  return {{"template", {{"spec", {{"containers", {{{"name", "main"}, {"image", "x:1"}}}}}}}}};
}

// The minimal spec, changed by an RFC 7386 patch.
inline kubeapi::StatefulGroup groupWith(const Json& patch = Json::object()) {
  Json spec = minimalSpec();
  spec.merge_patch(patch);
  return groupFromText(spec.dump());
}

inline Revision revisionOf(const kubeapi::StatefulGroup& group, const std::string& name = "db-r",
                           std::int64_t number = 1) {
  auto revision = Revision::fromData(name, number, revisionData(group));
  EXPECT_TRUE(revision.has_value()) << revision.error().toString();
  return *revision;
}

}  // namespace stowage::statefulgroup
