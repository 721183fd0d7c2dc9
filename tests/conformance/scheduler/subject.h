// Subject: our own scheduler, asked what the oracle is asked, through the calls that watch events
// come in by. Not thread safe.
#pragma once

#include <nlohmann/json.hpp>

namespace stowage::conformance {

// The answer to a question of the oracle in the oracle's form: {"pods": [...]}. Objects come in an
// order, and some of them first in another state, that `history` decides: what is counted on the
// way must not matter.
nlohmann::json askSubject(const nlohmann::json& question, std::uint64_t history);

}  // namespace stowage::conformance
