#include "scheduling/cycle/volume_steps.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "kubeapi/kept_annotations.h"

namespace stowage::scheduling {
namespace {

using base::SteadyTime;

constexpr base::Duration kFullPause = std::chrono::milliseconds(20);

kubeapi::ClaimReference referenceTo(const kubeapi::PersistentVolumeClaim& claim) {
  return {claim.meta.ns, claim.meta.name, claim.meta.uid};
}

// Claimed for that claim by name, if not yet by uid.
bool isFor(const kubeapi::PersistentVolume& volume, const kubeapi::ClaimReference& claim) {
  return volume.claim && volume.claim->ns == claim.ns && volume.claim->name == claim.name &&
         (volume.claim->uid.empty() || volume.claim->uid == claim.uid);
}

}  // namespace

void VolumeSteps::add(Flight& flight, const VolumePlan::Binding& binding) {
  static const Symbol by_controller(kubeapi::kBoundByController);
  const kubeapi::PersistentVolume& volume = *binding.volume;
  const kubeapi::ClaimReference claim = referenceTo(*binding.claim);
  Step step;
  step.write.pod = flight.pod;
  step.write.kind = VolumeWrite::Kind::kClaimVolume;
  step.write.name = volume.meta.name;
  step.write.resource_version = volume.meta.resource_version;
  step.write.claim = claim;
  step.write.claim_version = binding.claim->meta.resource_version;
  // An admin's own reference is not the controller's.
  step.write.mark_by_controller =
      !isFor(volume, claim) && volume.meta.annotations.find(by_controller) == nullptr;
  step.done = volume.claim == claim;
  if (!step.done) context_.cache.storage().assumeClaimed(volume.meta.name, claim, flight.pod.uid);
  flight.steps.push_back(std::move(step));
  flight.targets.push_back({keyOf(*binding.claim), volume.meta.name, volume.meta.resource_version});
}

void VolumeSteps::add(Flight& flight, const kubeapi::PersistentVolumeClaimPtr& provision) {
  static const Symbol selected(kubeapi::kSelectedNode);
  const kubeapi::PersistentVolumeClaim& claim = *provision;
  Step step;
  step.write.pod = flight.pod;
  step.write.kind = VolumeWrite::Kind::kSelectNode;
  step.write.ns = claim.meta.ns;
  step.write.name = claim.meta.name;
  step.write.resource_version = claim.meta.resource_version;
  step.write.node = flight.node;
  const Symbol* chosen = claim.meta.annotations.find(selected);
  step.done = chosen != nullptr && *chosen == flight.node;
  if (!step.done) {
    context_.cache.storage().assumeSelected(keyOf(claim), flight.node, flight.pod.uid);
  }
  flight.steps.push_back(std::move(step));
  flight.targets.push_back({keyOf(claim), {}, claim.meta.resource_version});
}

void VolumeSteps::start(const PodRef& pod, const Symbol& node, const VolumePlan& plan,
                        base::Duration timeout) {
  forget(pod.uid);
  Flight& flight = flights_[pod.uid];
  flight.pod = pod;
  flight.node = node;
  flight.number = ++last_number_;
  flight.timeout = timeout;
  for (const VolumePlan::Binding& binding : plan.bindings) add(flight, binding);
  for (const auto& provision : plan.provisions) add(flight, provision);
  for (const BindTarget& target : flight.targets) by_claim_[target.claim].push_back(pod.uid);
  writeNext(flight);
}

void VolumeSteps::setDue(Flight& flight, SteadyTime due) {
  flight.due = due;
  next_due_ = std::min(next_due_, due);
}

void VolumeSteps::writeNext(Flight& flight) {
  while (flight.next < flight.steps.size() && flight.steps[flight.next].done) ++flight.next;
  if (flight.next == flight.steps.size()) {
    flight.waiting = true;
    setDue(flight, context_.clock.now() + flight.timeout);
    look(flight);
    return;
  }
  setDue(flight, SteadyTime::max());
  VolumeWrite& write = flight.steps[flight.next].write;
  write.number = flight.number;
  if (context_.ports.volumes == nullptr) {
    end(flight.pod.uid, "nothing here writes volumes");
  } else if (!context_.ports.volumes->write(write)) {
    setDue(flight, context_.clock.now() + kFullPause);
  }
}

void VolumeSteps::written(const VolumeWriteAnswer& answer) {
  const auto found = flights_.find(answer.write.pod.uid);
  if (found == flights_.end() || found->second.number != answer.write.number) return;
  Flight& flight = found->second;
  if (flight.waiting || flight.next >= flight.steps.size()) return;
  if (!answer.error.empty()) {
    end(flight.pod.uid, answer.error);
    return;
  }
  flight.steps[flight.next].done = true;
  flight.targets[flight.next].version = answer.resource_version;
  writeNext(flight);
}

void VolumeSteps::look(Flight& flight) {
  if (!flight.waiting) return;
  const placement::NodeIndex index = context_.cache.state().findNode(flight.node);
  BindProgress progress;
  if (index == placement::kNoNode) {
    const std::string name = "\"" + flight.node.str() + "\"";
    progress = {BindProgress::State::kFailed,
                "failed to get node " + name + ": node " + name + " not found"};
  } else {
    const StorageState& storage = context_.cache.storage();
    const auto csi = storage.csiNode(flight.node);
    const auto& labels = context_.cache.nodeAt(index).node->meta.labels;
    progress = bindProgress(storage, flight.targets, {flight.node, labels, csi.get()});
  }
  if (progress.state == BindProgress::State::kBound) {
    end(flight.pod.uid, {});
  } else if (progress.state == BindProgress::State::kFailed) {
    end(flight.pod.uid, "binding volumes: " + progress.why);
  }
}

void VolumeSteps::lookAt(const ClaimKey& claim) {
  const auto found = by_claim_.find(claim);
  if (found == by_claim_.end()) return;
  const std::vector<Symbol> pods = found->second;  // flights may end while we look
  for (const Symbol& pod : pods) {
    const auto flight = flights_.find(pod);
    if (flight != flights_.end()) look(flight->second);
  }
}

void VolumeSteps::changed(const StorageChange& change) {
  if (flights_.empty()) return;
  if (const auto* claim = std::get_if<ObjectChange<kubeapi::PersistentVolumeClaim>>(&change)) {
    const auto& known = claim->after != nullptr ? claim->after : claim->before;
    if (known != nullptr) lookAt(keyOf(*known));
  } else if (const auto* volume = std::get_if<ObjectChange<kubeapi::PersistentVolume>>(&change)) {
    for (const auto& object : {volume->before, volume->after}) {
      if (object != nullptr && object->claim) lookAt({object->claim->ns, object->claim->name});
    }
  }
}

void VolumeSteps::nodeChanged(const Symbol& node) {
  std::vector<Symbol> pods;
  for (const auto& [uid, flight] : flights_) {
    if (flight.node == node && flight.waiting) pods.push_back(uid);
  }
  for (const Symbol& pod : pods) {
    const auto flight = flights_.find(pod);
    if (flight != flights_.end()) look(flight->second);
  }
}

void VolumeSteps::runTimers() {
  const SteadyTime now = context_.clock.now();
  if (now < next_due_) return;
  next_due_ = SteadyTime::max();
  std::vector<Symbol> due;
  for (const auto& [uid, flight] : flights_) {
    if (flight.due <= now) {
      due.push_back(uid);
    } else {
      next_due_ = std::min(next_due_, flight.due);
    }
  }
  for (const Symbol& pod : due) {
    const auto found = flights_.find(pod);
    if (found == flights_.end()) continue;
    if (found->second.waiting) {
      end(pod, "binding volumes: context deadline exceeded");
    } else {
      writeNext(found->second);
    }
  }
}

// What was written stays assumed until the watch shows it: it has happened.
void VolumeSteps::revert(const Flight& flight) {
  StorageState& storage = context_.cache.storage();
  for (std::size_t i = 0; i < flight.steps.size(); ++i) {
    if (flight.steps[i].done) continue;
    if (flight.targets[i].volume.empty()) {
      storage.revertClaim(flight.targets[i].claim, flight.pod.uid);
    } else {
      storage.revertVolume(flight.targets[i].volume, flight.pod.uid);
    }
  }
}

void VolumeSteps::forget(const Symbol& pod) {
  const auto found = flights_.find(pod);
  if (found == flights_.end()) return;
  for (const BindTarget& target : found->second.targets) {
    const auto list = by_claim_.find(target.claim);
    if (list == by_claim_.end()) continue;
    std::erase(list->second, pod);
    if (list->second.empty()) by_claim_.erase(list);
  }
  revert(found->second);
  flights_.erase(found);
}

void VolumeSteps::end(const Symbol& pod, const std::string& error) {
  const Symbol uid(pod.view());  // `pod` may live in the flight that goes
  forget(uid);
  finished_(uid, error);
}

void VolumeSteps::cancel(const Symbol& pod) { forget(Symbol(pod)); }

}  // namespace stowage::scheduling
