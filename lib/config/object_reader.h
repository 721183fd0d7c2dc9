// ObjectReader: takes one map of a YAML tree apart, field by field, strictly: a field that nobody
// asked for, a field given twice and a value of the wrong type are problems. A field that is absent
// or null leaves its target untouched, as Go's decoder does. Not thread safe; lives shorter than
// the node and the Problems it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/yaml_tree.h"

namespace stowage::config {

class ObjectReader {
 public:
  // `path` is how problems name this object ("profiles[0].plugins"; "" for the root).
  ObjectReader(const YamlNode& node, std::string path, Problems& problems);

  // Each returns whether the field is there, not null and of the right type.
  bool boolean(std::string_view name, bool& target);
  bool integer(std::string_view name, std::int64_t& target, std::int64_t low, std::int64_t high);
  bool integer(std::string_view name, int& target, int low = std::numeric_limits<int>::min(),
               int high = std::numeric_limits<int>::max());
  bool number(std::string_view name, double& target);
  bool text(std::string_view name, std::string& target);
  bool duration(std::string_view name, base::Duration& target);
  bool texts(std::string_view name, std::vector<std::string>& target);
  // The value as a map or nullptr; the caller reads it with another ObjectReader.
  const YamlNode* object(std::string_view name);
  // Calls `each` for every element that is a map, with its path ("profiles[2]").
  bool objects(std::string_view name,
               const std::function<void(const YamlNode&, const std::string& path)>& each);
  // The raw value or nullptr; marks the field as known.
  const YamlNode* any(std::string_view name);

  // Reports every field that was not asked for. Call it last.
  void finish();

  // A problem at the value of field `name`, or at the object when the field is absent.
  void problem(std::string_view name, std::string_view what, std::string_view advice = {});
  [[nodiscard]] std::string pathOf(std::string_view name) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Place place() const { return node_.place; }

 private:
  const YamlMember* find(std::string_view name) const;
  const YamlNode* take(std::string_view name);
  void wrongType(std::string_view name, const YamlNode& value, std::string_view wanted);

  const YamlNode& node_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> known_;
};

// Whether a node is text: quoted, or plain and neither number nor boolean.
bool isText(const YamlNode& node);
// "a list", "the number 5", "the text \"x\"": how a problem calls a value.
std::string describe(const YamlNode& node);

}  // namespace stowage::config
