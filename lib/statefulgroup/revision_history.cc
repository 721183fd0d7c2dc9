#include "statefulgroup/revision_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "statefulgroup/names.h"

namespace stowage::statefulgroup {

namespace {

using base::Code;
using base::Status;
using Kind = RevisionChoice::Kind;

enum class Owner { kUs, kNobody, kOther };

Owner ownerOf(const kubeapi::ObjectMeta& meta, const Symbol& group_uid) {
  for (const kubeapi::OwnerReference& owner : meta.owners) {
    if (owner.controller) return owner.uid == group_uid ? Owner::kUs : Owner::kOther;
  }
  return Owner::kNobody;
}

RevisionChoice blocked(Code code, std::string problem) {
  RevisionChoice choice;
  choice.problem = Status(code, std::move(problem));
  return choice;
}

RevisionChoice numbersUsedUp() {
  return blocked(Code::kResourceExhausted,
                 "the numbers of revisions are used up; delete the one with the highest number");
}

// A revision that a newer operator made, after all that we can read: what it rendered we cannot.
const RevisionHistory::Unreadable* newerThanUs(const RevisionHistory& history) {
  const std::int64_t newest = history.revisions.empty() ? -1 : history.revisions.back().number();
  for (const auto& other : history.unreadable) {
    if (other.problem.code() == Code::kUnsupported && other.number > newest) return &other;
  }
  return nullptr;
}

// Above every number that is in use.
std::int64_t nextNumber(const RevisionHistory& history) {
  std::int64_t highest = 0;
  for (const Revision& revision : history.revisions) {
    highest = std::max(highest, revision.number());
  }
  for (const auto& other : history.unreadable) {
    if (other.number <= Revision::kMaxNumber) highest = std::max(highest, other.number);
  }
  return highest + 1;
}

RevisionChoice newRevision(const kubeapi::StatefulGroup& group, const RevisionHistory& history,
                           int collisions) {
  const std::string data = revisionData(group);
  const std::int64_t number = nextNumber(history);
  if (number > Revision::kMaxNumber) return numbersUsedUp();
  if (data.size() > kubeapi::group::RawJson::kMaxBytes) {
    return blocked(Code::kInvalidArgument,
                   "template and shardOverrides are larger than 512 KiB together");
  }
  const Names names(group);
  RevisionChoice choice;
  choice.kind = Kind::kCreate;
  choice.collisions = std::max(collisions, 0);
  // Ends: there are no more taken names than objects.
  while (history.names.contains(names.revision(revisionHash(data, choice.collisions)))) {
    ++choice.collisions;
  }
  auto revision =
      Revision::fromData(names.revision(revisionHash(data, choice.collisions)), number, data);
  if (!revision) return blocked(revision.error().code(), revision.error().message());
  choice.revision = *revision;
  return choice;
}

// How many names were taken before the revision got its own; the pass that found out has ended with
// making it.
int namesPassedOver(const Names& names, const std::string& data, const std::string& name) {
  constexpr int kMost = 10;  // as many as one pass tries
  for (int seed = 0; seed < kMost; ++seed) {
    if (names.revision(revisionHash(data, seed)) == name) return seed;
  }
  return 0;
}

}  // namespace

const Revision* RevisionHistory::find(std::string_view name) const {
  const auto found = std::find_if(revisions.begin(), revisions.end(),
                                  [&](const Revision& r) { return r.name() == name; });
  return found == revisions.end() ? nullptr : &*found;
}

RevisionHistory readHistory(const kubeapi::StatefulGroup& group,
                            const std::vector<kubeapi::ControllerRevisionPtr>& objects) {
  RevisionHistory history;
  for (const auto& object : objects) {
    history.names.insert(object->meta.name.str());
    const Owner owner = ownerOf(object->meta, group.meta.uid);
    if (owner == Owner::kNobody) history.orphans.push_back(object);
    if (owner != Owner::kUs) continue;
    auto revision = Revision::parse(*object);
    if (revision) {
      history.revisions.push_back(std::move(*revision));
    } else {
      history.unreadable.push_back({object->meta.name, object->revision, revision.error()});
    }
  }
  std::sort(history.revisions.begin(), history.revisions.end(),
            [](const Revision& a, const Revision& b) {
              return std::forward_as_tuple(a.number(), a.name()) <
                     std::forward_as_tuple(b.number(), b.name());
            });
  return history;
}

RevisionChoice chooseRevision(const kubeapi::StatefulGroup& group, const RevisionHistory& history,
                              int collisions) {
  if (const auto* newer = newerThanUs(history)) {
    return blocked(newer->problem.code(),
                   fmt::format("revision {}: {}", newer->name.view(), newer->problem.message()));
  }
  const auto& revisions = history.revisions;
  // Each by the rules of its own version: a newer operator finds what an older one made.
  std::map<int, std::string> data;
  const auto same = std::find_if(revisions.rbegin(), revisions.rend(), [&](const Revision& r) {
    std::string& wanted = data[r.renderVersion()];
    if (wanted.empty()) wanted = revisionData(group, r.renderVersion());
    return r.data() == wanted;
  });
  if (same == revisions.rend()) return newRevision(group, history, collisions);
  RevisionChoice choice;
  choice.collisions = std::max(
      collisions, namesPassedOver(Names(group), data.at(same->renderVersion()), same->name()));
  choice.kind = Kind::kCurrent;
  choice.revision = *same;
  if (same == revisions.rbegin()) return choice;
  const std::int64_t number = nextNumber(history);
  if (number > Revision::kMaxNumber) return numbersUsedUp();
  choice.kind = Kind::kBump;
  choice.revision = same->renumbered(number);
  return choice;
}

std::vector<std::string> revisionsToDelete(const RevisionHistory& history,
                                           const std::set<std::string>& live, int limit) {
  std::vector<std::pair<std::int64_t, std::string>> old;
  for (const Revision& revision : history.revisions) {
    if (!live.contains(revision.name())) old.emplace_back(revision.number(), revision.name());
  }
  for (const auto& other : history.unreadable) {
    if (!live.contains(other.name.str())) old.emplace_back(other.number, other.name.str());
  }
  std::sort(old.begin(), old.end());
  const std::size_t kept = static_cast<std::size_t>(std::max(limit, 0));
  std::vector<std::string> names;
  for (std::size_t i = 0; i + kept < old.size(); ++i) names.push_back(std::move(old[i].second));
  return names;
}

}  // namespace stowage::statefulgroup
