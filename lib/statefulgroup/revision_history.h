// History: which revision a group's spec is, and which old ones may go. Pure functions over the
// ControllerRevisions that carry the group's label.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "statefulgroup/revision.h"

namespace stowage::statefulgroup {

struct RevisionHistory {
  struct Unreadable {
    Symbol name;
    std::int64_t number = 0;
    base::Status problem;
  };
  // Oldest first; of equal numbers by name.
  std::vector<Revision> revisions;
  std::vector<Unreadable> unreadable;  // ours, too
  // Nobody's: of a group that went and left them. To be taken over before anything is chosen, or
  // pods that were left with them would be restarted.
  std::vector<kubeapi::ControllerRevisionPtr> orphans;
  // Names that are taken, whoever has them.
  std::set<std::string> names;

  // The revision of that name, or nullptr.
  [[nodiscard]] const Revision* find(std::string_view name) const;
};

// Ours are those whose controller is this very group, told by its uid.
RevisionHistory readHistory(const kubeapi::StatefulGroup& group,
                            const std::vector<kubeapi::ControllerRevisionPtr>& objects);

struct RevisionChoice {
  enum class Kind : std::uint8_t {
    kCurrent,  // the newest one is it
    kBump,     // an older one is it: it gets a new number (a rollback makes no new object)
    kCreate,   // it has to be made
    kBlocked,  // none may be made; `problem` says why, and pods stay as they are
  } kind = Kind::kBlocked;
  // As it shall be. Absent when blocked.
  std::optional<Revision> revision;
  int collisions = 0;  // for status.collisionCount and the next choice
  base::Status problem;
};

// `collisions`: at least status.collisionCount; one more after a creation met a name that was taken
// by something that is not in `history`.
RevisionChoice chooseRevision(const kubeapi::StatefulGroup& group, const RevisionHistory& history,
                              int collisions);

// Names of old revisions beyond `limit`, oldest first; never one of `live`.
std::vector<std::string> revisionsToDelete(const RevisionHistory& history,
                                           const std::set<std::string>& live, int limit);

}  // namespace stowage::statefulgroup
