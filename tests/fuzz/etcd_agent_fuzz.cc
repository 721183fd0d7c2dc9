// What the etcd agent reads: the operator's requests, etcd's answers, other agents' words, reviews
// of tokens, and the user's part of etcd's configuration; and what it does after them.
#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cmd/etcd-agent/agent.h"
#include "cmd/etcd-agent/decisions.h"
#include "cmd/etcd-agent/etcd_config.h"
#include "cmd/etcd-agent/etcd_json.h"
#include "cmd/etcd-agent/hook_access.h"
#include "cmd/etcd-agent/peer_word.h"
#include "fuzz/fuzz_target.h"
#include "kubeapi/hooks.h"

namespace stowage {
namespace {

using namespace etcd_agent;
using kubeapi::hooks::Verdict;
using Json = nlohmann::json;

constexpr std::uint64_t kLag = 1000;

// ---- decoders

void examine(const ClusterSight& sight, std::string_view input) {
  const int voters = sight.list.voters();
  for (const Member& member : sight.list.members) {
    const int others = votersThatFollow(sight, member.id, kLag);
    if (others > voters - (member.learner ? 0 : 1)) fuzz::broken("more follow than vote", input);
    if (mayBeRemoved(sight, member, kLag).verdict == Verdict::kDone && !member.learner &&
        others < (voters - 1) / 2 + 1)
      fuzz::broken("a member may be removed that the quorum needs", input);
    if (mayBeDown(sight, member, kLag).verdict == Verdict::kDone && !member.learner && voters > 1 &&
        others < voters / 2 + 1)
      fuzz::broken("a member may be down that the quorum needs", input);
    const Member* next = successorOf(sight, member.id, kLag);
    if (next != nullptr && (next->id == member.id || next->learner))
      fuzz::broken("somebody is to lead who cannot", input);
    const Member* found = memberOfPod(sight.list, member.name);
    if (!member.name.empty() && (found == nullptr || found->name != member.name))
      fuzz::broken("a member is not found by its name", input);
  }
}

STOWAGE_FUZZ_TARGET(etcd_answers) {
  if (decodeRefusal(400, input).size() > 256) fuzz::broken("a refusal is too long", input);
  (void)decodeAdded(input);
  const auto status = decodeStatus(input);
  if (status) {
    const auto role = roleOf(*status);
    const auto again = kubeapi::hooks::decodeRole(kubeapi::hooks::encodeRole(role));
    if (!again || again->role != role.role || again->term != role.term)
      fuzz::broken("a role is not what was written", input);
    (void)hasCaughtUp(*status, *status, kLag);
  }
  auto list = decodeMembers(input);
  if (!list) return;
  // An input may be a list and a status: then all members say the same of themselves.
  ClusterSight sight{std::move(*list), {}};
  for (const Member& member : sight.list.members) {
    if (!status) continue;
    sight.statuses[member.id] = *status;
    sight.statuses[member.id].member = member.id;
  }
  examine(sight, input);
  (void)initialMembers(sight.list, sight.list.members.front().id, "db-0-1");
}

STOWAGE_FUZZ_TARGET(peer_words) {
  const auto word = decodePeerWord(input);
  if (!word) return;
  const auto again = decodePeerWord(encodePeerWord(*word));
  if (!again || again->cluster != word->cluster || again->member != word->member ||
      again->state != word->state)
    fuzz::broken("a word is not what was written", input);
}

STOWAGE_FUZZ_TARGET(etcd_config) {
  EtcdConfig config{"db-0-1",
                    "/data",
                    "http://0.0.0.0:2380",
                    "http://0.0.0.0:2379",
                    "http://a:2380",
                    "http://a:2379",
                    "ns/db-0",
                    {{"db-0-1", "http://a:2380"}},
                    true};
  const auto first = renderEtcdConfig(std::string(input), config);
  if (first && first->find("ns/db-0") == std::string::npos)
    fuzz::broken("what the agent sets is not there", input);
}

// ---- requests, and what is asked of etcd for them

// Every member's answers come from the input: which line, its URL decides.
class GivenEtcd final : public EtcdApi {
 public:
  GivenEtcd(std::vector<std::string_view> lines, std::string_view input)
      : lines_(std::move(lines)), input_(input) {}

  base::Result<MemberStatus> status(const std::string& url) override {
    return decodeStatus(lineFor(url, 1));
  }
  base::Result<MemberList> members(const std::string& url) override {
    return decodeMembers(lineFor(url, 2));
  }
  base::Result<Member> addLearner(const std::string& /*url*/,
                                  const std::string& /*peer_url*/) override {
    fuzz::broken("a request adds a member", input_);
  }
  base::Status promote(const std::string& url, std::uint64_t id) override {
    return change(promoted, url, id);
  }
  base::Status remove(const std::string& url, std::uint64_t id) override {
    return change(removed, url, id);
  }
  base::Status transferLeadership(const std::string& url, std::uint64_t to) override {
    return change(leads, url, to);
  }

  std::vector<std::uint64_t> promoted;
  std::vector<std::uint64_t> removed;
  std::vector<std::uint64_t> leads;

 private:
  [[nodiscard]] std::string_view lineFor(const std::string& url, std::size_t salt) const {
    std::size_t number = salt;
    for (const char c : url) number = number * 31 + static_cast<unsigned char>(c);
    return lines_.empty() ? std::string_view() : lines_[number % lines_.size()];
  }
  base::Status change(std::vector<std::uint64_t>& list, const std::string& url, std::uint64_t id) {
    list.push_back(id);
    if (promoted.size() + removed.size() + leads.size() > 1)
      fuzz::broken("a request changes more than one thing", input_);
    if (lineFor(url, 3).size() % 2 == 0) return {};
    return {base::Code::kConflict, decodeRefusal(400, lineFor(url, 3))};
  }

  const std::vector<std::string_view> lines_;
  const std::string_view input_;
};

// Time passes when somebody waits.
class HastyClock final : public base::Clock {
 public:
  [[nodiscard]] base::SteadyTime now() const override { return now_; }
  [[nodiscard]] base::WallTime wallNow() const override { return {}; }
  bool sleepUntil(base::SteadyTime deadline, const std::stop_token& /*stop*/) override {
    now_ = std::max(now_, deadline);
    return true;
  }

 private:
  base::SteadyTime now_{};
};

std::vector<std::string_view> linesOf(std::string_view input) {
  std::vector<std::string_view> lines;
  while (!input.empty() && lines.size() < 16) {
    lines.push_back(input.substr(0, input.find('\n')));
    input.remove_prefix(std::min(input.size(), lines.back().size() + 1));
  }
  return lines;
}

// The first line is a request, the others are what etcd may answer.
STOWAGE_FUZZ_TARGET(agent_requests) {
  std::vector<std::string_view> lines = linesOf(input);
  if (lines.empty()) return;
  const auto request = kubeapi::hooks::decodeRequest(lines.front());
  if (!request) return;
  const std::size_t turn = lines.front().size();
  lines.erase(lines.begin());
  GivenEtcd etcd(lines, input);
  HastyClock clock;
  PeerOptions options;
  options.name = "db-0-1";
  const Peers peers(options, clock);
  const std::string self = "http://db-0-1:2379";
  Agent agent({self, kLag}, etcd, peers, clock, {});
  using Verb = Answer (Agent::*)(const Agent::Request&);
  constexpr Verb kVerbs[] = {&Agent::join, &Agent::leave, &Agent::switchover, &Agent::preDisruption,
                             &Agent::postRestart};
  const Answer answer = (agent.*kVerbs[turn % std::size(kVerbs)])(*request);
  if (kubeapi::hooks::encodeMessage(answer.message).size() > 6 * 512 + 32)
    fuzz::broken("an answer is too long", input);
  const auto own = etcd.status(self);
  if (!etcd.promoted.empty() && (!own || own->member != etcd.promoted.front()))
    fuzz::broken("somebody else was promoted", input);
  if (!etcd.leads.empty() && (!own || own->member == etcd.leads.front()))
    fuzz::broken("the leadership went nowhere", input);
  const bool about_us = request->pod.empty() || peers.sameShard(request->pod);
  if (!etcd.removed.empty() && !about_us) fuzz::broken("a foreign pod's member went", input);
  if (!etcd.promoted.empty() && !request->pod.empty() && request->pod != "db-0-1")
    fuzz::broken("it was promoted for another one", input);
}

// ---- reviews of tokens

class OneAnswer final : public k8sclient::ApiClient {
 public:
  explicit OneAnswer(std::string_view answer) : answer_(answer) {}
  k8sclient::ApiResult<std::string> call(k8sclient::Method /*method*/, const std::string& /*path*/,
                                         std::string_view /*body*/,
                                         std::string_view /*content_type*/,
                                         const k8sclient::CallOptions& /*options*/,
                                         const std::stop_token& /*stop*/) override {
    return std::string(answer_);
  }
  k8sclient::ApiResult<k8sclient::StreamEnd> stream(
      const std::string& /*path*/, const k8sclient::StreamOptions& /*options*/,
      const std::stop_token& /*stop*/,
      const std::function<bool(std::string_view)>& /*on_data*/) override {
    return tl::unexpected(k8sclient::ApiError{});
  }

 private:
  const std::string_view answer_;
};

STOWAGE_FUZZ_TARGET(token_review) {
  OneAnswer api(input);
  const std::string user = kubeapi::hooks::userOf({"system", "operator"});
  HookAccess access(api, "stowage-hooks.ns", user);
  const auto who = access.authenticate("token", {});
  if (!who || !*who) return;
  // A yes, by another reading of the same.
  const Json review = Json::parse(input, nullptr, false);
  const Json& status = review.at("status");
  const Json& audiences = status.at("audiences");
  if (status.at("authenticated") != true ||
      std::find(audiences.begin(), audiences.end(), "stowage-hooks.ns") == audiences.end())
    fuzz::broken("a token was let in that is not for this", input);
  if (status.at("user").at("username") != (*who)->user)
    fuzz::broken("somebody else is let in", input);
  if ((*who)->user != user) return;  // whom it would warn of
  if (!access.authorize(**who, "/v1/leave", "post", {}).value_or(false))
    fuzz::broken("the operator is not let in", input);
}

}  // namespace
}  // namespace stowage
