#include "cmd/etcd-agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace stowage::etcd_agent {

namespace {

// How long a hand-over is watched before the operator is told to ask again.
constexpr auto kConfirm = std::chrono::seconds(1);
constexpr auto kConfirmEvery = std::chrono::milliseconds(50);

Answer notAsked(const base::Status& why) { return refused("etcd: " + why.message()); }

}  // namespace

Agent::Agent(AgentOptions options, EtcdApi& etcd, const Peers& peers, base::Clock& clock,
             std::stop_token stop)
    : options_(std::move(options)),
      etcd_(etcd),
      peers_(peers),
      clock_(clock),
      stop_(std::move(stop)) {}

base::Result<kubeapi::hooks::Role> Agent::role() {
  const auto status = etcd_.status(options_.self_url);
  if (!status) return base::fail(status.error());
  return roleOf(*status);
}

base::Result<std::string> Agent::subjectOf(const Request& request) const {
  if (request.pod.empty()) return peers_.self();
  if (!peers_.sameShard(request.pod))
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("this is the agent of {}, of another shard", peers_.self()));
  return request.pod;
}

Answer Agent::alone(const std::function<Answer()>& work) {
  const std::unique_lock lock(changing_, std::try_to_lock);
  if (!lock.owns_lock()) return working("another request is under way");
  return work();
}

base::Result<MemberSource> Agent::membersFromAnyone() {
  auto own = etcd_.members(options_.self_url);
  if (own) return MemberSource{options_.self_url, std::move(*own)};
  std::vector<std::string> urls;
  for (const std::string& host : peers_.namedHosts()) urls.push_back(peers_.clientUrl(host));
  if (const auto more = peers_.addresses(stop_)) {
    for (const std::string& address : *more) urls.push_back(peers_.clientUrl(address));
  }
  auto found = findMembers(etcd_, urls);
  if (found) return std::move(*found);
  return base::fail(own.error().withPrefix("no member that knows the leader answers"));
}

Answer Agent::switchover(const Request& request) {
  const auto subject = subjectOf(request);
  if (!subject) return refused(subject.error().message());
  if (*subject != peers_.self()) return refused("only the leader itself can hand over");
  const auto own = etcd_.status(options_.self_url);
  if (!own) return notAsked(own.error());
  if (own->leader == 0) return working("there is no leader now");
  if (own->leader != own->member) return done("another member leads");
  return alone([&] { return handOver(*own); });
}

Answer Agent::handOver(const MemberStatus& own) {
  auto list = etcd_.members(options_.self_url);
  if (!list) return notAsked(list.error());
  const ClusterSight sight = lookAt(etcd_, std::move(*list));
  const Member* to = successorOf(sight, own.member, options_.max_lag);
  if (to == nullptr) return refused("no other voter is up and has caught up");
  base::log().info("handing the leadership over", {{"to", to->name}, {"term", own.term}});
  if (base::Status moved = etcd_.transferLeadership(options_.self_url, to->id); !moved.ok())
    return working("the leadership was not moved: " + moved.message());
  const base::SteadyTime until = clock_.now() + kConfirm;
  do {
    const auto now = etcd_.status(options_.self_url);
    if (now && now->leader != 0 && now->leader != own.member) return done();
  } while (clock_.now() < until && clock_.sleepFor(kConfirmEvery, stop_));
  return working(fmt::format("{} was asked to lead", to->name));
}

Answer Agent::join(const Request& request) {
  const auto subject = subjectOf(request);
  if (!subject) return refused(subject.error().message());
  if (*subject != peers_.self()) return refused("a member joins by its own agent");
  const auto own = etcd_.status(options_.self_url);
  if (!own) return working("etcd does not answer yet");
  if (!own->learner) return own->leader == 0 ? working("it follows no leader yet") : done();
  return alone([&] {
    const auto source = membersFromAnyone();
    if (!source) return notAsked(source.error());
    const Member* member = source->list.byId(own->member);
    if (member == nullptr) return refused("it is no member of the cluster any more");
    if (!member->learner) return done();
    const base::Status promoted = etcd_.promote(source->url, own->member);
    if (!promoted.ok()) return working("not promoted yet: " + promoted.message());
    base::log().info("a learner was promoted", {{"member", peers_.self()}});
    return done();
  });
}

Answer Agent::leave(const Request& request) {
  const auto subject = subjectOf(request);
  if (!subject) return refused(subject.error().message());
  return alone([&] { return removeMember(*subject); });
}

Answer Agent::removeMember(const std::string& pod) {
  auto source = membersFromAnyone();
  if (!source) return notAsked(source.error());
  const ClusterSight sight = lookAt(etcd_, std::move(source->list));
  const Member* member = memberOfPod(sight.list, pod, peers_.hostOf(pod));
  if (member == nullptr) return done("it is no member");
  if (Answer may = mayBeRemoved(sight, *member, options_.max_lag);
      may.verdict != kubeapi::hooks::Verdict::kDone)
    return may;
  const base::Status removed = etcd_.remove(source->url, member->id);
  if (!removed.ok() && removed.code() != base::Code::kNotFound)
    return working("not removed: " + removed.message());
  base::log().info("a member was removed", {{"member", pod}, {"id", member->id}});
  return done();
}

Answer Agent::preDisruption(const Request& request) {
  const auto subject = subjectOf(request);
  if (!subject) return refused(subject.error().message());
  auto source = membersFromAnyone();
  if (!source) return notAsked(source.error());
  const ClusterSight sight = lookAt(etcd_, std::move(source->list));
  const Member* member = memberOfPod(sight.list, *subject, peers_.hostOf(*subject));
  if (member == nullptr) return done("it is no member");
  return mayBeDown(sight, *member, options_.max_lag);
}

Answer Agent::postRestart(const Request& request) {
  const auto subject = subjectOf(request);
  if (!subject) return refused(subject.error().message());
  if (*subject != peers_.self()) return refused("a member tells by its own agent");
  const auto own = etcd_.status(options_.self_url);
  if (!own) return working("etcd does not answer yet");
  if (own->leader == 0 || own->leader == own->member || own->learner)
    return hasCaughtUp(*own, *own, options_.max_lag);
  const auto list = etcd_.members(options_.self_url);
  if (!list) return notAsked(list.error());
  const Member* leader = list->byId(own->leader);
  if (leader == nullptr || leader->client_urls.empty())
    return working("the leader's address is not known yet");
  const auto theirs = etcd_.status(leader->client_urls.front());
  if (!theirs) return working("the leader does not answer: " + theirs.error().message());
  return hasCaughtUp(*own, *theirs, options_.max_lag);
}

}  // namespace stowage::etcd_agent
