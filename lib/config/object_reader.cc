#include "config/object_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/near_name.h"
#include "config/go_duration.h"

namespace stowage::config {

namespace {

// The spellings of YAML 1.1 that Go's reader takes, without the one-letter ones.
std::optional<bool> parseBoolean(std::string_view text) {
  for (const std::string_view yes : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
    if (text == yes) return true;
  for (const std::string_view no :
       {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
    if (text == no) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parseInteger(std::string_view text) {
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  const std::string_view digits = text.substr(!text.empty() && text.front() == '-' ? 1 : 0);
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;  // octal in YAML 1.1
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parseNumber(std::string_view text) {
  if (text.empty() || text.find_first_not_of("+-0123456789.eE") != std::string_view::npos) {
    return std::nullopt;
  }
  if (text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

bool isText(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return false;
  return !node.plain || (!parseBoolean(node.text) && !parseNumber(node.text));
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  if (isText(node)) return "the text " + quoted(node.text);
  return (parseBoolean(node.text) ? "the boolean " : "the number ") + node.text.substr(0, 40);
}

ObjectReader::ObjectReader(const YamlNode& node, std::string path, Problems& problems)
    : node_(node), path_(std::move(path)), problems_(problems) {
  std::set<std::string_view> seen;
  for (const YamlMember& member : node_.members) {
    if (!seen.insert(member.key).second) {
      problems_.add(member.place, pathOf(member.key), "is given twice", "remove one of them");
    }
  }
}

std::string ObjectReader::pathOf(std::string_view name) const {
  // Keys come from the file: what is not a plain name is shown escaped.
  const bool simple = !name.empty() && name.size() <= 64 &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' ||
                               c == '[' || c == ']' || c == '/';
                      });
  const std::string shown = simple ? std::string(name) : quoted(name);
  return path_.empty() ? shown : path_ + "." + shown;
}

const YamlMember* ObjectReader::find(std::string_view name) const {
  for (const YamlMember& member : node_.members)
    if (member.key == name) return &member;
  return nullptr;
}

const YamlNode* ObjectReader::take(std::string_view name) {
  known_.emplace_back(name);
  const YamlMember* member = find(name);
  if (member == nullptr || member->value->kind == YamlNode::Kind::kNull) return nullptr;
  return member->value.get();
}

const YamlNode* ObjectReader::any(std::string_view name) { return take(name); }

void ObjectReader::problem(std::string_view name, std::string_view what, std::string_view advice) {
  const YamlMember* member = find(name);
  problems_.add(member != nullptr ? member->value->place : node_.place,
                name.empty() ? path_ : pathOf(name), what, advice);
}

void ObjectReader::wrongType(std::string_view name, const YamlNode& value,
                             std::string_view wanted) {
  const bool quotes_help = wanted == "a text" && value.kind == YamlNode::Kind::kScalar;
  problems_.add(value.place, pathOf(name), fmt::format("is {}", describe(value)),
                fmt::format("give {}{}", wanted, quotes_help ? ": put it in quotes" : ""));
}

bool ObjectReader::boolean(std::string_view name, bool& target) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  const auto parsed = value->kind == YamlNode::Kind::kScalar && value->plain
                          ? parseBoolean(value->text)
                          : std::nullopt;
  if (!parsed) {
    wrongType(name, *value, "true or false, without quotes");
    return false;
  }
  target = *parsed;
  return true;
}

bool ObjectReader::integer(std::string_view name, std::int64_t& target, std::int64_t low,
                           std::int64_t high) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  const auto parsed = value->kind == YamlNode::Kind::kScalar && value->plain
                          ? parseInteger(value->text)
                          : std::nullopt;
  if (!parsed) {
    wrongType(name, *value, "a whole number, without quotes");
    return false;
  }
  if (*parsed < low || *parsed > high) {
    problem(name, fmt::format("is {}", *parsed), fmt::format("give {} to {}", low, high));
    return false;
  }
  target = *parsed;
  return true;
}

bool ObjectReader::integer(std::string_view name, int& target, int low, int high) {
  std::int64_t wide = 0;
  if (!integer(name, wide, std::int64_t{low}, std::int64_t{high})) return false;
  target = static_cast<int>(wide);
  return true;
}

bool ObjectReader::number(std::string_view name, double& target) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  const auto parsed = value->kind == YamlNode::Kind::kScalar && value->plain
                          ? parseNumber(value->text)
                          : std::nullopt;
  if (!parsed) {
    wrongType(name, *value, "a number, without quotes");
    return false;
  }
  target = *parsed;
  return true;
}

bool ObjectReader::text(std::string_view name, std::string& target) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  if (!isText(*value)) {
    wrongType(name, *value, "a text");
    return false;
  }
  target = value->text;
  return true;
}

bool ObjectReader::duration(std::string_view name, base::Duration& target) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  const auto parsed = isText(*value) || value->text == "0" ? parseGoDuration(value->text)
                                                           : std::optional<base::Duration>();
  if (!parsed) {
    wrongType(name, *value, "a duration such as 15s or 1m30s");
    return false;
  }
  target = *parsed;
  return true;
}

bool ObjectReader::texts(std::string_view name, std::vector<std::string>& target) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  if (value->kind != YamlNode::Kind::kSequence) {
    wrongType(name, *value, "a list of texts");
    return false;
  }
  target.clear();
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    if (!isText(*value->items[i])) {
      wrongType(fmt::format("{}[{}]", name, i), *value->items[i], "a text");
      continue;
    }
    target.push_back(value->items[i]->text);
  }
  return true;
}

const YamlNode* ObjectReader::object(std::string_view name) {
  const YamlNode* value = take(name);
  if (value == nullptr) return nullptr;
  if (value->kind != YamlNode::Kind::kMap) {
    wrongType(name, *value, "a map");
    return nullptr;
  }
  return value;
}

bool ObjectReader::objects(
    std::string_view name,
    const std::function<void(const YamlNode&, const std::string& path)>& each) {
  const YamlNode* value = take(name);
  if (value == nullptr) return false;
  if (value->kind != YamlNode::Kind::kSequence) {
    wrongType(name, *value, "a list");
    return false;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const YamlNode& item = *value->items[i];
    const std::string path = fmt::format("{}[{}]", pathOf(name), i);
    if (item.kind == YamlNode::Kind::kMap) {
      each(item, path);
    } else {
      problems_.add(item.place, path, fmt::format("is {}", describe(item)), "give a map");
    }
  }
  return true;
}

void ObjectReader::finish() {
  for (const YamlMember& member : node_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    // Guessing costs time; nobody reads a fiftieth guess.
    const std::string guess =
        problems_.count() < 50 ? base::nearestName(member.key, known_) : std::string();
    problems_.add(
        member.place, pathOf(member.key), "is not a known field",
        guess.empty() ? std::string("remove it") : fmt::format("did you mean {}?", guess));
  }
}

}  // namespace stowage::config
