#include "base/symbols.h"

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace stowage::base {

struct Symbol::Entry {
  explicit Entry(std::string_view value, std::size_t shard_index)
      : text(value), shard(shard_index) {}
  const std::string text;
  const std::size_t shard;
  mutable std::atomic<std::uint32_t> references{1};
};

namespace {

// 64 shards: watch threads of a dozen resources rarely meet in one.
constexpr std::size_t kShards = 64;

struct Shard {
  std::mutex mutex;
  std::unordered_map<std::string_view, std::unique_ptr<Symbol::Entry>> entries;
};

// Leaked on purpose: Symbols of static objects are released after any destructor order.
std::array<Shard, kShards>& shards() {
  static auto* table = new std::array<Shard, kShards>();
  return *table;
}

const Symbol::Entry* acquire(std::string_view text) {
  if (text.empty()) return nullptr;
  const std::size_t index = std::hash<std::string_view>()(text) % kShards;
  Shard& shard = shards()[index];
  std::lock_guard lock(shard.mutex);
  auto found = shard.entries.find(text);
  if (found != shard.entries.end()) {
    found->second->references.fetch_add(1, std::memory_order_relaxed);
    return found->second.get();
  }
  auto entry = std::make_unique<Symbol::Entry>(text, index);
  const Symbol::Entry* raw = entry.get();
  shard.entries.emplace(raw->text, std::move(entry));
  return raw;
}

// The count falls to zero only under the shard's lock, so that acquire() never meets a dying entry.
void release(const Symbol::Entry* entry) {
  if (entry == nullptr) return;
  std::uint32_t seen = entry->references.load(std::memory_order_relaxed);
  while (seen > 1) {
    if (entry->references.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) return;
  }
  Shard& shard = shards()[entry->shard];
  std::lock_guard lock(shard.mutex);
  if (entry->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    shard.entries.erase(shard.entries.find(std::string_view(entry->text)));
  }
}

}  // namespace

Symbol::Symbol(std::string_view text) : entry_(acquire(text)) {}

Symbol::Symbol(const Symbol& other) noexcept : entry_(other.entry_) {
  if (entry_ != nullptr) entry_->references.fetch_add(1, std::memory_order_relaxed);
}

Symbol& Symbol::operator=(const Symbol& other) noexcept {
  if (entry_ == other.entry_) return *this;
  if (other.entry_ != nullptr) other.entry_->references.fetch_add(1, std::memory_order_relaxed);
  release(entry_);
  entry_ = other.entry_;
  return *this;
}

Symbol& Symbol::operator=(Symbol&& other) noexcept {
  if (this == &other) return *this;
  release(entry_);
  entry_ = other.entry_;
  other.entry_ = nullptr;
  return *this;
}

Symbol::~Symbol() { release(entry_); }

std::string_view Symbol::view() const {
  return entry_ == nullptr ? std::string_view() : std::string_view(entry_->text);
}

std::size_t Symbol::liveCount() {
  std::size_t count = 0;
  for (Shard& shard : shards()) {
    std::lock_guard lock(shard.mutex);
    count += shard.entries.size();
  }
  return count;
}

}  // namespace stowage::base
