// Reconfiguration: other profiles and backoffs take the place of those in use, between two
// decisions. A profile is known by its scheduler name and keeps its number, so that what is under
// way for a pod finds it; one that is gone is retired, and comes back under its old number.
// Single-threaded; lives for one call.
#pragma once

#include <memory>
#include <vector>

#include "scheduling/cycle/context.h"
#include "scheduling/cycle/intake.h"

namespace stowage::scheduling {

class Reconfiguration {
 public:
  // context.options are the new ones already.
  Reconfiguration(Context& context, Intake& intake) : context_(context), intake_(intake) {}
  void run();

 private:
  using Runners = std::vector<std::unique_ptr<ProfileRunner>>;  // by number

  [[nodiscard]] std::unique_ptr<ProfileRunner> runnerOf(const Profile& profile) const;
  Runners successors();
  void moveEntries(const Runners& successors);
  void install(Runners successors);

  Context& context_;
  Intake& intake_;
};

}  // namespace stowage::scheduling
