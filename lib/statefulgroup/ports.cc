#include "statefulgroup/ports.h"

#include <array>

namespace stowage::statefulgroup {

std::string_view pluralOf(Resource resource) {
  constexpr std::array<std::string_view, 8> kPlurals = {
      "statefulgroups",      "pods",     "persistentvolumeclaims",
      "persistentvolumes",   "services", "poddisruptionbudgets",
      "controllerrevisions", "nodes"};
  return kPlurals.at(static_cast<std::size_t>(resource));
}

std::string_view text(HookVerb verb) {
  constexpr std::array<std::string_view, 5> kVerbs = {"switchover", "join", "leave",
                                                      "pre-disruption", "post-restart"};
  return kVerbs.at(static_cast<std::size_t>(verb));
}

}  // namespace stowage::statefulgroup
