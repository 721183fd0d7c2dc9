// ShapeTable: the shapes that pods now waiting have, counted. Numbers are used again after a
// shape's last pod has gone, so that memory follows the number of waiting pods. Single-threaded.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "scheduling/shapes/shape.h"

namespace stowage::scheduling {

using placement::ShapeId;
inline constexpr ShapeId kNoShape = ~ShapeId{0};

class ShapeTable {
 public:
  // Shapes without a pod that are kept, latest first; long ones are never kept, as one tenant could
  // fill memory with them.
  static constexpr std::size_t kMaxIdle = 512;
  static constexpr std::size_t kMaxIdleLength = 128;  // entries of all lists together

  // `prepare` completes a new shape (demand, active filters); `gone` hears of a number that is free
  // again before anything else gets it.
  ShapeTable(std::function<void(Shape&)> prepare, std::function<void(ShapeId)> gone);

  // The number of the shape with this spec, which counts one more user.
  ShapeId acquire(ShapeSpec spec);
  void release(ShapeId id);
  [[nodiscard]] const Shape& at(ShapeId id) const { return *shapes_[id]; }
  [[nodiscard]] std::size_t size() const { return by_spec_.size(); }  // kept ones included
  // Runs `prepare` and `gone` anew for every shape that `affected` names: resource names appeared.
  void prepareAgain(const std::function<bool(const Shape&)>& affected);

 private:
  struct Hash {
    std::size_t operator()(const ShapeSpec* spec) const noexcept { return hashOf(*spec); }
  };
  struct Equal {
    bool operator()(const ShapeSpec* a, const ShapeSpec* b) const noexcept { return *a == *b; }
  };
  void drop(ShapeId id);

  std::function<void(Shape&)> prepare_;
  std::function<void(ShapeId)> gone_;
  std::vector<std::unique_ptr<Shape>> shapes_;
  std::vector<ShapeId> free_;
  std::list<ShapeId> idle_;                            // the one released last in front
  std::vector<std::list<ShapeId>::iterator> idle_at_;  // valid while references are 0
  std::unordered_map<const ShapeSpec*, ShapeId, Hash, Equal> by_spec_;
};

}  // namespace stowage::scheduling
