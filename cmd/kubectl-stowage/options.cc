#include "cmd/kubectl-stowage/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/text.h"
#include "base/version.h"

namespace stowage::kubectl {

namespace {

constexpr const char* kProgram = "kubectl stowage";

constexpr const char* kDescription =
    "Looks at StatefulGroups (sfg) and works on them.\n\n"
    "A StatefulGroup is a replicated stateful service: shards of replicas that keep their quorum\n"
    "while stowage-operator updates, moves and replaces their pods.";

constexpr const char* kFooter =
    "Examples:\n"
    "  kubectl stowage status db                     # shards, members, what it waits for\n"
    "  kubectl stowage status db --watch             # again whenever something changes\n"
    "  kubectl stowage history db                    # what each revision changed\n"
    "  kubectl stowage rollback db                   # back to the one before\n"
    "  kubectl stowage rollback db --to-revision 3\n"
    "  kubectl stowage replace db-0-2                # a new pod, when the shard can spare it\n\n"
    "Without --kubeconfig: $KUBECONFIG, then ~/.kube/config, then the service account of the pod.\n"
    "Exit codes: 0 done, 1 failed or refused (one line says why), 2 wrong command line or\n"
    "configuration.";

struct VerbText {
  Verb verb;
  const char* name;
  const char* what;
  const char* more;
};
constexpr VerbText kVerbs[] = {
    {Verb::kStatus, "status",
     "show shards, members, budgets, and what the group does and waits for",
     "MUST STAY: voters of the shard that have to stay available. MAY GO: pods that its "
     "disruption\n"
     "budget lets go now, by a drain or an update. REVISION \"2 -> 3\": made from 2, to be made "
     "from 3."},
    {Verb::kHistory, "history", "show the revisions, newest first, and what each changed",
     "current: last wholly rolled out. update: what pods are brought to. PODS: made from it now."},
    {Verb::kRollback, "rollback", "put a stored revision back into the spec",
     "Writes template, shardOverrides, topology and restartTime, those that differ, and nothing\n"
     "else. Pods then follow by the rules of an update. Refused by the API server when somebody "
     "has\n"
     "changed the spec meanwhile."},
    {Verb::kRestart, "restart", "give every member a new pod, one after another",
     "Sets spec.restartTime to now; pods follow by the rules of an update, leaders last."},
    {Verb::kPause, "pause", "keep the operator's hands off the group",
     "Sets spec.managementPolicy to Paused. Budgets stay in force, and status is still reported."},
    {Verb::kResume, "resume", "let the operator work on the group again",
     "Sets spec.managementPolicy to Managed."},
    {Verb::kReplace, "replace", "give one member a new pod, with the claims it has",
     "Asks the operator by an annotation on the pod, and no other pod of that name. It does it by\n"
     "the rules of an update, its disruption budget included. Refused when its shard cannot spare "
     "it."},
};

bool isType(const std::string& text, bool pod) {
  constexpr std::array<std::string_view, 3> kPod = {"pod", "pods", "po"};
  constexpr std::array<std::string_view, 5> kGroup = {"statefulgroup", "statefulgroups", "sfg",
                                                      "statefulgroup.stowage.dev",
                                                      "statefulgroups.stowage.dev"};
  return pod ? std::find(kPod.begin(), kPod.end(), text) != kPod.end()
             : std::find(kGroup.begin(), kGroup.end(), text) != kGroup.end();
}

// Before and after the verb.
void addConnection(CLI::App& app, Options& options) {
  app.add_option("-n,--namespace", options.ns, "namespace (default: that of the context)")
      ->check(program::namespaceName());
  app.add_option("--kubeconfig", options.kubeconfig, "kubeconfig to use; must exist when given")
      ->type_name("FILE");
  app.add_option("--context", options.context, "context of the kubeconfig (default: the current)");
}

void addVerb(CLI::App& app, const VerbText& text, Options& options) {
  CLI::App* verb = app.add_subcommand(text.name, text.what);
  verb->footer(text.more);
  verb->add_option(text.verb == Verb::kReplace ? "POD" : "GROUP", options.name,
                   text.verb == Verb::kReplace ? "name of the member's pod" : "name of the group");
  addConnection(*verb, options);
  verb->callback([&options, which = text.verb] { options.verb = which; });
  if (text.verb == Verb::kStatus || text.verb == Verb::kHistory) {
    verb->add_option_function<std::string>(
            "-o,--output", [&options](const std::string& form) { options.json = form == "json"; },
            "json: for programs")
        ->check(CLI::IsMember({"json"}));
  }
  if (text.verb == Verb::kStatus)
    verb->add_flag("-w,--watch", options.watch, "show it again whenever it changes, until stopped")
        ->check(program::trueOrFalse());
  if (text.verb == Verb::kRollback) {
    verb->add_option_function<std::int64_t>(
            "--to-revision", [&options](const std::int64_t& n) { options.to_revision = n; },
            "number of the revision, as history shows it (default: the one before)")
        ->check(program::wholeNumber(0, std::numeric_limits<std::int64_t>::max()));
  }
}

// As kubectl takes them: NAME or TYPE/NAME. Empty, or what is wrong.
std::string settleName(Options& options) {
  const bool pod = options.verb == Verb::kReplace;
  const char* what = pod ? "POD" : "GROUP";
  if (options.name.empty())
    return fmt::format("{} is missing; kubectl get {} lists them", what,
                       pod ? "pods -l stowage.dev/group" : "statefulgroups");
  if (const auto slash = options.name.find('/'); slash != std::string::npos) {
    const std::string type = options.name.substr(0, slash);
    if (!isType(type, pod))
      return fmt::format("{} {} is not the name of a {}", what, base::jsonString(options.name),
                         pod ? "pod" : "StatefulGroup");
    options.name.erase(0, slash + 1);
  }
  std::string name = options.name;
  const std::string wrong = program::objectName()(name);
  return wrong.empty() ? wrong : fmt::format("{}: {}", what, wrong);
}

}  // namespace

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, kProgram);
  app.footer(kFooter);
  app.set_version_flag("--version", base::versionLine("kubectl-stowage"),
                       "print version and commit");
  app.require_subcommand(1);
  addConnection(app, options);
  for (const VerbText& text : kVerbs) addVerb(app, text, options);
  if (auto early =
          program::parse(app, kProgram, base::versionLine("kubectl-stowage"), "verb", argc, argv))
    return *early;
  if (const std::string wrong = settleName(options); !wrong.empty())
    return program::wrongCommandLine(kProgram, wrong, "verb");
  return options;
}

}  // namespace stowage::kubectl
