// HistoryJudge: judges what happened on a real API server, change by change in the order in which
// the server made them, in terms of its own: it shares nothing with what it judges. It fails on
// - a member that the operator took away although its shard could not spare it,
// - a member that served, was wanted and was what it should be, and was taken away all the same,
// - two pods of one identity, or of one claim, alive at a time,
// - a claim that the operator deleted and nobody wanted deleted.
// Not thread safe. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace stowage::testing {

// One change of one object of the namespace.
struct Change {
  enum class Kind : std::uint8_t {
    kPut,   // made or changed
    kGone,  // `object` as it was
    kLost,  // the watch was cut: what the resource's objects are is told anew
  };
  std::int64_t version = 0;  // of the change: one count for all objects
  Kind kind = Kind::kPut;
  std::string resource;  // "pods"
  nlohmann::json object;
};

class HistoryJudge {
 public:
  // `removed`: uids of objects whose removal the operator asked for and was granted. What
  // disappears otherwise is not its doing.
  explicit HistoryJudge(std::set<std::string> removed) : removed_(std::move(removed)) {}

  // The volume of that claim was taken away for good by the test, in a way that is told by other
  // objects than the judge sees.
  void giveUp(const std::string& uid) { given_up_.insert(uid); }
  void see(const Change& change);
  [[nodiscard]] const std::set<std::string>& removed() const { return removed_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Json = nlohmann::json;
  using Objects = std::map<std::string, Json>;  // by name

  void put(const std::string& resource, const Json& object);
  void begunToGo(const std::string& resource, const Json& before);
  void judgeIdentity(const Json& pod);
  void judgeRemoval(const Json& pod);
  void judgeClaim(const Json& claim);
  [[nodiscard]] const Json* groupOf(const Json& object) const;
  // The specs by which the operator may have acted: that of now, and the one that it has last told
  // to have seen.
  [[nodiscard]] std::vector<Json> specsOf(const Json& group) const;
  [[nodiscard]] std::string shortage(const Json& pod, const Json& spec) const;
  [[nodiscard]] bool hasReasonToGo(const Json& pod, const Json& group, const Json& spec) const;
  [[nodiscard]] bool isOutdated(const Json& pod, const Json& group) const;
  [[nodiscard]] bool waitsForItsVolume(const Json& pod) const;
  void violated(const std::string& what) { violations_.push_back(what); }

  const std::set<std::string> removed_;
  std::set<std::string> given_up_;                             // uids of claims
  std::map<std::string, Objects> objects_;                     // by resource
  std::map<std::string, std::map<std::int64_t, Json>> specs_;  // of groups: by uid, generation
  std::set<std::string> known_;                                // violations of lasting states
  std::vector<std::string> violations_;
};

}  // namespace stowage::testing
