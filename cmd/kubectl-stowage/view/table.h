// Table: text in columns, for people. What comes from the cluster is made harmless for terminals.
// Pure; belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace stowage::kubectl {

// How a cell looks on a terminal that shows colours.
enum class Tint : std::uint8_t { kPlain, kGood, kCare, kBad, kHead };

struct Cell {
  Cell(std::string t, Tint look = Tint::kPlain) : text(std::move(t)), tint(look) {}  // NOLINT
  Cell(const char* t) : text(t) {}                                                   // NOLINT
  std::string text;
  Tint tint = Tint::kPlain;
};

// As it is, or with the codes of its tint around it.
std::string painted(std::string_view text, Tint tint, bool colours);

class Table {
 public:
  explicit Table(const std::vector<std::string>& head);
  // Without a line for the names of columns.
  static Table withoutHead() { return Table(); }

  // As many cells as there are columns; an empty cell is shown as "-", but for the last one.
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  // Each row on a line of its own after `indent`; nothing stands after its last cell.
  [[nodiscard]] std::string text(std::string_view indent = "", bool colours = false) const;

 private:
  Table() = default;
  std::vector<std::vector<Cell>> rows_;
};

// One line of at most `limit` bytes without control characters; "..." tells that it was cut.
std::string oneLine(std::string_view text, std::size_t limit);

// "42s", "5m", "3h", "12d": about how long, never below zero.
std::string roughly(base::Duration duration);

}  // namespace stowage::kubectl
