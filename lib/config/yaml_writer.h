// YamlWriter: writes the configuration in effect as YAML. Pure, not thread safe.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/go_duration.h"
#include "config/plugin_args.h"

namespace stowage::config {

// A YAML writer for exactly that object: two spaces per level, every text in JSON quotes, which
// YAML reads alike.
class YamlWriter {
 public:
  void line(int depth, std::string_view text) {
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += text;
    out_ += '\n';
  }
  void text(int depth, std::string_view name, std::string_view value) {
    line(depth, fmt::format("{}: {}", name, base::jsonString(value)));
  }
  void duration(int depth, std::string_view name, base::Duration value) {
    text(depth, name, formatGoDuration(value));
  }
  template <typename T>
  void value(int depth, std::string_view name, T value) {
    line(depth, fmt::format("{}: {}", name, value));
  }
  void texts(int depth, std::string_view name, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
      list += (list.empty() ? "" : ", ") + base::jsonString(value);
    }
    line(depth, fmt::format("{}: [{}]", name, list));
  }
  void resources(int depth, const std::vector<ResourceSpec>& resources) {
    line(depth, "resources:");
    for (const ResourceSpec& resource : resources) {
      line(depth, fmt::format("- {{name: {}, weight: {}}}", base::jsonString(resource.name),
                              resource.weight));
    }
  }
  void args(std::string_view plugin) {
    line(1, fmt::format("- name: {}", plugin));
    line(2, "args:");
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace stowage::config
