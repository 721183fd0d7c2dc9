#include "kubeapi/meta.h"

namespace stowage::kubeapi {

Labels::Labels(std::vector<Entry> entries) : entries_(std::move(entries)) {
  const auto by_key = [](const Entry& a, const Entry& b) { return a.first < b.first; };
  if (!std::is_sorted(entries_.begin(), entries_.end(), by_key)) {
    std::stable_sort(entries_.begin(), entries_.end(), by_key);
  }
  // Of equal keys only the last one stays.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i + 1 < entries_.size() && entries_[i].first == entries_[i + 1].first) continue;
    if (kept != i) entries_[kept] = std::move(entries_[i]);
    ++kept;
  }
  entries_.resize(kept);
}

const Symbol* Labels::find(const Symbol& key) const {
  // Objects carry a handful of labels: comparing one word each beats a search by text.
  for (const Entry& entry : entries_) {
    if (entry.first == key) return &entry.second;
  }
  return nullptr;
}

void Labels::set(Symbol key, Symbol value) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const Entry& a, const Symbol& b) { return a.first < b; });
  if (at != entries_.end() && at->first == key) {
    at->second = std::move(value);
    return;
  }
  entries_.insert(at, Entry(std::move(key), std::move(value)));
}

std::string objectKey(const ObjectMeta& meta) {
  if (meta.ns.empty()) return meta.name.str();
  std::string key;
  key.reserve(meta.ns.view().size() + 1 + meta.name.view().size());
  key.append(meta.ns.view()).append("/").append(meta.name.view());
  return key;
}

}  // namespace stowage::kubeapi
