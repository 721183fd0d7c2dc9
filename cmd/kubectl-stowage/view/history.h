// The revisions of a group for people, newest first. Pure functions.
#pragma once

#include <string>

#include "statefulgroup/observed.h"

namespace stowage::kubectl {

std::string historyText(const statefulgroup::Observed& observed, base::WallTime now);
std::string historyJson(const statefulgroup::Observed& observed);

}  // namespace stowage::kubectl
