// Short ways to write a configuration in a test.
#pragma once

#include <string>
#include <string_view>

namespace stowage::config {

// The two header lines every file needs, then `body` from line 3 on.
inline std::string withHeader(std::string_view body) {
  return "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n" +
         std::string(body);
}

}  // namespace stowage::config
