#include "placement/packing/arrival_mix.h"

#include <algorithm>
#include <cmath>

namespace stowage::placement {
namespace {

// A demand counts by this many resources at most (the standard ones come first), so that a pod that
// names thousands costs no more than others.
constexpr std::size_t kMaxAmounts = 16;

Demand keyOf(const Demand& demand) {
  // What scores alone look at (the non-zero requests) makes no class of its own.
  Demand key;
  const std::size_t count = std::min(demand.amounts.size(), kMaxAmounts);
  key.amounts.assign(demand.amounts.begin(),
                     demand.amounts.begin() + static_cast<std::ptrdiff_t>(count));
  return key;
}

}  // namespace

std::size_t ArrivalMix::DemandHash::operator()(const Demand& demand) const noexcept {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (const Amount& amount : demand.amounts) {
    hash = (hash ^ amount.dim) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 32) ^ static_cast<std::uint64_t>(amount.value)) * 0xc4ceb9fe1a85ec53ULL;
  }
  return static_cast<std::size_t>(hash ^ (hash >> 29));
}

ArrivalMix::ArrivalMix(ClusterState& state, std::uint32_t window)
    : state_(state), window_(std::max<std::uint32_t>(window, 1)) {}

ArrivalMix::~ArrivalMix() {
  for (const auto& [demand, index] : by_demand_) {
    for (const Amount& amount : demand.amounts) state_.releaseDimension(amount.dim);
  }
}

void ArrivalMix::add(const Demand& demand) {
  if (demand.amounts.empty()) return;
  const std::uint32_t index = classOf(demand);
  change(index, +1);
  if (ring_.size() < window_) {
    ring_.push_back(index);
  } else {
    std::uint32_t& oldest = ring_[arrivals_ % window_];
    const std::uint32_t leaving = oldest;
    oldest = index;
    change(leaving, -1);
  }
  ++arrivals_;
}

std::uint32_t ArrivalMix::classOf(const Demand& demand) {
  Demand key = keyOf(demand);
  const auto found = by_demand_.find(key);
  if (found != by_demand_.end()) return found->second;
  for (const Amount& amount : key.amounts) {
    state_.acquireDimension(state_.dimensionName(amount.dim));
  }
  std::uint32_t index = static_cast<std::uint32_t>(classes_.size());
  if (free_.empty()) {
    classes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  classes_[index] = Held{.demand = key, .count = 0, .marked = 0, .first_arrival = arrivals_};
  by_demand_.emplace(std::move(key), index);
  return index;
}

void ArrivalMix::change(std::uint32_t index, std::int32_t delta) {
  Held& held = classes_[index];
  const auto distance = [&held] {
    return held.count > held.marked ? held.count - held.marked : held.marked - held.count;
  };
  drift_ -= distance();
  held.count += static_cast<std::uint32_t>(delta);
  drift_ += distance();
  dropIfUnused(index);
}

// A class that the mark still refers to stays: at most two windows of classes are held.
void ArrivalMix::dropIfUnused(std::uint32_t index) {
  Held& held = classes_[index];
  if (held.count > 0 || held.marked > 0) return;
  by_demand_.erase(held.demand);
  for (const Amount& amount : held.demand.amounts) state_.releaseDimension(amount.dim);
  held = Held();
  free_.push_back(index);
}

std::vector<ArrivalMix::Class> ArrivalMix::byPopularity() const {
  std::vector<const Held*> held;
  for (const Held& h : classes_) {
    if (h.count > 0) held.push_back(&h);
  }
  std::sort(held.begin(), held.end(), [](const Held* a, const Held* b) {
    return a->count != b->count ? a->count > b->count : a->first_arrival < b->first_arrival;
  });
  std::vector<Class> classes;
  classes.reserve(held.size());
  for (const Held* h : held) classes.push_back({&h->demand, h->count});
  return classes;
}

void ArrivalMix::mark() {
  double noise = 0;
  for (std::uint32_t index = 0; index < classes_.size(); ++index) {
    Held& held = classes_[index];
    const bool was_held = held.count > 0 || held.marked > 0;
    held.marked = held.count;
    // Mean distance of two Poisson counts of mean c: 2 * sqrt(c / pi).
    noise += 2 * std::sqrt(held.count / 3.14159265358979);
    if (was_held) dropIfUnused(index);
  }
  drift_ = 0;
  noise_ = static_cast<std::uint64_t>(noise);
}

}  // namespace stowage::placement
