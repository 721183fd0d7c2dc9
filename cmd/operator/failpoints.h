// Failpoints: makes the operator die before or after the n-th call of a kind, so that tests can see
// what its successor finds. Built with the CMake option STOWAGE_FAILPOINTS only: what is released
// has none of it. The environment variable of that name says where:
//
//   after:evict/pods:2              once the second eviction was granted
//   before:delete/pods/db-0-1:1     instead of deleting that pod
//   after:ask/leave:1               once an agent took the first such call (done, or working on it)
//   after:done/leave:1              once the first such call was answered with done
//
// Calls are create, patch, replace, delete, evict and ask; trials (dry runs) and reads do not
// count, and neither does after: what was refused.
// Thread safety: all methods from any thread. Ownership: what is wrapped outlives it.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "statefulgroup/ports.h"

namespace stowage::operator_cmd {

struct Failpoint {
  bool before = false;
  std::string call;  // "evict/pods", "evict/pods/db-0-1"; empty: nowhere
  int count = 0;     // at which such call, from 1
};

base::Result<Failpoint> parseFailpoint(std::string_view text);
// From the environment; nowhere when it says nothing.
base::Result<Failpoint> failpointOfEnvironment();

class Failpoints {
 public:
  // `die` ends the process on the spot; tests have something else.
  Failpoints(statefulgroup::ObjectApi& objects, statefulgroup::HookCaller& hooks,
             Failpoint failpoint, std::function<void()> die = endProcess);

  statefulgroup::ObjectApi& objects() { return objects_; }
  statefulgroup::HookCaller& hooks() { return hooks_; }

 private:
  // As by SIGKILL: nothing is flushed, given back or told.
  static void endProcess();

  // Counts calls, and knows when it is time.
  class Trigger {
   public:
    Trigger(Failpoint failpoint, std::function<void()> die);
    void before(std::string_view call, std::string_view name) { pass(true, call, name); }
    void after(std::string_view call, std::string_view name) { pass(false, call, name); }

   private:
    void pass(bool before, std::string_view call, std::string_view name);

    const Failpoint failpoint_;
    const std::function<void()> die_;
    std::atomic<int> seen_{0};
  };

  class Objects final : public statefulgroup::ObjectApi {
   public:
    Objects(statefulgroup::ObjectApi& real, Trigger& trigger) : real_(real), trigger_(trigger) {}
    statefulgroup::Answer get(const statefulgroup::ObjectName& object) override;
    statefulgroup::Answer create(const statefulgroup::ObjectName& object, std::string_view json,
                                 statefulgroup::DryRun dry_run) override;
    statefulgroup::Answer patch(const statefulgroup::ObjectName& object,
                                std::string_view subresource, std::string_view json) override;
    statefulgroup::Answer replace(const statefulgroup::ObjectName& object,
                                  std::string_view subresource, std::string_view json) override;
    statefulgroup::Answer remove(const statefulgroup::ObjectName& object,
                                 const statefulgroup::Fence& fence) override;
    statefulgroup::Answer evict(const statefulgroup::ObjectName& pod,
                                const statefulgroup::Fence& fence) override;

   private:
    template <typename Call>
    statefulgroup::Answer write(std::string_view verb, const statefulgroup::ObjectName& object,
                                const Call& call);

    statefulgroup::ObjectApi& real_;
    Trigger& trigger_;
  };

  class Hooks final : public statefulgroup::HookCaller {
   public:
    Hooks(statefulgroup::HookCaller& real, Trigger& trigger) : real_(real), trigger_(trigger) {}
    statefulgroup::HookAnswer ask(const statefulgroup::HookRequest& request) override;

   private:
    statefulgroup::HookCaller& real_;
    Trigger& trigger_;
  };

  Trigger trigger_;
  Objects objects_;
  Hooks hooks_;
};

}  // namespace stowage::operator_cmd
