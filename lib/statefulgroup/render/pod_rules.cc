#include "statefulgroup/render/pod_rules.h"

#include <limits>

#include "statefulgroup/labels.h"
#include "statefulgroup/render/owned_meta.h"
#include "statefulgroup/revision_content.h"

namespace stowage::statefulgroup {

namespace {

using kubeapi::group::ExclusiveScope;
using kubeapi::group::FailureDomain;
using kubeapi::group::LeaderSpread;
using kubeapi::group::QuorumSafe;
using kubeapi::group::Unsatisfiable;

constexpr std::string_view kHostname = "kubernetes.io/hostname";
// What is wished for, the greater first: to bear the loss of a domain, to be spread, to spread
// work.
constexpr int kQuorumWeight = 100;
constexpr int kSpreadWeight = 50;
constexpr int kLeaderWeight = 10;

// The member of that name, made when absent; nullptr when it is something else than `empty` is.
Json* memberOrNew(Json* owner, std::string_view name, const Json& empty) {
  if (owner == nullptr) return nullptr;
  Json& member = (*owner)[std::string(name)];
  if (member.is_null()) member = empty;
  return member.type() == empty.type() ? &member : nullptr;
}

void append(Json* list, Json entry) {
  if (list != nullptr) list->push_back(std::move(entry));
}

Json matching(Json labels) { return {{"matchLabels", std::move(labels)}}; }
Json expression(std::string_view key, std::string_view op) {
  return {{"key", key}, {"operator", op}};
}
Json expression(std::string_view key, std::string_view op, std::string_view value) {
  return {{"key", key}, {"operator", op}, {"values", Json::array({value})}};
}

class RuleWriter {
 public:
  RuleWriter(Json& pod_spec, const PodInputs& inputs) : spec_(pod_spec), inputs_(inputs) {}

  void write() {
    const RevisionContent& content = inputs_.revision.content();
    for (const FailureDomain& domain : content.failure_domains) {
      spreadShard(domain);
      spreadSlot(domain);
    }
    if (content.exclusive) keepToOurselves(*content.exclusive);
    if (content.leader_spread == LeaderSpread::kPreferred && inputs_.first_of_shard) {
      Json firsts = {{kGroupUidLabel, inputs_.group.uid.view()},
                     {kOrdinalLabel, std::to_string(inputs_.replica.ordinal)}};
      wish("podAntiAffinity", term(kHostname, matching(std::move(firsts))), kLeaderWeight);
    }
  }

 private:
  static bool isRequiredApart(const FailureDomain& domain) {
    return domain.max_per_domain == 1 && domain.when_unsatisfiable == Unsatisfiable::kDoNotSchedule;
  }

  void spreadShard(const FailureDomain& domain) {
    if (!domain.max_per_domain) return;
    const bool must = domain.when_unsatisfiable == Unsatisfiable::kDoNotSchedule;
    if (*domain.max_per_domain > 1) {
      capShard(domain, must);
      return;
    }
    repel(term(domain.topology_key.view(), matching(ourShard())), must, kSpreadWeight);
  }

  void capShard(const FailureDomain& domain, bool must) {
    Json* constraints = memberOrNew(&spec_, "topologySpreadConstraints", Json::array());
    if (constraints == nullptr) return;
    Json constraint = {{"topologyKey", domain.topology_key.view()},
                       {"maxSkew", *domain.max_per_domain},
                       {"whenUnsatisfiable", text(domain.when_unsatisfiable)},
                       {"labelSelector", matching(ourShard())}};
    if (must) {
      constraint["minDomains"] = std::numeric_limits<std::int32_t>::max();
      // All pods of the domain count, also where this one's node selector does not reach.
      constraint["nodeAffinityPolicy"] = "Ignore";
    } else {
      // Two of one key and kind are refused, and the user's own wish comes first. Two musts are
      // left to the API server, so that nobody believes in a cap that is not there.
      for (const Json& theirs : *constraints) {
        if (textOf(theirs, "topologyKey") == domain.topology_key.view() &&
            textOf(theirs, "whenUnsatisfiable") == text(domain.when_unsatisfiable)) {
          return;
        }
      }
    }
    constraints->push_back(std::move(constraint));
  }

  void spreadSlot(const FailureDomain& domain) {
    if (domain.quorum_safe == QuorumSafe::kOff || !inputs_.slot || isRequiredApart(domain)) return;
    Json slot = ourShard();
    slot[std::string(kSlotLabel)] = std::to_string(*inputs_.slot);
    repel(term(domain.topology_key.view(), matching(std::move(slot))),
          domain.quorum_safe == QuorumSafe::kRequired, kQuorumWeight);
  }

  void keepToOurselves(const kubeapi::group::ExclusiveTopology& exclusive) {
    const std::string_view key = exclusive.topology_key.view();
    const bool by_shard = exclusive.scope == ExclusiveScope::kShard;
    const std::string_view uid = inputs_.group.uid.view();
    const std::string shard = std::to_string(inputs_.replica.shard);
    demand("podAffinity", term(key, matching(by_shard ? ourShard() : Json{{kGroupUidLabel, uid}})));
    Json others =
        term(key, {{"matchExpressions", Json::array({expression(kGroupUidLabel, "Exists"),
                                                     expression(kGroupUidLabel, "NotIn", uid)})}});
    others["namespaceSelector"] = Json::object();  // all of them
    demand("podAntiAffinity", std::move(others));
    if (!by_shard) return;
    demand(
        "podAntiAffinity",
        term(key, {{"matchLabels", {{kGroupUidLabel, uid}}},
                   {"matchExpressions", Json::array({expression(kShardLabel, "Exists"),
                                                     expression(kShardLabel, "NotIn", shard)})}}));
  }

  [[nodiscard]] Json ourShard() const {
    return shardSelector(inputs_.group, inputs_.replica.shard);
  }

  static Json term(std::string_view topology_key, Json selector) {
    return {{"topologyKey", topology_key}, {"labelSelector", std::move(selector)}};
  }

  void repel(Json term, bool must, int weight) {
    if (must) {
      demand("podAntiAffinity", std::move(term));
    } else {
      wish("podAntiAffinity", std::move(term), weight);
    }
  }
  void demand(std::string_view kind, Json term) {
    append(rules(kind, "requiredDuringSchedulingIgnoredDuringExecution"), std::move(term));
  }
  void wish(std::string_view kind, Json term, int weight) {
    append(rules(kind, "preferredDuringSchedulingIgnoredDuringExecution"),
           {{"weight", weight}, {"podAffinityTerm", std::move(term)}});
  }
  Json* rules(std::string_view kind, std::string_view list) {
    Json* affinity = memberOrNew(&spec_, "affinity", Json::object());
    return memberOrNew(memberOrNew(affinity, kind, Json::object()), list, Json::array());
  }

  Json& spec_;
  const PodInputs& inputs_;
};

}  // namespace

void addPlacementRules(Json& pod_spec, const PodInputs& inputs) {
  RuleWriter(pod_spec, inputs).write();
}

}  // namespace stowage::statefulgroup
