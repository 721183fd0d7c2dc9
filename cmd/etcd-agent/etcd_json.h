// The words of etcd's JSON gateway (server/embed/etcd.go of etcd v3.6.8: 64-bit numbers are texts,
// zero values are left out). Pure; what etcd answers is hostile input: bounded, and an error when
// it makes no sense. Texts that are shown to people are cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cmd/etcd-agent/etcd_types.h"

namespace stowage::etcd_agent {

inline constexpr std::size_t kMaxEtcdAnswer = 256 * 1024;
// Far more than etcd works well with.
inline constexpr std::size_t kMaxMembers = 32;

base::Result<MemberStatus> decodeStatus(std::string_view body);
// The answer to list, add, promote and remove.
base::Result<MemberList> decodeMembers(std::string_view body);
// The member that was added, out of the answer to add.
base::Result<Member> decodeAdded(std::string_view body);
// What a refusal says: {"code": 9, "message": "etcdserver: not leader"}; else its HTTP status.
std::string decodeRefusal(int http_status, std::string_view body);

std::string encodeListRequest();
std::string encodeIdRequest(std::uint64_t id);        // promote, remove
std::string encodeTransferRequest(std::uint64_t to);  // transfer-leadership
std::string encodeAddLearnerRequest(const std::string& peer_url);

}  // namespace stowage::etcd_agent
