// Process: how a server program of Stowage begins and ends: logging, signals, memory, exit codes.
// Called from main, on its thread.
#pragma once

#include <csignal>
#include <functional>
#include <string>

#include "base/status.h"
#include "program/common_options.h"

namespace stowage::program {

// One line on standard error, after the program's name; returns `code`.
int complain(const std::string& program, const std::string& message, int code);

// One heap for all threads: most of them wait, and with a heap for each of eight of them half of
// what they hold is air (2.3 of 31 MB for 2,000 pods on 1,000 nodes, at the same CPU time). Before
// anything else.
void shareOneHeap();

// What a running program is to main.
class Service {
 public:
  virtual ~Service() = default;
  // `on_lost` is called when the lease is lost: the process must end at once.
  virtual base::Status start(std::function<void()> on_lost) = 0;
  virtual void stop() = 0;
  // SIGHUP came: configuration files are to be read again.
  virtual void reload() {}
};

// From a prepared process to its end: starts the service, waits for SIGTERM or SIGINT (passing on
// SIGHUP when that is among the signals), stops it.
// Returns the exit code: 0 stopped by a signal, 1 failed, 2 a flag that can never work. The signals
// must be blocked (blockSignals()) since before any thread was started.
int serve(const std::string& program, Service& service, const sigset_t& signals);

// Signals are waited for, never handled. `reloads`: SIGHUP is one of them; otherwise it ends the
// process, as for any program whose terminal is closed.
sigset_t blockSignals(bool reloads = false);
void setUpLogging(const CommonOptions& options);

// Ends the process, not through static destructors: libraries with threads of their own race there
// (cpprestsdk issues 1480, 1482). Everything of ours has been stopped in order.
[[noreturn]] void leave(int code);

}  // namespace stowage::program
