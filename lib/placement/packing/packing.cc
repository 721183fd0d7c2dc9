#include "placement/packing/packing.h"

#include <algorithm>
#include <cmath>

namespace stowage::placement {
namespace {

// Fixed point. Room: 2^20 is a thousand thousandths, so kUnit is one thousandth of the mean node.
constexpr double kMeanNode = 1'024'000.0;
constexpr std::int64_t kUnit = 1024;
// Room is capped (at a hundred thousand mean nodes), so that all products below fit 63 bits.
constexpr double kMostRoom = 137'438'953'472.0;  // 2^37 per resource, 2^40 in all
constexpr std::int64_t kWhole = std::int64_t{1} << 16;
constexpr std::int64_t kFraction = std::int64_t{1} << 20;
// Copies of a shape that are told apart on one node.
constexpr std::int64_t kMostCopies = 1'000'000;
// A product of two rounded factors may fall short of the whole number that it stands for.
constexpr double kRounding = 1 + 1e-9;
constexpr double kNoLimit = 1e30;
// Shapes that make up this share of the arrivals are the target, if they are not too many.
constexpr std::uint64_t kTailPercent = 95;

std::int64_t scaled(std::int64_t room, std::int64_t thousandths) {
  return room * thousandths / 1000;
}

std::int64_t floorDiv(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && a < 0) ? 1 : 0);
}

PackingWeights clamped(PackingWeights weights) {
  constexpr std::int64_t kMost = 1'000'000;
  for (std::int64_t* value : {&weights.imbalance_permille, &weights.opening, &weights.opening_size,
                              &weights.fullness, &weights.scarcity}) {
    *value = std::clamp<std::int64_t>(*value, 0, kMost);
  }
  weights.quantum = std::clamp<std::int64_t>(weights.quantum, 1, kMost);
  weights.window = std::clamp<std::uint32_t>(weights.window, 1, kMost);
  return weights;
}

}  // namespace

PackingScore::PackingScore(ClusterState& state, const PackingWeights& weights)
    : state_(state), weights_(clamped(weights)), mix_(state, weights_.window) {}

PackingScore::~PackingScore() { releaseResources(); }

void PackingScore::releaseResources() {
  for (const Resource& resource : resources_) state_.releaseDimension(resource.dim);
  resources_.clear();
}

bool PackingScore::renewIfStale() {
  constexpr std::uint64_t kMaxArrivals = 8192;
  const std::size_t nodes = state_.nodeCount();
  const std::size_t node_drift = nodes > nodes_at_ ? nodes - nodes_at_ : nodes_at_ - nodes;
  const bool filling = mix_.size() > window_at_;
  const bool stale = snapshot_ == 0 || node_drift > nodes_at_ / 16 ||
                     mix_.arrivals() - renewed_at_ >= kMaxArrivals ||
                     (filling ? mix_.size() >= 2 * window_at_ || mix_.size() == weights_.window
                              : mix_.drift() > mix_.noise() + 2 * mix_.size() / 7);
  if (stale) renew();
  return stale;
}

void PackingScore::renew() {
  const std::vector<ArrivalMix::Class> classes = mix_.byPopularity();
  trackResources(classes);
  takeTargets(classes);
  mix_.mark();
  renewed_at_ = mix_.arrivals();
  window_at_ = mix_.size();
  nodes_at_ = state_.nodeCount();
  ++snapshot_;
}

// The resources that most arrivals ask for, of those that the cluster has.
void PackingScore::trackResources(const std::vector<ArrivalMix::Class>& classes) {
  std::vector<std::uint64_t> asked(state_.dimensions(), 0);
  for (const auto& [demand, count] : classes) {
    for (const Amount& amount : demand->amounts) asked[amount.dim] += count;
  }
  std::vector<Dimension> order;
  for (Dimension dim = 0; dim < asked.size(); ++dim) {
    if (asked[dim] > 0 && dim != kPods) order.push_back(dim);
  }
  std::sort(order.begin(), order.end(), [&](Dimension a, Dimension b) {
    return asked[a] != asked[b] ? asked[a] > asked[b] : a < b;
  });
  std::vector<Resource> tracked;
  for (const Dimension dim : order) {
    if (tracked.size() == kMaxResources) break;
    double total = 0;
    std::size_t having = 0;
    for (NodeIndex node = 0; node < state_.slots(); ++node) {
      const std::int64_t amount = state_.allocatable(dim, node);
      total += static_cast<double>(amount);
      if (amount > 0) ++having;
    }
    if (having == 0) continue;
    const std::size_t nodes = state_.nodeCount();
    tracked.push_back({.dim = dim,
                       .unit = kMeanNode * static_cast<double>(nodes) / total,
                       .lacking = static_cast<std::int64_t>((nodes - having) * 1000 / nodes)});
    state_.acquireDimension(state_.dimensionName(dim));
  }
  for (Resource& resource : tracked) resource.unit /= static_cast<double>(tracked.size());
  releaseResources();
  resources_ = std::move(tracked);
  resource_of_.assign(state_.dimensions(), static_cast<std::uint8_t>(kMaxResources));
  scarce_.clear();
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    resource_of_[resources_[r].dim] = static_cast<std::uint8_t>(r);
    if (resources_[r].lacking > 0) scarce_.push_back(r);
  }
}

void PackingScore::takeTargets(const std::vector<ArrivalMix::Class>& classes) {
  std::uint64_t taken = 0;
  targets_ = 0;
  while (targets_ < std::min(classes.size(), kMaxTargets) &&
         taken * 100 < mix_.size() * kTailPercent) {
    taken += classes[targets_++].count;
  }
  for (std::size_t t = 0; t < targets_; ++t) {
    Amounts asked{};
    for (const Amount& amount : classes[t].demand->amounts) {
      const std::size_t r = resource_of_[amount.dim];
      if (r < kMaxResources) asked[r] = amount.value;
    }
    for (std::size_t r = 0; r < resources_.size(); ++r) {
      copies_[r][t] = asked[r] > 0 ? kRounding / static_cast<double>(asked[r]) : 0;
      bias_[r][t] = asked[r] > 0 ? 0 : kNoLimit;
    }
    size_[t] = roomOf(asked);
    probability_[t] = static_cast<std::int64_t>(classes[t].count * kWhole / taken);
  }
}

PackingScore::Amounts PackingScore::freeOn(NodeIndex node) const {
  Amounts free{};
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    free[r] = std::max<std::int64_t>(state_.free(resources_[r].dim, node), 0);
  }
  return free;
}

PackingScore::Amounts PackingScore::allocatableOn(NodeIndex node) const {
  Amounts whole{};
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    whole[r] = state_.allocatable(resources_[r].dim, node);
  }
  return whole;
}

std::int64_t PackingScore::roomIn(std::size_t resource, std::int64_t amount) const {
  const double room = static_cast<double>(amount) * resources_[resource].unit;
  return static_cast<std::int64_t>(std::min(room, kMostRoom));
}

std::int64_t PackingScore::roomOf(const Amounts& amounts) const {
  std::int64_t room = 0;
  for (std::size_t r = 0; r < resources_.size(); ++r) room += roomIn(r, amounts[r]);
  return room;
}

std::int64_t PackingScore::wasteOf(const Amounts& free, std::int64_t room,
                                   std::int64_t pods) const {
  std::array<double, kMaxTargets> copies;
  const double most = static_cast<double>(std::clamp<std::int64_t>(pods, 0, kMostCopies));
  std::fill_n(copies.begin(), targets_, most);
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    const double amount = static_cast<double>(free[r]);
    for (std::size_t t = 0; t < targets_; ++t) {
      const double limit = amount * copies_[r][t] + bias_[r][t];
      copies[t] = limit < copies[t] ? limit : copies[t];
    }
  }
  std::int64_t sum = 0;
  for (std::size_t t = 0; t < targets_; ++t) {
    const std::int64_t used = static_cast<std::int64_t>(copies[t]) * size_[t];
    sum += probability_[t] * std::max<std::int64_t>(room - used, 0);
  }
  return sum / kWhole;
}

std::int64_t PackingScore::imbalanceOf(NodeIndex node, const Amounts& free,
                                       std::int64_t size) const {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    const std::int64_t whole = state_.allocatable(resources_[r].dim, node);
    if (whole == 0) continue;
    const double share = static_cast<double>(free[r]) / static_cast<double>(whole);
    const auto fraction = static_cast<std::int64_t>(std::min(share, 1.0) * kFraction);
    ++count;
    sum += fraction;
    squares += fraction * fraction;
  }
  if (count < 2) return 0;
  const std::int64_t variance = (squares - sum * sum / count) / count / kFraction;
  return size * variance / kFraction;
}

std::int64_t PackingScore::costOf(NodeIndex node, const Amounts& free, std::int64_t room,
                                  std::int64_t size, std::int64_t pods) const {
  return wasteOf(free, room, pods) +
         scaled(imbalanceOf(node, free, size), weights_.imbalance_permille);
}

const PackingScore::NodeTerms& PackingScore::termsOf(NodeIndex node, const Amounts& free) {
  if (terms_.size() < state_.slots()) terms_.resize(state_.slots());
  NodeTerms& terms = terms_[node];
  if (terms.snapshot != snapshot_ || terms.version != state_.nodeVersion(node)) {
    terms.snapshot = snapshot_;
    terms.version = state_.nodeVersion(node);
    terms.size = roomOf(allocatableOn(node));
    terms.cost = costOf(node, free, roomOf(free), terms.size, state_.free(kPods, node));
  }
  return terms;
}

std::int64_t PackingScore::score(NodeIndex node, const Demand& demand) {
  Amounts free = freeOn(node);
  const NodeTerms& before = termsOf(node, free);
  std::uint32_t asked = 0;  // bit r: resource r
  for (const Amount& amount : demand.amounts) {
    const std::size_t r =
        amount.dim < resource_of_.size() ? resource_of_[amount.dim] : kMaxResources;
    if (r >= kMaxResources || amount.value <= 0) continue;
    free[r] = std::max<std::int64_t>(free[r] - amount.value, 0);
    asked |= 1U << r;
  }
  const std::int64_t room = roomOf(free);
  std::int64_t cost =
      costOf(node, free, room, before.size, state_.free(kPods, node) - 1) - before.cost;
  std::int64_t size = before.size;
  for (const std::size_t r : scarce_) {
    if ((asked >> r & 1U) != 0) continue;
    cost += scaled(scaled(roomIn(r, free[r]), resources_[r].lacking), weights_.scarcity);
    size -= roomIn(r, state_.allocatable(resources_[r].dim, node));
  }
  if (state_.requested(kPods, node) == 0) {
    cost += weights_.opening * kUnit - scaled(size, weights_.opening_size);
  }
  cost -= scaled(std::max<std::int64_t>(before.size - room, 0), weights_.fullness);
  return -floorDiv(cost, weights_.quantum * kUnit);
}

double PackingScore::waste(NodeIndex node) const {
  const Amounts free = freeOn(node);
  return static_cast<double>(wasteOf(free, roomOf(free), state_.free(kPods, node))) / kUnit;
}

double PackingScore::imbalance(NodeIndex node) const {
  return static_cast<double>(imbalanceOf(node, freeOn(node), roomOf(allocatableOn(node)))) / kUnit;
}

}  // namespace stowage::placement
