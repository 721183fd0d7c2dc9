// Bodies of ObjectCache; included by object_cache.h only.
#pragma once

#include <algorithm>
#include <unordered_set>

#include "k8sclient/cache/object_cache.h"

namespace stowage::k8sclient {

template <typename T>
void ObjectCache<T>::addHandler(CacheHandler<T>& handler) {
  std::lock_guard delivery(delivery_);
  handlers_.push_back(&handler);
  for (const Object& object : list()) handler.onAdd(object);
  if (synced()) handler.onSynced();
}

template <typename T>
void ObjectCache<T>::addIndex(const std::string& name, Indexer keys) {
  std::unique_lock lock(mutex_);
  Index& index = indexes_[name];
  index = Index{std::move(keys), {}};
  for (const auto& [key, object] : objects_) {
    for (const std::string& value : index.keys(*object)) index.objects[value][key] = object;
  }
}

template <typename T>
typename ObjectCache<T>::Object ObjectCache<T>::find(const std::string& key) const {
  std::shared_lock lock(mutex_);
  const auto at = objects_.find(key);
  return at == objects_.end() ? nullptr : at->second;
}

template <typename T>
typename ObjectCache<T>::Object ObjectCache<T>::get(std::string_view key) const {
  return find(std::string(key));
}

template <typename T>
typename ObjectCache<T>::Object ObjectCache<T>::get(std::string_view ns,
                                                    std::string_view name) const {
  std::string key(ns);
  if (!key.empty()) key += '/';
  key += name;
  return find(key);
}

template <typename T>
std::vector<typename ObjectCache<T>::Object> ObjectCache<T>::list() const {
  std::shared_lock lock(mutex_);
  std::vector<Object> all;
  all.reserve(objects_.size());
  for (const auto& [key, object] : objects_) all.push_back(object);
  return all;
}

template <typename T>
std::vector<typename ObjectCache<T>::Object> ObjectCache<T>::byIndex(const std::string& name,
                                                                     const std::string& key) const {
  std::shared_lock lock(mutex_);
  std::vector<Object> found;
  const auto index = indexes_.find(name);
  if (index == indexes_.end()) return found;
  const auto objects = index->second.objects.find(key);
  if (objects == index->second.objects.end()) return found;
  for (const auto& [object_key, object] : objects->second) found.push_back(object);
  return found;
}

template <typename T>
std::size_t ObjectCache<T>::size() const {
  std::shared_lock lock(mutex_);
  return objects_.size();
}

template <typename T>
CacheCounts ObjectCache<T>::counts() const {
  std::shared_lock lock(mutex_);
  return counts_;
}

template <typename T>
void ObjectCache<T>::indexLocked(const std::string& key, const Object& object, bool add) {
  for (auto& [name, index] : indexes_) {
    for (const std::string& value : index.keys(*object)) {
      if (add) {
        index.objects[value][key] = object;
        continue;
      }
      const auto at = index.objects.find(value);
      if (at == index.objects.end()) continue;
      at->second.erase(key);
      if (at->second.empty()) index.objects.erase(at);
    }
  }
}

template <typename T>
void ObjectCache<T>::put(const std::string& key, const Object& object) {
  Object before = find(key);
  if (before != nullptr && before->meta.uid != object->meta.uid) {
    // Same name, another object: the deletion in between was missed.
    erase(key, before, true);
    before = nullptr;
  }
  {
    std::unique_lock lock(mutex_);
    if (before != nullptr) indexLocked(key, before, false);
    indexLocked(key, object, true);
    objects_[key] = object;
  }
  for (CacheHandler<T>* handler : handlers_) {
    if (before == nullptr) {
      handler->onAdd(object);
    } else {
      handler->onUpdate(before, object);
    }
  }
}

template <typename T>
void ObjectCache<T>::erase(const std::string& key, const Object& final_state, bool unknown) {
  {
    std::unique_lock lock(mutex_);
    const auto at = objects_.find(key);
    if (at == objects_.end()) return;
    indexLocked(key, at->second, false);
    objects_.erase(at);
  }
  for (CacheHandler<T>* handler : handlers_) handler->onDelete(final_state, unknown);
}

template <typename T>
void ObjectCache<T>::replaced(std::vector<Object> items, const std::vector<std::string>& unread,
                              const std::string& /*resource_version*/) {
  std::lock_guard delivery(delivery_);
  std::unordered_map<std::string, Object> listed;
  const std::unordered_set<std::string_view> exists(unread.begin(), unread.end());
  listed.reserve(items.size());
  for (Object& item : items) listed[kubeapi::objectKey(item->meta)] = std::move(item);

  // Deletions first: what was freed is there before what needs it.
  std::vector<std::pair<std::string, Object>> gone;
  std::uint64_t kept = 0;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [key, object] : objects_) {
      if (listed.contains(key)) continue;
      if (exists.contains(key)) {
        ++kept;
      } else {
        gone.emplace_back(key, object);
      }
    }
  }
  std::sort(gone.begin(), gone.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, object] : gone) erase(key, object, true);

  // A list is the truth: it is not compared by version, so that a restored etcd (whose versions go
  // back) cannot leave old objects behind for ever.
  std::uint64_t duplicates = 0;
  for (auto& [key, object] : listed) {
    const Object before = find(key);
    if (before != nullptr && before->meta.uid == object->meta.uid &&
        before->meta.resource_version == object->meta.resource_version) {
      ++duplicates;
      continue;
    }
    put(key, std::move(object));
  }
  {
    std::unique_lock lock(mutex_);
    counts_.duplicates_dropped += duplicates;
    counts_.unread_kept += kept;
  }
  if (!synced()) {
    for (CacheHandler<T>* handler : handlers_) handler->onSynced();
    synced_.store(true, std::memory_order_release);
  }
}

template <typename T>
void ObjectCache<T>::applied(Object object) {
  std::lock_guard delivery(delivery_);
  const std::string key = kubeapi::objectKey(object->meta);
  const Object before = find(key);
  if (before != nullptr) {
    const auto order =
        compareVersions(object->meta.resource_version, before->meta.resource_version);
    const bool same = before->meta.uid == object->meta.uid &&
                      before->meta.resource_version == object->meta.resource_version;
    if (same || order == std::partial_ordering::less) {
      std::unique_lock lock(mutex_);
      ++(same ? counts_.duplicates_dropped : counts_.stale_dropped);
      return;
    }
  }
  put(key, std::move(object));
}

template <typename T>
void ObjectCache<T>::deleted(Object object) {
  std::lock_guard delivery(delivery_);
  const std::string key = kubeapi::objectKey(object->meta);
  const Object before = find(key);
  if (before == nullptr) return;
  if (before->meta.uid != object->meta.uid) {
    // The deletion of a namesake. An older one says nothing about the object that is there now.
    if (compareVersions(object->meta.resource_version, before->meta.resource_version) !=
        std::partial_ordering::greater) {
      std::unique_lock lock(mutex_);
      ++counts_.stale_dropped;
      return;
    }
    erase(key, before, true);
    return;
  }
  erase(key, object, false);
}

template <typename T>
void ObjectCache<T>::deletedUnread(std::string_view key) {
  std::lock_guard delivery(delivery_);
  const std::string text(key);
  if (const Object before = find(text); before != nullptr) erase(text, before, true);
}

}  // namespace stowage::k8sclient
