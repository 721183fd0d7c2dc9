// What is different between the data of two revisions, in the words of the spec. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stowage::kubectl {

// "template.spec.containers[main].image: db:1 -> db:2", one per changed value, in the order of the
// spec's fields. Elements of lists are told by their names where they have some. Data that cannot
// be read is one difference.
std::vector<std::string> changesBetween(std::string_view before, std::string_view after);

// At most `limit` of them on one line; "and 3 more" stands for the others.
std::string inShort(const std::vector<std::string>& changes, std::size_t limit);

}  // namespace stowage::kubectl
