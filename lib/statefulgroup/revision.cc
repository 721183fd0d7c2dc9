#include "statefulgroup/revision.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "statefulgroup/canonical_template.h"
#include "statefulgroup/revision_content.h"

namespace stowage::statefulgroup {

namespace {

using kubeapi::group::ShardOverride;

// Absent when it adds nothing.
std::optional<Json> overrideData(const ShardOverride& from) {
  Json data = Json::object();
  if (!from.labels.empty()) data["labels"] = toJson(from.labels);
  if (!from.annotations.empty()) data["annotations"] = toJson(from.annotations);
  if (!from.node_selector.empty()) data["nodeSelector"] = toJson(from.node_selector);
  if (!from.priority_class.empty()) data["priorityClassName"] = from.priority_class.view();
  if (const auto tolerations = parseJson(from.tolerations.text);
      tolerations && !tolerations->empty()) {
    data["tolerations"] = *tolerations;
  }
  if (data.empty()) return std::nullopt;
  data["shards"] = from.shards;
  return data;
}

}  // namespace

std::string revisionData(const kubeapi::StatefulGroup& group, int render_version) {
  STOWAGE_CHECK(render_version == kRenderVersion, "no rules for that render version");
  const kubeapi::group::Spec& spec = group.spec;
  Json data = {{"renderVersion", render_version}};
  const auto pod_template = parseJson(spec.pod_template.text);
  data["template"] = pod_template ? canonicalTemplate(*pod_template) : Json::object();
  for (const ShardOverride& from : spec.shard_overrides) {
    if (auto entry = overrideData(from)) data["shardOverrides"].push_back(std::move(*entry));
  }
  std::vector<std::string> claims;
  for (const auto& claim : spec.claim_templates) claims.push_back(claim.name.str());
  std::sort(claims.begin(), claims.end());
  if (!claims.empty()) data["claims"] = claims;
  if (Json topology = topologyData(spec.topology); !topology.is_null()) {
    data["topology"] = std::move(topology);
  }
  if (spec.restart_time) data["restartTime"] = base::formatTime(*spec.restart_time);
  return toText(data);
}

std::string revisionHash(std::string_view data, int collisions) {
  // The alphabet of Kubernetes' generated names: no vowels, nothing that looks like another.
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  constexpr int kLength = 10;
  XXH64_hash_t rest = XXH64(data.data(), data.size(), static_cast<XXH64_hash_t>(collisions));
  std::string hash;
  for (int i = 0; i < kLength; ++i) {
    hash.push_back(kAlphabet[rest % kAlphabet.size()]);
    rest /= kAlphabet.size();
  }
  return hash;
}

Revision::Revision(std::string name, std::int64_t number,
                   std::shared_ptr<const RevisionContent> content)
    : name_(std::move(name)), number_(number), content_(std::move(content)) {}

Result<Revision> Revision::fromData(std::string name, std::int64_t number, std::string_view data) {
  if (number < 0 || number > kMaxNumber) {
    return base::fail(base::Code::kInvalidArgument, "revision: out of range");
  }
  auto content = readRevisionData(data);
  if (!content) return base::fail(content.error().withPrefix("data"));
  return Revision(std::move(name), number,
                  std::make_shared<const RevisionContent>(std::move(*content)));
}

Result<Revision> Revision::parse(const kubeapi::ControllerRevision& object) {
  return fromData(object.meta.name.str(), object.revision, object.data.text);
}

int Revision::renderVersion() const { return content_->render_version; }
const std::string& Revision::data() const { return content_->data; }
const std::vector<std::string>& Revision::claimNames() const { return content_->claims; }
Revision Revision::renumbered(std::int64_t number) const { return {name_, number, content_}; }

}  // namespace stowage::statefulgroup
