#include "conformance/scheduler/boundary.h"

#include <map>
#include <string>

#include "kubeapi/decode.h"
#include "kubeapi/pod.h"
#include "kubeapi/resources.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;
using Sums = std::map<std::string, std::int64_t>;

void add(Sums& sums, const kubeapi::Pod& pod, kubeapi::RequestSource source) {
  const auto requests = kubeapi::podRequests(pod, source);
  for (const auto& [name, value] : requests.amounts) sums[name.str()] += value;
  ++sums["pods"];
}

}  // namespace

void moveToBoundary(Dice& dice, json& question) {
  kubeapi::Decoder<kubeapi::Pod> decoder;
  std::map<std::string, Sums> used;
  for (const json& placed : question["placed"]) {
    const auto pod = decoder.object(placed.dump());
    if (!pod || kubeapi::isTerminal(**pod)) continue;
    add(used[(*pod)->spec.node_name.str()], **pod, kubeapi::RequestSource::kSpecOrStatus);
  }
  std::vector<Sums> wanted;
  for (const json& waiting : question["pods"]) {
    const auto pod = decoder.object(waiting.dump());
    if (pod) add(wanted.emplace_back(), **pod, kubeapi::RequestSource::kSpec);
  }
  for (json& node : question["nodes"]) {
    if (wanted.empty() || !dice.chance(25)) continue;
    const Sums more = dice.pick(wanted);
    const Sums& base = used[node["metadata"]["name"].get<std::string>()];
    for (const auto& [name, value] : more) {
      if (!dice.chance(60)) continue;
      const auto held = base.find(name);
      std::int64_t offered = value + (held == base.end() ? 0 : held->second);
      if (dice.chance(60)) offered += dice.between(-1, 1);
      if (offered < 0) continue;
      node["status"]["allocatable"][name] = std::to_string(offered) + (name == "cpu" ? "m" : "");
    }
  }
}

}  // namespace stowage::conformance
