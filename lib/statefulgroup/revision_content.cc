#include "statefulgroup/revision_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "statefulgroup/revision.h"

namespace stowage::statefulgroup {

namespace {

using base::Code;
using base::Status;
using kubeapi::group::ExclusiveTopology;
using kubeapi::group::FailureDomain;
using kubeapi::group::LeaderSpread;
using kubeapi::group::QuorumSafe;

// Reads data that somebody else may have written: everything in it is known and as we write it, or
// there is a problem, the first of which is kept. What cannot be read must not be rendered.
class DataReader {
 public:
  [[nodiscard]] bool ok() const { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  void fail(std::string problem) {
    if (ok()) problem_ = std::move(problem);
  }

  // An object with no other members than these.
  bool object(const Json& value, std::string_view where,
              std::initializer_list<std::string_view> known) {
    if (!value.is_object()) {
      fail(fmt::format("{}: expected an object", where));
      return false;
    }
    for (const auto& member : value.items()) {
      if (std::find(known.begin(), known.end(), member.key()) == known.end()) {
        fail(fmt::format("{}: unknown member {}", where,
                         base::jsonString(base::utf8Prefix(member.key(), kShown))));
      }
    }
    return ok();
  }

  // Calls `each` for the elements of the array of that name, if there is one.
  template <typename Each>
  void list(const Json& owner, const char* name, Each each) {
    const Json* array = memberOf(owner, name);
    if (array == nullptr) return;
    constexpr std::size_t kMost = 64;  // more than the definition allows of any of them
    if (!array->is_array() || array->size() > kMost) {
      fail(fmt::format("{}: expected a list of at most {}", name, kMost));
      return;
    }
    for (const Json& value : *array) {
      if (ok()) each(value);
    }
  }

  // A text that is not empty.
  std::string text(const Json& value, std::string_view where) {
    constexpr std::size_t kMost = 512;
    if (!value.is_string() || value.get_ref<const std::string&>().empty() ||
        value.get_ref<const std::string&>().size() > kMost) {
      fail(fmt::format("{}: expected a text", where));
      return {};
    }
    return value.get<std::string>();
  }
  std::string text(const Json& owner, const char* name, std::string_view where) {
    const Json* value = memberOf(owner, name);
    return text(value != nullptr ? *value : Json(), fmt::format("{}.{}", where, name));
  }

  // Absent: `out` stays.
  template <typename E>
  void choice(const Json& owner, const char* name, E& out) {
    const Json* value = memberOf(owner, name);
    if (value == nullptr) return;
    const auto values = names(E{});
    const auto at = value->is_string()
                        ? std::find(values.begin(), values.end(), value->get<std::string>())
                        : values.end();
    if (at == values.end()) {
      fail(fmt::format("{}: expected one of {}", name, fmt::join(values, ", ")));
    } else {
      out = static_cast<E>(at - values.begin());
    }
  }

 private:
  static constexpr std::size_t kShown = 64;
  std::string problem_;
};

FailureDomain readDomain(DataReader& reader, const Json& value) {
  FailureDomain domain;
  domain.quorum_safe = QuorumSafe::kOff;
  if (!reader.object(value, "failureDomains",
                     {"topologyKey", "maxPerDomain", "whenUnsatisfiable", "quorumSafe"})) {
    return domain;
  }
  domain.topology_key = reader.text(value, "topologyKey", "failureDomains");
  if (const Json* most = memberOf(value, "maxPerDomain")) {
    constexpr int kLargest = 99;
    if (!most->is_number_integer() || *most < 1 || *most > kLargest) {
      reader.fail("failureDomains.maxPerDomain: expected a number from 1 to 99");
    } else {
      domain.max_per_domain = most->get<std::int32_t>();
    }
  }
  reader.choice(value, "whenUnsatisfiable", domain.when_unsatisfiable);
  reader.choice(value, "quorumSafe", domain.quorum_safe);
  return domain;
}

void readTopology(DataReader& reader, const Json& value, RevisionContent& out) {
  if (!reader.object(value, "topology", {"failureDomains", "exclusive", "leaderSpread"})) return;
  reader.list(value, "failureDomains", [&](const Json& domain) {
    out.failure_domains.push_back(readDomain(reader, domain));
  });
  if (const Json* exclusive = memberOf(value, "exclusive")) {
    if (reader.object(*exclusive, "exclusive", {"topologyKey", "scope"})) {
      out.exclusive.emplace().topology_key = reader.text(*exclusive, "topologyKey", "exclusive");
      reader.choice(*exclusive, "scope", out.exclusive->scope);
    }
  }
  reader.choice(value, "leaderSpread", out.leader_spread);
}

void readOverride(DataReader& reader, const Json& value, RevisionContent& out) {
  if (!reader.object(value, "shardOverrides",
                     {"shards", "labels", "annotations", "nodeSelector", "tolerations",
                      "priorityClassName"})) {
    return;
  }
  reader.text(value, "shards", "shardOverrides");
  out.overrides.push_back(value);
}

void readMembers(DataReader& reader, const Json& root, RevisionContent& out) {
  const Json* pod_template = memberOf(root, "template");
  const Json* spec = pod_template != nullptr ? memberOf(*pod_template, "spec") : nullptr;
  if (spec == nullptr || !spec->is_object()) {
    reader.fail("template.spec: expected an object");
    return;
  }
  out.pod_template = *pod_template;
  reader.list(root, "shardOverrides", [&](const Json& v) { readOverride(reader, v, out); });
  reader.list(root, "claims",
              [&](const Json& v) { out.claims.push_back(reader.text(v, "claims")); });
  if (const Json* topology = memberOf(root, "topology")) readTopology(reader, *topology, out);
  if (memberOf(root, "restartTime") != nullptr) {
    out.restart_time = reader.text(root, "restartTime", "data");
  }
}

// The version comes first: data of a newer one need not look like ours.
Status readVersion(const Json& root, int& out) {
  const Json* version = memberOf(root, "renderVersion");
  if (version == nullptr || !version->is_number_integer() || *version < 1) {
    return {Code::kInvalidArgument, "renderVersion: expected a number from 1 on"};
  }
  if (*version > kRenderVersion) {
    return {Code::kUnsupported,
            fmt::format("made by a newer operator: its render version is {}, and {} is the newest "
                        "that is known here",
                        toText(*version), kRenderVersion)};
  }
  out = version->get<int>();
  return {};
}

}  // namespace

Json topologyData(const kubeapi::group::Topology& topology) {
  std::vector<FailureDomain> domains = topology.failure_domains;
  std::sort(domains.begin(), domains.end(), [](const FailureDomain& a, const FailureDomain& b) {
    return a.topology_key < b.topology_key;
  });
  Json data;
  for (const FailureDomain& domain : domains) {
    Json entry = {{"topologyKey", domain.topology_key.view()}};
    if (domain.max_per_domain) {
      entry["maxPerDomain"] = *domain.max_per_domain;
      entry["whenUnsatisfiable"] = text(domain.when_unsatisfiable);
    }
    if (domain.quorum_safe != QuorumSafe::kOff) entry["quorumSafe"] = text(domain.quorum_safe);
    if (entry.size() > 1) data["failureDomains"].push_back(std::move(entry));
  }
  if (topology.exclusive) {
    data["exclusive"] = {{"topologyKey", topology.exclusive->topology_key.view()},
                         {"scope", text(topology.exclusive->scope)}};
  }
  if (topology.leader_spread != LeaderSpread::kOff) {
    data["leaderSpread"] = text(topology.leader_spread);
  }
  return data;
}

base::Result<RevisionContent> readRevisionData(std::string_view data) {
  const auto root = parseJson(data);
  if (!root || !root->is_object()) {
    return base::fail(Code::kInvalidArgument, "expected an object");
  }
  RevisionContent content;
  if (Status wrong = readVersion(*root, content.render_version); !wrong.ok()) {
    return base::fail(std::move(wrong));
  }
  DataReader reader;
  if (reader.object(
          *root, "revision",
          {"renderVersion", "template", "shardOverrides", "claims", "topology", "restartTime"})) {
    readMembers(reader, *root, content);
  }
  if (!reader.ok()) return base::fail(Code::kInvalidArgument, reader.problem());
  content.data = toText(*root);
  return content;
}

}  // namespace stowage::statefulgroup
