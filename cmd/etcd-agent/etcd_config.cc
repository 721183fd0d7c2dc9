#include "cmd/etcd-agent/etcd_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace stowage::etcd_agent {

namespace {

constexpr std::array<std::string_view, 9> kOurs = {
    "name",
    "data-dir",
    "listen-peer-urls",
    "listen-client-urls",
    "initial-advertise-peer-urls",
    "advertise-client-urls",
    "initial-cluster",
    "initial-cluster-state",
    "initial-cluster-token",
};

// The key that a line of YAML's outermost level begins with.
std::string_view keyOf(std::string_view line) {
  std::string_view key = line.substr(0, line.find(':'));
  if (key.size() == line.size()) return {};
  while (key.ends_with(' ')) key.remove_suffix(1);
  if (key.size() > 1 && (key.front() == '"' || key.front() == '\'') && key.back() == key.front())
    key = key.substr(1, key.size() - 2);
  return key;
}

}  // namespace

base::Result<std::string> renderEtcdConfig(const std::string& base, const EtcdConfig& config) {
  std::string_view rest = base;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with('{'))
      return base::fail(base::Code::kInvalidArgument, "it must be written line by line, not in {}");
    for (const std::string_view ours : kOurs) {
      if (keyOf(line) == ours)
        return base::fail(base::Code::kInvalidArgument,
                          fmt::format("{} is set by the agent", ours));
    }
  }
  std::string cluster;
  for (const InitialMember& member : config.members)
    cluster += fmt::format("{}{}={}", cluster.empty() ? "" : ",", member.name, member.peer_url);
  const std::array<std::pair<std::string_view, std::string>, 9> values = {{
      {kOurs[0], config.name},
      {kOurs[1], config.data_dir},
      {kOurs[2], config.listen_peer_url},
      {kOurs[3], config.listen_client_url},
      {kOurs[4], config.peer_url},
      {kOurs[5], config.client_url},
      {kOurs[6], cluster},
      {kOurs[7], config.founds ? "new" : "existing"},
      {kOurs[8], config.token},
  }};
  std::string out = base;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  // A JSON string is a YAML string.
  for (const auto& [key, value] : values)
    out += fmt::format("{}: {}\n", key, base::jsonString(value));
  return out;
}

std::vector<InitialMember> initialMembers(const MemberList& list, std::uint64_t own_id,
                                          const std::string& own_name) {
  std::vector<InitialMember> members;
  for (const Member& member : list.members) {
    const std::string name = member.id == own_id    ? own_name
                             : !member.name.empty() ? member.name
                                                    : fmt::format("member-{:x}", member.id);
    for (const std::string& url : member.peer_urls) members.push_back({name, url});
  }
  return members;
}

}  // namespace stowage::etcd_agent
