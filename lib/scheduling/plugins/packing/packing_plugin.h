// Packing as a score plugin: placement::PackingScore fed with the arrivals of one profile.
// Single-threaded.
#pragma once

#include "placement/packing/packing.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

class PackingPlugin final : public ScorePlugin {
 public:
  // `state` outlives the plugin.
  PackingPlugin(placement::ClusterState& state, const PackingSettings& settings);
  [[nodiscard]] std::string_view name() const override { return "Packing"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kMinMax;
  }
  [[nodiscard]] bool applies(const Shape&) const override { return true; }
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override {
    return score_.score(node.info.index, shape.demand->amounts());
  }
  [[nodiscard]] bool rawBreaksTies() const override { return true; }
  void arrived(const Shape& shape) override { score_.arrived(shape.demand->amounts()); }
  bool renewed() override { return score_.renewIfStale(); }

 private:
  placement::PackingScore score_;
};

}  // namespace stowage::scheduling
