// What a scenario's objects look like at one moment, reduced to what a scheduler decides and says,
// and the comparison of that with what a scenario expects. Two clusters in the same state give
// equal snapshots: uids are written as the names of their pods, times are left out.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "integration/scenarios/rest.h"

namespace stowage::testing {

// {"pods": {name: ...}, "events": [...], "claims": {...}, "volumes": {...}, "budgets": {...}} of
// the namespaces; pods, claims and budgets have names of their own throughout a scenario.
// `names_by_uid` learns the pods that are seen.
Json takeSnapshot(Rest& rest, const std::set<std::string>& namespaces,
                  std::map<std::string, std::string>& names_by_uid);

// The first thing in which `snapshot` is not as expected, in words; empty when all is.
std::string unmet(const Json& expected, const Json& snapshot);

// With nodes replaced by "*" where the scenario leaves the choice among several open.
Json withoutFreeChoices(Json snapshot, const Json& expected);

// Every text of `json` with `from` replaced by `to`; counts the replacements.
Json withTexts(const Json& json, const std::string& from, const std::string& to, int& count);

// Without the events of that note; how many there were.
int dropEvents(Json& snapshot, const std::string& note);

// kube-scheduler v1.36 loses the preemptor of its event Preempted: executor.go hands over a type
// that the recorder's scheme does not know. Names it as the note does; tells how many events lacked
// it.
int nameLostPreemptors(Json& snapshot);

}  // namespace stowage::testing
