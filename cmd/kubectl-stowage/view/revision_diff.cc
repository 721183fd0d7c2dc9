#include "cmd/kubectl-stowage/view/revision_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cmd/kubectl-stowage/view/table.h"

namespace stowage::kubectl {

namespace {

using Json = nlohmann::json;

// Revisions are bounded, and so is what is said of them.
constexpr std::size_t kMostChanges = 1000;
constexpr std::size_t kMostShown = 60;
constexpr int kDeepest = 64;

std::string shown(const Json& value) {
  const std::string text = value.is_string()
                               ? value.get<std::string>()
                               : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return oneLine(text, kMostShown);
}

// What tells the elements of a list apart; nullopt: nothing does.
std::optional<std::map<std::string, const Json*>> byName(const Json& list) {
  for (const char* key : {"name", "topologyKey", "shards", "mountPath", "containerPort"}) {
    std::map<std::string, const Json*> named;
    for (const Json& element : list) {
      if (!element.is_object() || !element.contains(key)) break;
      named.emplace(shown(element[key]), &element);
    }
    if (!named.empty() && named.size() == list.size()) return named;
  }
  return std::nullopt;
}

class Difference {
 public:
  std::vector<std::string> of(const Json& before, const Json& after) {
    compare("", before, after, 0);
    return std::move(changes_);
  }

 private:
  void say(const std::string& path, std::string what) {
    if (changes_.size() < kMostChanges)
      changes_.push_back(fmt::format("{}: {}", path, std::move(what)));
  }

  void compare(const std::string& path, const Json& before, const Json& after, int depth) {
    if (before == after) return;
    if (depth < kDeepest && before.is_object() && after.is_object()) {
      objects(path, before, after, depth);
    } else if (depth >= kDeepest || !before.is_array() || !after.is_array() ||
               !lists(path, before, after, depth)) {
      say(path, fmt::format("{} -> {}", shown(before), shown(after)));
    }
  }

  void one(const std::string& path, const Json* before, const Json* after, int depth) {
    if (before == nullptr) {
      say(path, "new, " + shown(*after));
    } else if (after == nullptr) {
      say(path, "removed, was " + shown(*before));
    } else {
      compare(path, *before, *after, depth + 1);
    }
  }

  void objects(const std::string& path, const Json& before, const Json& after, int depth) {
    std::map<std::string, std::pair<const Json*, const Json*>> members;
    for (const auto& member : before.items()) members[member.key()].first = &member.value();
    for (const auto& member : after.items()) members[member.key()].second = &member.value();
    for (const auto& [key, sides] : members) {
      // Keys with dots, as labels have them, would read as a path.
      const bool plain = key.find_first_of("./") == std::string::npos;
      std::string where = plain ? (path.empty() ? key : path + "." + key) : path + "[" + key + "]";
      one(where, sides.first, sides.second, depth);
    }
  }

  bool lists(const std::string& path, const Json& before, const Json& after, int depth) {
    const auto old = byName(before);
    const auto now = byName(after);
    if (!old || !now) return false;
    const std::size_t known = changes_.size();
    for (const auto& [name, value] : *old) {
      const auto same = now->find(name);
      one(fmt::format("{}[{}]", path, name), value, same == now->end() ? nullptr : same->second,
          depth);
    }
    for (const auto& [name, value] : *now) {
      if (!old->contains(name)) one(fmt::format("{}[{}]", path, name), nullptr, value, depth);
    }
    if (changes_.size() == known) say(path, "another order");
    return true;
  }

  std::vector<std::string> changes_;
};

}  // namespace

std::vector<std::string> changesBetween(std::string_view before, std::string_view after) {
  const Json old = Json::parse(before, nullptr, false);
  const Json now = Json::parse(after, nullptr, false);
  if (old.is_discarded() || now.is_discarded()) return {"data: cannot be read"};
  return Difference().of(old, now);
}

std::string inShort(const std::vector<std::string>& changes, std::size_t limit) {
  const auto end = changes.begin() + static_cast<std::ptrdiff_t>(std::min(limit, changes.size()));
  std::string text = fmt::format("{}", fmt::join(changes.begin(), end, "; "));
  if (changes.size() > limit) text += fmt::format("; and {} more", changes.size() - limit);
  return text;
}

}  // namespace stowage::kubectl
