// ObjectMeta and Labels: what every API object carries. Plain values; an object that was decoded is
// shared as shared_ptr<const T> and never changed again. Source: apimachinery meta/v1 types.go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/symbols.h"

namespace stowage::kubeapi {

using base::Symbol;
using base::WallTime;

// A small map of symbols, kept as a flat list sorted by key text with unique keys.
class Labels {
 public:
  using Entry = std::pair<Symbol, Symbol>;
  using value_type = Entry;
  using const_iterator = std::vector<Entry>::const_iterator;

  Labels() = default;
  // Sorts; of equal keys the last one wins, as in a JSON object.
  explicit Labels(std::vector<Entry> entries);

  // The value for `key`, or nullptr when absent.
  [[nodiscard]] const Symbol* find(const Symbol& key) const;
  void set(Symbol key, Symbol value);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const { return entries_.end(); }
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<Entry> entries_;
};

struct OwnerReference {
  Symbol api_version;
  Symbol kind;
  Symbol name;
  Symbol uid;
  bool controller = false;
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

// managedFields are dropped while decoding; they are most of the bytes and of no use here.
struct ObjectMeta {
  Symbol ns;  // empty for cluster-scoped objects
  Symbol name;
  Symbol uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::optional<WallTime> creation_time;
  std::optional<WallTime> deletion_time;  // set while the object is being deleted
  Labels labels;
  // Only keys that some part of Stowage reads (kept_annotations.h); values are bounded.
  Labels annotations;
  std::vector<OwnerReference> owners;
  std::vector<Symbol> finalizers;
};

// "ns/name", or "name" for cluster-scoped objects: the key of caches and log lines.
std::string objectKey(const ObjectMeta& meta);

struct Condition {
  Symbol type;
  Symbol status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;
  std::optional<WallTime> last_transition_time;
  std::int64_t observed_generation = 0;
};

// What LIST and errors carry beside items.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;
  std::int64_t remaining_items = 0;
};

}  // namespace stowage::kubeapi
