// Problems: everything that is wrong with one file, collected so that all of it is shown at once.
// Not thread safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace stowage::config {

// A position in a file, counted from 1. Line 0 means the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
};

class Problems {
 public:
  explicit Problems(std::string filename) : filename_(std::move(filename)) {}

  // "file:line:column: field: what; what to do". `field` and `advice` may be empty. What a file
  // says is quoted by the caller with quoted(). Only the first 50 texts are kept, the rest counted.
  void add(Place place, std::string_view field, std::string_view what,
           std::string_view advice = {});

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  // kInvalidArgument with one problem per line, in the order of the file.
  [[nodiscard]] base::Status status() const;

 private:
  struct Entry {
    Place place;
    std::string text;
  };
  std::string filename_;
  std::vector<Entry> entries_;
  std::size_t count_ = 0;
};

// Text from a file as it may be shown: in quotes, escaped, at most 80 bytes.
std::string quoted(std::string_view text);

}  // namespace stowage::config
