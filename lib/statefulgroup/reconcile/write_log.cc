#include "statefulgroup/reconcile/write_log.h"

#include <utility>
#include <vector>

namespace stowage::statefulgroup {

namespace {

template <typename T>
const kubeapi::ObjectMeta* find(const std::vector<std::shared_ptr<const T>>& objects,
                                const std::string& name) {
  for (const auto& object : objects) {
    if (object->meta.name.view() == name) return &object->meta;
  }
  return nullptr;
}

const kubeapi::ObjectMeta* find(const Observed& observed, Resource resource,
                                const std::string& name) {
  switch (resource) {
    case Resource::kGroups:
      return &observed.group->meta;
    case Resource::kPods:
      return find(observed.pods, name);
    case Resource::kClaims:
      return find(observed.claims, name);
    case Resource::kServices:
      return find(observed.services, name);
    case Resource::kBudgets:
      return find(observed.budgets, name);
    case Resource::kRevisions:
      return find(observed.revisions, name);
    case Resource::kVolumes:
    case Resource::kNodes:
      break;
  }
  return nullptr;
}

}  // namespace

bool isAtLeast(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() > b.size() : a >= b;
}

void WriteLog::wrote(const std::string& group, const ObjectName& object, const Symbol& uid,
                     const std::string& resource_version, base::SteadyTime now) {
  if (uid.empty() || resource_version.empty()) return;
  const std::scoped_lock lock(mutex_);
  groups_[group][{object.resource, object.name}] = {uid, resource_version, now};
}

void WriteLog::removed(const std::string& group, const ObjectName& object, const Symbol& uid,
                       base::SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  groups_[group][{object.resource, object.name}] = {uid, {}, now};
}

std::optional<WriteLog::Missing> WriteLog::behind(const std::string& group,
                                                  const Observed& observed) {
  const std::scoped_lock lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  std::optional<Missing> missing;
  std::erase_if(found->second, [&](const auto& item) {
    const auto& [key, entry] = item;
    const kubeapi::ObjectMeta* meta = find(observed, key.first, key.second);
    const bool other = meta != nullptr && !(meta->uid == entry.uid);
    const bool shown =
        entry.resource_version.empty()
            ? meta == nullptr || other || meta->deletion_time.has_value()
            : meta != nullptr && isAtLeast(meta->resource_version, entry.resource_version);
    if (!shown && !missing)
      missing = Missing{{key.first, observed.group->meta.ns.str(), key.second},
                        entry.resource_version.empty(),
                        entry.at};
    return shown;
  });
  if (found->second.empty()) groups_.erase(found);
  return missing;
}

void WriteLog::settle(const std::string& group, const ObjectName& object) {
  const std::scoped_lock lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  found->second.erase({object.resource, object.name});
  if (found->second.empty()) groups_.erase(found);
}

void WriteLog::forget(const std::string& group) {
  const std::scoped_lock lock(mutex_);
  groups_.erase(group);
}

std::size_t WriteLog::size() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [group, entries] : groups_) count += entries.size();
  return count;
}

}  // namespace stowage::statefulgroup
