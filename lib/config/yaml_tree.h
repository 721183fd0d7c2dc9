// YamlTree: a YAML (or JSON) document as plain values that remember where they stood, so that an
// error can name line and column. Duplicate keys are kept: the reader reports them. Bounded in
// size, depth and in what aliases expand to. Immutable after parsing, hence safe to share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace stowage::config {

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlMember {
  std::string key;
  Place place;  // of the key
  YamlNodePtr value;
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  Place place;
  std::string text;    // kScalar
  bool plain = false;  // kScalar without quotes: may mean a number or a boolean
  std::vector<YamlMember> members;
  std::vector<YamlNodePtr> items;
  std::size_t expanded = 1;  // nodes below and including this one, aliases counted every time
};

struct YamlLimits {
  std::size_t bytes = std::size_t{1} << 20;  // the size limit of a ConfigMap
  std::size_t scalar_bytes = std::size_t{64} << 10;
  std::size_t depth = 32;  // a KubeSchedulerConfiguration needs 9
  std::size_t nodes = 20000;
};

// The only document of `text`, or nullptr with at least one problem added.
YamlNodePtr parseYaml(std::string_view text, Problems& problems, const YamlLimits& limits = {});

}  // namespace stowage::config
