// Failpoints: makes the agent die once etcd has done what it was asked, before anybody is told of
// it and before it is noted, so that tests can see what the next one makes of that. Built with the
// CMake option STOWAGE_FAILPOINTS only: what is released has none of it. The environment variable
// of that name says where, and by which file it is known that it has happened:
//
//   promote:/var/lib/etcd/died,init/add:/var/lib/etcd/died-adding
//
// Calls are add, promote, remove and transfer, those of init with "init/" before. The file is made
// first; when it is there already nobody dies: once for each volume.
// Thread safety: as what is wrapped.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cmd/etcd-agent/etcd_api.h"

namespace stowage::etcd_agent {

// The file, by call.
using Failpoints = std::map<std::string, std::string, std::less<>>;
base::Result<Failpoints> parseFailpoints(std::string_view text);

// `prefix` is of whoever asks etcd. `die` ends the process on the spot; tests have something else.
std::unique_ptr<EtcdApi> withFailpoints(std::unique_ptr<EtcdApi> etcd, Failpoints failpoints,
                                        std::string prefix, std::function<void()> die);
// As the environment says.
base::Result<std::unique_ptr<EtcdApi>> withFailpoints(std::unique_ptr<EtcdApi> etcd,
                                                      std::string prefix);

}  // namespace stowage::etcd_agent
