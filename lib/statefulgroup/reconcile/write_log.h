// WriteLog: what was written about each group and is not seen in the caches yet. A pass on caches
// that do not show the last pass's writes would do them again, or judge a shard by pods that are
// gone: such a pass is left out. What does not show up for long is looked up, so that a write whose
// traces were overtaken (a pod made and deleted at once) holds nobody up.
// Thread safety: all methods from any thread; the entries of one group are its worker's.
// Source of the idea: kube-controller-manager 1.36, pkg/controller/util/consistency.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "statefulgroup/observed.h"
#include "statefulgroup/ports.h"

namespace stowage::statefulgroup {

class WriteLog {
 public:
  // The object is there with that uid and at that version, or a later one.
  void wrote(const std::string& group, const ObjectName& object, const Symbol& uid,
             const std::string& resource_version, base::SteadyTime now);
  // The object with that uid is gone or on its way out.
  void removed(const std::string& group, const ObjectName& object, const Symbol& uid,
               base::SteadyTime now);

  struct Missing {
    ObjectName object;
    bool removed = false;  // it should be gone
    base::SteadyTime since;
  };
  // Strikes out what `observed` shows; the first that it does not show, if any.
  std::optional<Missing> behind(const std::string& group, const Observed& observed);
  // The object was looked up: what is known of it is not waited for any longer.
  void settle(const std::string& group, const ObjectName& object);
  void forget(const std::string& group);

  [[nodiscard]] std::size_t size() const;  // entries of all groups

 private:
  struct Entry {
    Symbol uid;
    std::string resource_version;  // empty: removed
    base::SteadyTime at;
  };
  using Key = std::pair<Resource, std::string>;  // of the group's namespace
  using Entries = std::map<Key, Entry>;

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Entries> groups_;
};

// Whether version `a` is at least `b`: both are decimal numbers of any length.
bool isAtLeast(std::string_view a, std::string_view b);

}  // namespace stowage::statefulgroup
