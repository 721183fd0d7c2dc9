#include "cmd/scheduler/extender_conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "cmd/scheduler/raw_objects.h"

namespace stowage::scheduler_cmd {
namespace {

using base::Symbol;
using scheduling::ExtenderAnswer;

// Extenders give 0 to 10, our scores go to 100.
constexpr std::int64_t kScoreScale = 10;

std::int64_t saturated(std::int64_t sum, std::int64_t score, std::int64_t weight) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t limit = score < 0 ? -kMost : kMost;
  std::int64_t scaled = 0;
  if (__builtin_mul_overflow(score, weight, &scaled) ||
      __builtin_mul_overflow(scaled, kScoreScale, &scaled) ||
      __builtin_add_overflow(scaled, sum, &scaled)) {
    return limit;
  }
  return scaled;
}

std::string reasonIn(const std::map<std::string, std::string>& reasons, const Symbol& node) {
  const auto found = reasons.find(node.str());
  return found == reasons.end() ? std::string() : found->second;
}

}  // namespace

ExtenderAnswer ExtenderConversation::run() {
  answer_.pod = question_.pod;
  answer_.number = question_.number;
  if (!readPod()) return answer_;
  if (!question_.candidates.empty()) {
    narrowCandidates();
  } else {
    filterAll();
    if (answer_.error.empty() && question_.score && left_.size() > 1) scoreAll();
  }
  if (!answer_.error.empty()) {
    answer_.allowed.clear();
    answer_.rejected.clear();
    answer_.candidates.clear();
  }
  return answer_;
}

bool ExtenderConversation::readPod() {
  auto pod = rawPod(api_, question_.pod, stop_);
  if (pod) {
    pod_ = std::move(*pod);
    return true;
  }
  answer_.error = "reading the pod for its extenders: " + pod.error().message();
  return false;
}

bool ExtenderConversation::skips(ExtenderClient& client, std::string_view verb,
                                 const std::string& error) {
  if (!client.config().ignorable) {
    answer_.error = error;
    return false;
  }
  base::log().info("extender failed and is ignorable: skipped",
                   {{"extender", client.config().url_prefix}, {"verb", verb}, {"error", error}});
  return true;
}

base::Result<std::string> ExtenderConversation::nodesBody(ExtenderClient& client) {
  if (client.config().node_cache_capable) return nodeNamesArgs(pod_, left_);
  if (!has_raw_nodes_) {
    std::vector<Symbol> names = left_;
    auto nodes = rawNodes(api_, names, stop_);
    if (!nodes) return base::fail(nodes.error().withPrefix("reading nodes for extenders"));
    for (std::size_t i = 0; i < names.size(); ++i) {
      raw_nodes_.emplace(names[i], std::move((*nodes)[i]));
    }
    has_raw_nodes_ = true;
  }
  std::vector<std::string> nodes;
  for (const Symbol& name : left_) {
    const auto found = raw_nodes_.find(name);
    if (found != raw_nodes_.end()) nodes.push_back(found->second);
  }
  return nodesArgs(pod_, nodes);
}

void ExtenderConversation::filterAll() {
  left_ = question_.nodes;
  for (const std::size_t index : question_.extenders) {
    if (left_.empty()) break;
    ExtenderClient& client = *clients_.at(index);
    if (!client.config().filter_verb.empty() && !filter(client)) return;
  }
  for (const Symbol& node : left_) answer_.allowed.push_back({node, 0});
}

bool ExtenderConversation::filter(ExtenderClient& client) {
  const std::string& verb = client.config().filter_verb;
  auto body = nodesBody(client);
  if (!body) return skips(client, verb, body.error().message());
  auto reply = client.post(verb, std::move(*body), stop_);
  if (!reply) return skips(client, verb, reply.error().message);
  auto result = kubeapi::parseExtenderFilterResult(*reply);
  if (!result) return skips(client, verb, result.error().message());
  if (!result->error.empty()) return skips(client, verb, result->error);
  return take(client, *result);
}

bool ExtenderConversation::take(ExtenderClient& client,
                                const kubeapi::ExtenderFilterResult& result) {
  const bool by_name = client.config().node_cache_capable && result.node_names;
  const auto& kept = by_name ? result.node_names : result.nodes;
  const std::unordered_set<Symbol> asked(left_.begin(), left_.end());
  std::unordered_set<Symbol> keeps;
  if (kept) {
    for (const std::string& name : *kept) {
      if (!asked.contains(Symbol(name))) {
        if (!by_name) continue;  // upstream checks names only, and would take the node
        return skips(client, client.config().filter_verb,
                     fmt::format("extender \"{}\" claims a filtered node \"{}\" which is not found "
                                 "in the input node list",
                                 client.config().url_prefix, name));
      }
      keeps.insert(Symbol(name));
    }
  }
  std::vector<Symbol> left;
  for (const Symbol& node : left_) {
    if (keeps.contains(node)) {
      left.push_back(node);
    } else if (result.failed_unresolvable.contains(node.str())) {
      reject(node, reasonIn(result.failed_unresolvable, node), true);
    } else {
      const bool told = result.failed.contains(node.str());
      reject(node, reasonIn(result.failed, node), !told);
    }
  }
  left_ = std::move(left);
  return true;
}

void ExtenderConversation::reject(const Symbol& node, std::string reason, bool unresolvable) {
  answer_.rejected.push_back({node, std::move(reason), unresolvable});
}

// All at once, as upstream: the slowest one is what the pod waits for.
void ExtenderConversation::scoreAll() {
  std::vector<ExtenderClient*> scorers;
  for (const std::size_t index : question_.extenders) {
    if (!clients_.at(index)->config().prioritize_verb.empty()) {
      scorers.push_back(clients_.at(index).get());
    }
  }
  std::vector<std::string> bodies;
  std::erase_if(scorers, [&](ExtenderClient* scorer) {
    auto body = nodesBody(*scorer);
    if (body) {
      bodies.push_back(std::move(*body));
    } else {
      base::log().info(
          "extender is not asked for scores",
          {{"extender", scorer->config().url_prefix}, {"error", body.error().message()}});
    }
    return !body;
  });
  std::vector<std::unordered_map<Symbol, std::int64_t>> scores(scorers.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < scorers.size(); ++i) {
      threads.emplace_back([&, i] { score(*scorers[i], std::move(bodies[i]), scores[i]); });
    }
  }
  for (std::size_t i = 0; i < scorers.size(); ++i) {
    for (ExtenderAnswer::Allowed& node : answer_.allowed) {
      const auto found = scores[i].find(node.node);
      if (found == scores[i].end()) continue;
      node.score = saturated(node.score, found->second, scorers[i]->config().weight);
    }
  }
}

// What goes wrong here costs the extender its say, nothing else.
void ExtenderConversation::score(ExtenderClient& client, std::string body,
                                 std::unordered_map<Symbol, std::int64_t>& scores) {
  const std::string& verb = client.config().prioritize_verb;
  const auto failed = [&](const std::string& error) {
    base::log().info("extender gives no scores",
                     {{"extender", client.config().url_prefix}, {"verb", verb}, {"error", error}});
  };
  try {
    auto reply = client.post(verb, std::move(body), stop_);
    if (!reply) return failed(reply.error().message);
    auto given = kubeapi::parseExtenderScores(*reply);
    if (!given) return failed(given.error().message());
    for (const auto& [host, score] : *given) {
      std::int64_t& sum = scores[Symbol(host)];
      if (__builtin_add_overflow(sum, score, &sum)) sum = score;
    }
  } catch (const std::exception& error) {
    failed(error.what());
  }
}

}  // namespace stowage::scheduler_cmd
