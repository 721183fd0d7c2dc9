// Table: text in columns, for people. What comes from the cluster is made harmless for terminals.
// Pure; belongs to one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stowage::kubectl {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  // Without a line for the names of columns.
  static Table withoutHead() { return Table(); }

  // As many cells as there are columns; an empty cell is shown as "-", but for the last one.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Each row on a line of its own after `indent`; nothing stands after its last cell.
  [[nodiscard]] std::string text(std::string_view indent = "") const;

 private:
  Table() = default;
  std::vector<std::vector<std::string>> rows_;
};

// One line of at most `limit` bytes without control characters; "..." tells that it was cut.
std::string oneLine(std::string_view text, std::size_t limit);

// "42s", "5m", "3h", "12d": about how long, never below zero.
std::string roughly(base::Duration duration);

}  // namespace stowage::kubectl
