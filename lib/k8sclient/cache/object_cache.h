// ObjectCache: all objects of one type as last seen, by key "ns/name" ("name" when cluster-scoped).
// Fed by a Reflector (it is its sink); read by anybody.
// Thread safety: the sink calls come from one thread; everything else from any thread. Handlers are
// called in order, one at a time, on the thread that feeds the cache (and, for what is there
// already, on the thread of addHandler()); the cache shows the change when its handler runs.
// A handler may read the cache, and must not feed it or add handlers.
// Ownership: objects are shared and never change; handlers must outlive the cache's feeder.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "k8sclient/cache/resource_version.h"
#include "k8sclient/watch/reflector_sink.h"
#include "kubeapi/meta.h"

namespace stowage::k8sclient {

// Who wants to know about changes. Every call does nothing unless overridden.
template <typename T>
class CacheHandler {
 public:
  using Object = std::shared_ptr<const T>;
  virtual ~CacheHandler() = default;
  virtual void onAdd(const Object& /*object*/) {}
  virtual void onUpdate(const Object& /*before*/, const Object& /*after*/) {}
  // `final_state_unknown`: the deletion itself was missed; `last` is the last state that was seen.
  virtual void onDelete(const Object& /*last*/, bool /*final_state_unknown*/) {}
  // The first whole list has been delivered. Comes once, after its onAdd calls.
  virtual void onSynced() {}
};

struct CacheCounts {
  std::uint64_t stale_dropped = 0;       // events older than what the cache holds
  std::uint64_t duplicates_dropped = 0;  // same object again
  std::uint64_t unread_kept = 0;         // old copies kept for objects that could not be read
};

template <typename T>
class ObjectCache final : public ReflectorSink<T> {
 public:
  using Object = std::shared_ptr<const T>;
  using Indexer = std::function<std::vector<std::string>(const T&)>;

  // Delivers an onAdd for each object that is there already (and onSynced when synced), then every
  // change from then on. `handler` must outlive the feeding of the cache.
  void addHandler(CacheHandler<T>& handler);
  // byIndex(name, k) then finds the objects for which `keys` returned k. Builds over what is there.
  void addIndex(const std::string& name, Indexer keys);

  [[nodiscard]] Object get(std::string_view key) const;  // nullptr when absent
  [[nodiscard]] Object get(std::string_view ns, std::string_view name) const;
  [[nodiscard]] std::vector<Object> list() const;  // in no particular order
  // Empty for an unknown index or key.
  [[nodiscard]] std::vector<Object> byIndex(const std::string& name, const std::string& key) const;
  [[nodiscard]] std::size_t size() const;
  // A whole list has been taken in and its handlers have run.
  [[nodiscard]] bool synced() const { return synced_.load(std::memory_order_acquire); }
  [[nodiscard]] CacheCounts counts() const;

  void replaced(std::vector<Object> items, const std::vector<std::string>& unread,
                const std::string& resource_version) override;
  void applied(Object object) override;
  void deleted(Object object) override;
  // The reflector counts and logs these; the copy that is here, if any, stays.
  void badObject(std::string_view /*key*/, std::string_view /*message*/) override {}
  void deletedUnread(std::string_view key) override;

 private:
  struct Index {
    Indexer keys;
    std::unordered_map<std::string, std::unordered_map<std::string, Object>> objects;
  };

  // Each changes the data under mutex_ and then tells the handlers. delivery_ is held by callers.
  void put(const std::string& key, const Object& object);
  void erase(const std::string& key, const Object& final_state, bool unknown);
  void indexLocked(const std::string& key, const Object& object, bool add);
  Object find(const std::string& key) const;

  std::mutex delivery_;  // serialises changes with their handler calls; taken before mutex_
  std::vector<CacheHandler<T>*> handlers_;  // guarded by delivery_
  std::atomic<bool> synced_{false};

  mutable std::shared_mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Object> objects_;
  std::map<std::string, Index> indexes_;
  CacheCounts counts_;
};

}  // namespace stowage::k8sclient

#include "k8sclient/cache/object_cache_impl.h"
