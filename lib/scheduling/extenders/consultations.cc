#include "scheduling/extenders/consultations.h"

#include <utility>

#include "scheduling/plugins/priority_sort/priority_sort.h"

namespace stowage::scheduling {

void Consultations::setState(Pod& pod, State state) {
  if (pod.state == State::kTurn) --waiting_;
  if (pod.state == State::kAnswered) --answered_;
  pod.state = state;
  if (state == State::kTurn) ++waiting_;
  if (state == State::kAnswered) ++answered_;
}

void Consultations::end(const Symbol& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return;
  setState(found->second, State::kTrying);
  pods_.erase(found);
}

void Consultations::attempted(const Symbol& uid) {
  const auto found = pods_.find(uid);
  if (found != pods_.end() && found->second.state == State::kTrying) pods_.erase(found);
}

const Consultations::Said* Consultations::of(const Symbol& uid) const {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : &found->second.said;
}

// The first by the order of the queue; those that were deleted or settled meanwhile are forgotten.
QueuedPod* Consultations::firstIn(State wanted) {
  QueuedPod* first = nullptr;
  for (auto pod = pods_.begin(); pod != pods_.end();) {
    const auto at = pod++;
    if (at->second.state != wanted) continue;
    QueuedPod* entry = context_.queue.find(at->first);
    if (entry == nullptr || entry->place != Place::kInFlight) {
      end(Symbol(at->first));
      continue;
    }
    if (first == nullptr || PrioritySort()(*entry, *first)) first = entry;
  }
  return first;
}

QueuedPod* Consultations::next() {
  QueuedPod* first = answered_ > 0 ? firstIn(State::kAnswered) : nullptr;
  if (first == nullptr && waiting_ > 0 && !under_way_) first = firstIn(State::kTurn);
  if (first == nullptr) return nullptr;
  Pod& pod = pods_.at(first->pod->meta.uid);
  // Another pod by now, as far as extenders can see: what they said was about the old one.
  if (pod.shape != first->shape || !(pod.pod->meta.labels == first->pod->meta.labels)) {
    const base::SteadyTime started = pod.said.attempt_started;
    pod.said = {};
    pod.said.attempt_started = started;
  }
  setState(pod, State::kTrying);
  return first;
}

bool Consultations::ask(const QueuedPod& entry, About about, ExtenderQuestion question,
                        base::SteadyTime attempt_started) {
  const auto [at, is_new] = pods_.try_emplace(entry.pod->meta.uid);
  Pod& pod = at->second;
  if (is_new) {
    ++waiting_;  // kTurn
    pod.said.attempt_started = attempt_started;
  }
  pod.about = about;
  pod.shape = entry.shape;
  pod.pod = entry.pod;
  if (about == About::kNodes) pod.said.candidates.reset();
  if (under_way_) {
    setState(pod, State::kTurn);
    return true;
  }
  question.pod = refOf(*entry.pod);
  question.number = ++last_number_;
  if (about == About::kPromised) pod.said.promised = question.nodes.front();
  pod.said.events = context_.events;
  setState(pod, State::kAsked);
  if (context_.ports.extenders == nullptr || !context_.ports.extenders->ask(question)) {
    end(entry.pod->meta.uid);
    return false;
  }
  under_way_ = question.number;
  return true;
}

// The question that is under way is still answered, and then forgotten: the port takes one at a
// time.
void Consultations::startOver() {
  for (auto& [uid, pod] : pods_) {
    const base::SteadyTime started = pod.said.attempt_started;
    pod.said = {};
    pod.said.attempt_started = started;
    setState(pod, State::kTurn);
  }
}

void Consultations::answered(const ExtenderAnswer& answer) {
  if (under_way_ != answer.number) return;
  under_way_.reset();
  const auto found = pods_.find(answer.pod.uid);
  if (found == pods_.end() || found->second.state != State::kAsked) return;
  Pod& pod = found->second;
  switch (pod.about) {
    case About::kPromised:
      pod.said.promised_allowed = answer.error.empty() && !answer.allowed.empty();
      break;
    case About::kNodes:
      pod.said.nodes = answer;
      break;
    case About::kCandidates:
      pod.said.candidates = answer;
      break;
  }
  setState(pod, State::kAnswered);
}

}  // namespace stowage::scheduling
