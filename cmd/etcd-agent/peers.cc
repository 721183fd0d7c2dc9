#include "cmd/etcd-agent/peers.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "k8sclient/transport/resolver.h"
#include "k8sclient/transport/tls_identity.h"

namespace stowage::etcd_agent {

namespace {

constexpr auto kLookUp = std::chrono::seconds(3);
constexpr std::size_t kMaxAddresses = 32;

std::string bracketed(const std::string& host) {
  return k8sclient::isIpv6Address(host) ? "[" + host + "]" : host;
}

}  // namespace

std::optional<PodName> parsePodName(std::string_view name) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view digits = name.substr(dash + 1);
  PodName out{std::string(name.substr(0, dash)), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.ordinal);
  const bool number = error == std::errc() && end == digits.data() + digits.size();
  if (!number || out.ordinal < 0 || (digits.size() > 1 && digits.front() == '0'))
    return std::nullopt;
  return out;
}

Peers::Peers(PeerOptions options, base::Clock& clock)
    : options_(std::move(options)),
      name_(parsePodName(options_.name).value_or(PodName{})),
      clock_(clock) {}

std::vector<std::string> Peers::firstNames(int count) const {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back(fmt::format("{}-{}", name_.prefix, options_.first_ordinal + i));
  return names;
}

std::vector<std::string> Peers::founders() const { return firstNames(options_.initial_size); }

std::vector<std::string> Peers::expected() const {
  std::vector<std::string> names = firstNames(std::max(options_.initial_size, options_.replicas));
  std::erase(names, options_.name);
  return names;
}

bool Peers::isFounder() const {
  return name_.ordinal >= options_.first_ordinal &&
         name_.ordinal < options_.first_ordinal + options_.initial_size;
}

bool Peers::sameShard(std::string_view pod) const {
  const auto name = parsePodName(pod);
  return name && name->prefix == name_.prefix;
}

std::string Peers::hostOf(const std::string& member) const {
  if (const auto given = options_.hosts.find(member); given != options_.hosts.end())
    return given->second;
  return options_.domain.empty() ? member : member + "." + options_.domain;
}

std::string Peers::peerUrlOf(const std::string& member) const { return peerUrlAt(hostOf(member)); }

std::string Peers::peerUrlAt(const std::string& host) const {
  return fmt::format("{}://{}:{}", options_.scheme, bracketed(host), options_.peer_port);
}

std::string Peers::clientUrl(const std::string& host) const {
  return fmt::format("{}://{}:{}", options_.scheme, bracketed(host), options_.client_port);
}

std::vector<std::string> Peers::namedHosts() const {
  std::vector<std::string> hosts;
  const auto add = [&](const std::string& member) {
    const std::string host = hostOf(member);
    if (member != options_.name && std::find(hosts.begin(), hosts.end(), host) == hosts.end())
      hosts.push_back(host);
  };
  for (const std::string& founder : founders()) add(founder);
  for (const auto& [member, host] : options_.hosts) add(member);
  return hosts;
}

base::Result<std::vector<std::string>> Peers::addresses(const std::stop_token& stop) const {
  std::vector<std::string> out;
  if (options_.domain.empty()) return out;
  k8sclient::Resolver resolver(options_.domain, std::to_string(options_.client_port));
  const auto found = resolver.resolve(clock_.now() + kLookUp, stop);
  if (!found) {
    if (found.error().code() == base::Code::kTimeout) return base::fail(found.error());
    return out;
  }
  for (const k8sclient::SocketAddress& address : *found) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(reinterpret_cast<const sockaddr*>(address.bytes), address.size, text.data(),
                    text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::find(out.begin(), out.end(), text.data()) == out.end()) out.emplace_back(text.data());
    if (out.size() == kMaxAddresses) break;
  }
  return out;
}

}  // namespace stowage::etcd_agent
