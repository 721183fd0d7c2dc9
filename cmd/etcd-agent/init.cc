#include "cmd/etcd-agent/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/log.h"
#include "cmd/etcd-agent/cluster_look.h"
#include "cmd/etcd-agent/decisions.h"
#include "cmd/etcd-agent/parallel.h"

namespace stowage::etcd_agent {

namespace {

constexpr auto kEvery = std::chrono::milliseconds(250);
// What is waited for is said again after so long.
constexpr auto kTellAgain = std::chrono::seconds(10);

template <typename Next>
base::Result<Next> after(base::Status status, Next next) {
  if (!status.ok()) return base::fail(std::move(status));
  return next;
}

}  // namespace

Init::Init(InitOptions options, DataFolder& folder, EtcdApi& etcd, PeerWords& words,
           const Peers& peers, base::Clock& clock)
    : options_(std::move(options)),
      folder_(folder),
      etcd_(etcd),
      words_(words),
      peers_(peers),
      clock_(clock),
      self_{peers.self(), peers.hostOf(peers.self()), peers.isFounder()} {}

base::Status Init::run(const std::stop_token& stop) {
  const base::SteadyTime until = clock_.now() + options_.patience;
  std::string waits = "nothing was found out yet";
  while (!stop.stop_requested()) {
    const auto own = folder_.read();
    if (!own) return own.error();
    const Surroundings around = look(stop);
    const Step step = nextStep(*own, around, self_, options_.max_lag);
    const auto next = std::visit([&](const auto& one) { return take(one, around); }, step);
    if (next && *next == Next::kEtcd) return {};
    if (!next) {
      if (next.error().code() == base::Code::kInvalidArgument) return next.error();
      waits = next.error().message();
      tell(waits);
    }
    if (clock_.now() >= until)
      return {base::Code::kTimeout, "its patience (--patience-seconds) is over: " + waits};
    clock_.sleepFor(kEvery, stop);
  }
  return {base::Code::kCancelled, "stopped; " + waits};
}

Surroundings Init::look(const std::stop_token& stop) {
  const std::vector<std::string> expected = peers_.expected();
  std::vector<std::string> hosts;
  for (const std::string& name : expected) hosts.push_back(peers_.hostOf(name));
  Surroundings around;
  if (const auto more = peers_.addresses(stop)) {
    hosts.insert(hosts.end(), more->begin(), more->end());
  } else {
    around.silent.push_back(more.error().message());
  }
  std::vector<std::optional<PeerWord>> words(hosts.size());
  forEachAtOnce(hosts.size(), [&](std::size_t i) {
    if (auto word = words_.ask(hosts[i])) words[i] = std::move(*word);
  });
  std::vector<std::string> members;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool named = i < expected.size();
    // A name or address may still lead to a pod that is not of this shard any more, or not yet.
    const bool ours = words[i] && words[i]->cluster == options_.config.token &&
                      (!named || words[i]->member == expected[i]);
    if (named) around.expected[expected[i]] = std::nullopt;
    if (!words[i] && !named) around.silent.push_back(hosts[i]);
    if (!ours || words[i]->member == peers_.self()) continue;
    if (named)
      around.expected[expected[i]] = words[i]->state;
    else
      around.others[words[i]->member] = words[i]->state;
    if (words[i]->state == FolderState::kMember) members.push_back(peers_.clientUrl(hosts[i]));
  }
  if (auto found = findMembers(etcd_, members)) {
    source_ = found->url;
    around.cluster = lookAt(etcd_, std::move(found->list));
  }
  return around;
}

base::Result<Init::Next> Init::take(const step::Start& /*step*/, const Surroundings& /*around*/) {
  base::log().info("etcd has run on this volume: it goes on");
  return after(writeConfig({{self_.name, peers_.peerUrlOf(self_.name)}}, false), Next::kEtcd);
}

base::Result<Init::Next> Init::take(const step::SetAside& /*step*/,
                                    const Surroundings& /*around*/) {
  base::log().warn("this member was removed: what its volume has is set aside");
  return after(folder_.setAside(), Next::kLook);
}

base::Result<Init::Next> Init::take(const step::NoteReady& /*step*/,
                                    const Surroundings& /*around*/) {
  base::log().info("all founders are empty: ready to found the cluster");
  return after(folder_.noteReady(), Next::kLook);
}

base::Result<Init::Next> Init::take(const step::Found& /*step*/, const Surroundings& /*around*/) {
  base::log().info("founding the cluster");
  std::vector<InitialMember> founders;
  for (const std::string& name : peers_.founders())
    founders.push_back({name, peers_.peerUrlOf(name)});
  return after(writeConfig(std::move(founders), true), Next::kEtcd);
}

base::Result<Init::Next> Init::take(const step::Remove& step, const Surroundings& /*around*/) {
  base::log().warn("removing the member that lost its data", {{"id", step.id}});
  const base::Status removed = etcd_.remove(source_, step.id);
  if (removed.code() == base::Code::kNotFound) return Next::kLook;
  return after(removed.withPrefix("not removed"), Next::kLook);
}

base::Result<Init::Next> Init::take(const step::AddLearner& /*step*/,
                                    const Surroundings& /*around*/) {
  const auto added = etcd_.addLearner(source_, peers_.peerUrlOf(self_.name));
  if (!added) return base::fail(added.error().withPrefix("not added as a learner"));
  base::log().info("added as a learner", {{"id", added->id}});
  return after(folder_.noteJoining(added->id), Next::kLook);
}

base::Result<Init::Next> Init::take(const step::Join& step, const Surroundings& around) {
  base::log().info("joining the cluster", {{"id", step.id}});
  return after(writeConfig(initialMembers(around.cluster->list, step.id, self_.name), false),
               Next::kEtcd);
}

base::Result<Init::Next> Init::take(const step::Wait& step, const Surroundings& /*around*/) {
  return base::fail(base::Code::kUnavailable, "waiting " + step.reason);
}

base::Status Init::writeConfig(std::vector<InitialMember> members, bool founds) {
  EtcdConfig config = options_.config;
  config.members = std::move(members);
  config.founds = founds;
  const auto rendered = renderEtcdConfig(options_.base_config, config);
  if (!rendered) return rendered.error().withPrefix("--etcd-base-config");
  return writeDurably(options_.config_file, *rendered);
}

void Init::tell(const std::string& what) {
  const base::SteadyTime now = clock_.now();
  if (what == told_ && now - told_at_ < kTellAgain) return;
  told_ = what;
  told_at_ = now;
  base::log().info("not yet", {{"why", what}});
}

}  // namespace stowage::etcd_agent
