#include "cmd/etcd-agent/failpoints.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/log.h"

namespace stowage::etcd_agent {

namespace {

constexpr const char* kVariable = "STOWAGE_FAILPOINTS";
constexpr std::string_view kInit = "init/";
constexpr std::array<std::string_view, 4> kCalls = {"add", "promote", "remove", "transfer"};

bool isCall(std::string_view call) {
  if (call.starts_with(kInit)) call.remove_prefix(kInit.size());
  return std::find(kCalls.begin(), kCalls.end(), call) != kCalls.end();
}

// False: it was there already, or cannot be made.
bool makeFile(const std::string& path) {
  const int made = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  return made >= 0 && close(made) == 0;
}

// As by SIGKILL: nothing is flushed, given back or told.
void endProcess() { _exit(137); }

// A member that removes itself may be gone before it has answered. "unhealthy cluster" has the same
// HTTP status and is a refusal (etcd v3.6.8, api/v3rpc/rpctypes/error.go).
bool mayBeDone(const base::Status& answer) {
  return answer.ok() || (answer.code() == base::Code::kUnavailable &&
                         answer.message().find("unhealthy cluster") == std::string::npos);
}

class Failing final : public EtcdApi {
 public:
  Failing(std::unique_ptr<EtcdApi> real, Failpoints failpoints, std::string prefix,
          std::function<void()> die)
      : real_(std::move(real)),
        failpoints_(std::move(failpoints)),
        prefix_(std::move(prefix)),
        die_(std::move(die)) {}

  base::Result<MemberStatus> status(const std::string& url) override { return real_->status(url); }
  base::Result<MemberList> members(const std::string& url) override { return real_->members(url); }
  base::Result<Member> addLearner(const std::string& url, const std::string& peer_url) override {
    auto added = real_->addLearner(url, peer_url);
    static_cast<void>(after("add", added ? base::Status() : added.error()));
    return added;
  }
  base::Status promote(const std::string& url, std::uint64_t id) override {
    return after("promote", real_->promote(url, id));
  }
  base::Status remove(const std::string& url, std::uint64_t id) override {
    return after("remove", real_->remove(url, id));
  }
  base::Status transferLeadership(const std::string& url, std::uint64_t to) override {
    return after("transfer", real_->transferLeadership(url, to));
  }

 private:
  base::Status after(const char* call, base::Status answer) {
    if (!mayBeDone(answer)) return answer;
    const auto found = failpoints_.find(prefix_ + call);
    if (found == failpoints_.end() || !makeFile(found->second)) return answer;
    base::log().warn("dying at a failpoint", {{"after", found->first}});
    die_();
    return answer;
  }

  const std::unique_ptr<EtcdApi> real_;
  const Failpoints failpoints_;
  const std::string prefix_;
  const std::function<void()> die_;
};

}  // namespace

base::Result<Failpoints> parseFailpoints(std::string_view text) {
  Failpoints failpoints;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const auto colon = one.find(':');
    if (colon == std::string_view::npos || colon + 1 == one.size() || !isCall(one.substr(0, colon)))
      return base::fail(base::Code::kInvalidArgument,
                        std::string(kVariable) + ": \"" + std::string(one) + "\" is not CALL:FILE");
    failpoints[std::string(one.substr(0, colon))] = one.substr(colon + 1);
  }
  return failpoints;
}

std::unique_ptr<EtcdApi> withFailpoints(std::unique_ptr<EtcdApi> etcd, Failpoints failpoints,
                                        std::string prefix, std::function<void()> die) {
  return std::make_unique<Failing>(std::move(etcd), std::move(failpoints), std::move(prefix),
                                   std::move(die));
}

base::Result<std::unique_ptr<EtcdApi>> withFailpoints(std::unique_ptr<EtcdApi> etcd,
                                                      std::string prefix) {
  const char* given = std::getenv(kVariable);
  auto failpoints = parseFailpoints(given == nullptr ? "" : given);
  if (!failpoints) return base::fail(failpoints.error());
  return withFailpoints(std::move(etcd), std::move(*failpoints), std::move(prefix), endProcess);
}

}  // namespace stowage::etcd_agent
