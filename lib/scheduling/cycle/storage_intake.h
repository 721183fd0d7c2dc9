// StorageIntake: storage events into the cache, and the waiting pods that they may help. Single-
// threaded. Source of the semantics: EventsToRegister and the queueing hints of kube-scheduler's
// volume plugins, v1.36.3.
#pragma once

#include <optional>
#include <string>

#include "scheduling/cycle/context.h"
#include "scheduling/volumes/storage_change.h"

namespace stowage::scheduling {

class StorageIntake {
 public:
  explicit StorageIntake(Context& context) : context_(context) {}

  // Returns the event with `before` as it was known here.
  StorageChange changed(const StorageChange& change);
  void outage(const StorageOutage& outage);

 private:
  void wake(const StorageChange& change);

  Context& context_;
};

// Why a pod must wait for storage objects to become readable: some volume of it needs a kind that
// is not. nullopt: none does.
std::optional<std::string> storageOutageOf(const StorageState& storage, const kubeapi::Pod& pod);

}  // namespace stowage::scheduling
