// Running a program for its standard output, within limits. Any thread; no signal handlers.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace stowage::k8sclient {

struct ChildProcess {
  std::string command;  // looked up in $PATH unless it contains a '/'
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // on top of our own environment
  bool share_stdin = false;                              // else standard input is empty
};

// Standard output of the program once it ended with status 0. It runs in a process group of its
// own, unless it shares the terminal, and is killed with it at the limits or on `stop`.
// kNotFound: no such program; kTimeout, kResourceExhausted, kCancelled: killed; kUnavailable: it
// failed.
base::Result<std::string> runChild(const ChildProcess& child, base::Duration timeout,
                                   std::size_t max_output, const std::stop_token& stop);

}  // namespace stowage::k8sclient
