#include "scheduling/shapes/shape_table.h"

#include <utility>

namespace stowage::scheduling {

ShapeTable::ShapeTable(std::function<void(Shape&)> prepare, std::function<void(ShapeId)> gone)
    : prepare_(std::move(prepare)), gone_(std::move(gone)) {}

ShapeId ShapeTable::acquire(ShapeSpec spec) {
  const auto found = by_spec_.find(&spec);
  if (found != by_spec_.end()) {
    ++shapes_[found->second]->references;
    return found->second;
  }
  auto shape = std::make_unique<Shape>(std::move(spec));
  prepare_(*shape);
  shape->references = 1;
  ShapeId id = 0;
  if (free_.empty()) {
    id = static_cast<ShapeId>(shapes_.size());
    shapes_.emplace_back();
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
