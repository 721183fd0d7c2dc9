#include "cmd/kubectl-stowage/view/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cmd/kubectl-stowage/view/revision_diff.h"
#include "cmd/kubectl-stowage/view/table.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/revision_history.h"

namespace stowage::kubectl {

using statefulgroup::Revision;

namespace {

struct Entry {
  std::string name;
  std::int64_t number = 0;
  std::string mark;  // "current", "update"
  int pods = 0;      // that are made from it
  std::optional<base::WallTime> created;
  std::vector<std::string> changes;  // since the one before; empty for the oldest
  std::string problem;               // it cannot be read
};

std::string markOf(const kubeapi::StatefulGroup& group, std::string_view name) {
  const bool update = group.status.update_revision.view() == name;
  const bool current = group.status.current_revision.view() == name;
  if (update && current) return "current";
  if (update) return "update";
  return current ? "current" : "";
}

void fillFromObjects(const statefulgroup::Observed& observed, Entry& entry) {
  entry.mark = markOf(*observed.group, entry.name);
  for (const auto& object : observed.revisions) {
    if (object->meta.name.view() == entry.name) entry.created = object->meta.creation_time;
  }
  entry.pods = static_cast<int>(
      std::count_if(observed.pods.begin(), observed.pods.end(), [&](const auto& pod) {
        const base::Symbol* label = pod->meta.labels.find(statefulgroup::kRevisionLabel);
        return label != nullptr && label->view() == entry.name;
      }));
}

// Newest first.
std::vector<Entry> entriesOf(const statefulgroup::Observed& observed) {
  const auto history = statefulgroup::readHistory(*observed.group, observed.revisions);
  std::vector<Entry> entries;
  const Revision* before = nullptr;
  for (const Revision& revision : history.revisions) {
    Entry& entry = entries.emplace_back();
    entry.name = revision.name();
    entry.number = revision.number();
    if (before != nullptr) entry.changes = changesBetween(before->data(), revision.data());
    fillFromObjects(observed, entry);
    before = &revision;
  }
  for (const auto& other : history.unreadable) {
    Entry& entry = entries.emplace_back();
    entry.name = other.name.str();
    entry.number = other.number;
    entry.problem = other.problem.message();
    fillFromObjects(observed, entry);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.number > b.number; });
  return entries;
}

std::string changesOf(const Entry& entry, bool oldest) {
  constexpr std::size_t kMost = 2;
  if (!entry.problem.empty()) return "cannot be read: " + entry.problem;
  return oldest ? "the oldest that is kept" : inShort(entry.changes, kMost);
}

}  // namespace

std::string historyText(const statefulgroup::Observed& observed, base::WallTime now) {
  const std::vector<Entry> entries = entriesOf(observed);
  if (entries.empty()) return "no revisions yet\n";
  Table table({"REVISION", "NAME", "MARK", "PODS", "AGE", "CHANGED SINCE THE ONE BEFORE"});
  for (const Entry& entry : entries) {
    const bool oldest = &entry == &entries.back();
    table.add({std::to_string(entry.number), entry.name, entry.mark, std::to_string(entry.pods),
               entry.created ? roughly(now - *entry.created) : "", changesOf(entry, oldest)});
  }
  return table.text();
}

std::string historyJson(const statefulgroup::Observed& observed) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Entry& entry : entriesOf(observed)) {
    Json& one = list.emplace_back();
    one = {{"revision", entry.number},
           {"name", entry.name},
           {"mark", entry.mark},
           {"pods", entry.pods},
           {"changes", entry.changes}};
    if (entry.created) one["created"] = base::formatTime(*entry.created);
    if (!entry.problem.empty()) one["problem"] = entry.problem;
  }
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace stowage::kubectl
