#include "scheduling/shapes/shape_table.h"

#include <utility>

namespace stowage::scheduling {
namespace {

std::size_t lengthOf(const kubeapi::NodeSelectorTerm& term) {
  std::size_t length = 1;
  for (const auto* list : {&term.match_expressions, &term.match_fields}) {
    for (const auto& requirement : *list) length += 1 + requirement.values.size();
  }
  return length;
}

std::size_t lengthOf(const ShapeSpec& spec) {
  std::size_t length =
      spec.amounts.size() + spec.node_selector.size() + spec.tolerations.size() + spec.ports.size();
  if (spec.images) length += spec.images->images.size();
  if (spec.container_level) length += spec.container_level->amounts.size();
  if (spec.volumes) length += 2 * spec.volumes->volumes.size();
  if (spec.node_required) {
    for (const auto& term : spec.node_required->terms) length += lengthOf(term);
  }
  for (const auto& preferred : spec.node_preferred) length += lengthOf(preferred.term);
  return length;
}

}  // namespace

ShapeTable::ShapeTable(std::function<void(Shape&)> prepare, std::function<void(ShapeId)> gone)
    : prepare_(std::move(prepare)), gone_(std::move(gone)) {}

ShapeId ShapeTable::acquire(ShapeSpec spec) {
  const auto found = by_spec_.find(&spec);
  if (found != by_spec_.end()) {
    const ShapeId id = found->second;
    if (shapes_[id]->references++ == 0) idle_.erase(idle_at_[id]);
    return id;
  }
  auto shape = std::make_unique<Shape>(std::move(spec));
  prepare_(*shape);
  shape->references = 1;
  ShapeId id = 0;
  if (free_.empty()) {
    id = static_cast<ShapeId>(shapes_.size());
    shapes_.emplace_back();
    idle_at_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  by_spec_.emplace(&shape->spec, id);
  shapes_[id] = std::move(shape);
  return id;
}

void ShapeTable::release(ShapeId id) {
  if (--shapes_[id]->references > 0) return;
  if (lengthOf(shapes_[id]->spec) > kMaxIdleLength) {
    drop(id);
    return;
  }
  idle_.push_front(id);
  idle_at_[id] = idle_.begin();
  if (idle_.size() <= kMaxIdle) return;
  const ShapeId oldest = idle_.back();
  idle_.pop_back();
  drop(oldest);
}

void ShapeTable::drop(ShapeId id) {
  by_spec_.erase(&shapes_[id]->spec);
  gone_(id);
  shapes_[id].reset();
  free_.push_back(id);
}

void ShapeTable::prepareAgain(const std::function<bool(const Shape&)>& affected) {
  for (ShapeId id = 0; id < shapes_.size(); ++id) {
    if (shapes_[id] == nullptr || !affected(*shapes_[id])) continue;
    prepare_(*shapes_[id]);
    gone_(id);
  }
}

}  // namespace stowage::scheduling
