#include "scheduling/cycle/reconfiguration.h"

#include <string_view>
#include <utility>

namespace stowage::scheduling {
namespace {

constexpr std::string_view kReload = "ConfigurationReload";

}  // namespace

void Reconfiguration::run() {
  context_.queue.setBackoff(context_.options.pod_initial_backoff, context_.options.pod_max_backoff);
  Runners runners = successors();
  moveEntries(runners);
  install(std::move(runners));
  intake_.profilesChanged();
  // Whatever kept them away may be gone.
  context_.queue.wakeWhere(
      kReload, [](const QueuedPod& entry) { return (entry.rejectors & kQuarantineRejector) == 0; });
}

std::unique_ptr<ProfileRunner> Reconfiguration::runnerOf(const Profile& profile) const {
  return std::make_unique<ProfileRunner>(profile, context_.cache, context_.options.max_shapes,
                                         context_.options.verify_caches, &context_.clock);
}

// One for each number there was, retired where the new profiles lack its name; then the new names.
Reconfiguration::Runners Reconfiguration::successors() {
  Runners out(context_.profiles.size());
  for (const Profile& profile : context_.options.profiles) {
    std::size_t number = 0;
    while (number < context_.profiles.size() &&
           context_.profiles[number]->schedulerName() != profile.scheduler_name)
      ++number;
    if (number < context_.profiles.size()) {
      out[number] = runnerOf(profile);
    } else {
      out.push_back(runnerOf(profile));
    }
  }
  // A fresh one also of these: verdicts that nobody asks for any more leave memory.
  for (std::size_t number = 0; number < context_.profiles.size(); ++number) {
    if (out[number] != nullptr) continue;
    out[number] = runnerOf(context_.profiles[number]->profile());
    out[number]->retire();
  }
  return out;
}

// Every entry's shape is of its profile's runner: of the new one from now on. Pods that are in
// flight for a profile that is gone come to an end there.
void Reconfiguration::moveEntries(const Runners& successors) {
  context_.queue.forEach([&](QueuedPod& entry) {
    ProfileRunner& next = *successors[entry.profile];
    if (next.retired()) {
      intake_.disown(entry.pod);
      if (entry.place != Place::kInFlight) {
        dropFromQueue(context_, entry);
        return;
      }
    }
    const ShapeId shape = next.acquireShape(*entry.pod);
    context_.profiles[entry.profile]->shapes().release(entry.shape);
    entry.shape = shape;
  });
}

void Reconfiguration::install(Runners successors) {
  for (std::size_t number = 0; number < successors.size(); ++number) {
    if (number < context_.profiles.size()) {
      context_.metrics.evaluations(number, *context_.profiles[number]);
      context_.profiles[number] = std::move(successors[number]);
    } else {
      context_.profiles.push_back(std::move(successors[number]));
    }
    context_.metrics.profileChanged(number, *context_.profiles[number]);
  }
}

}  // namespace stowage::scheduling
