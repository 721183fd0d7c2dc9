#include "program/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/near_name.h"
#include "base/text.h"
#include "kubeapi/label_syntax.h"

namespace stowage::program {

namespace {

constexpr std::size_t kShown = 80;

std::string shown(std::string_view text) {
  return base::jsonString(base::utf8Prefix(text, kShown));
}

template <typename T>
std::optional<T> numberOf(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

bool isFlag(std::string_view text) { return text.size() > 1 && text.front() == '-'; }

// The app that was typed last: the verb, where there are verbs.
const CLI::App& deepest(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app : deepest(*used.back());
}

void addFlagNames(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
}

std::string maybe(const std::string& guess) {
  return guess.empty() ? std::string() : fmt::format("; did you mean {}?", guess);
}

std::string unknownFlag(const CLI::App& app, const std::string& typed) {
  const std::string name = typed.substr(0, typed.find('='));
  std::vector<std::string> known;
  addFlagNames(app, known);
  if (&deepest(app) != &app) addFlagNames(deepest(app), known);
  return fmt::format("there is no flag {}{}", shown(name), maybe(base::nearestName(name, known)));
}

std::vector<std::string> verbsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) names.push_back(verb->get_name());
  return names;
}

// What was typed and belongs to nothing: the first flag of it, else the first word.
std::string surplus(const CLI::App& app, const std::vector<std::string>& words) {
  const auto flag = std::find_if(words.begin(), words.end(), isFlag);
  if (flag != words.end()) return unknownFlag(app, *flag);
  const std::string& word = words.front();
  const auto verbs = verbsOf(app);
  if (!verbs.empty() && app.get_subcommands().empty()) {
    const std::string guess = base::nearestName(word, verbs);
    return fmt::format(
        "there is no verb {}{}", shown(word),
        guess.empty() ? fmt::format("; the verbs are {}", fmt::join(verbs, ", ")) : maybe(guess));
  }
  if (word == "true" || word == "false")
    return fmt::format(
        "{} belongs to no flag; those that are on or off take it after '=', as in "
        "--leader-elect={}",
        word, word);
  return fmt::format("{} is one word too many", shown(word));
}

// What is there and belongs to nothing explains what is missing.
std::string missing(const CLI::App& app, const std::string& what) {
  if (const auto words = app.remaining(true); !words.empty()) return surplus(app, words);
  const auto verbs = verbsOf(app);
  if (verbs.empty() || !app.get_subcommands().empty()) return what;
  return fmt::format("a verb is missing; the verbs are {}", fmt::join(verbs, ", "));
}

}  // namespace

EarlyExit wrongCommandLine(const std::string& program, const std::string& what,
                           const std::string& all) {
  return {2, fmt::format("{}: {}\nType {} --help to see every {}.\n", program, what, program, all)};
}

std::optional<EarlyExit> parse(CLI::App& app, const std::string& program,
                               const std::string& version, const std::string& all, int argc,
                               const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return EarlyExit{0, app.help()};
  } catch (const CLI::CallForVersion&) {
    return EarlyExit{0, version + "\n"};
  } catch (const CLI::RequiredError& error) {
    return wrongCommandLine(program, missing(app, error.what()), all);
  } catch (const CLI::ExtrasError& error) {
    const auto words = app.remaining(true);
    return wrongCommandLine(program, words.empty() ? error.what() : surplus(app, words), all);
  } catch (const std::exception& error) {
    return wrongCommandLine(program, error.what(), all);
  }
  return std::nullopt;
}

CLI::Validator trueOrFalse() {
  return {[](const std::string& text) {
            return text == "true" || text == "false" ? std::string()
                                                     : shown(text) + ": give true or false";
          },
          ""};
}

CLI::Validator wholeNumber(std::int64_t least, std::int64_t most) {
  return {[least, most](const std::string& text) {
            const auto value = numberOf<std::int64_t>(text);
            return value && *value >= least && *value <= most
                       ? std::string()
                       : fmt::format("{}: give a whole number from {} to {}", shown(text), least,
                                     most);
          },
          fmt::format("{} to {}", least, most)};
}

CLI::Validator decimalNumber(double least, double most) {
  return {[least, most](const std::string& text) {
            const auto value = numberOf<double>(text);
            return value && std::isfinite(*value) && *value >= least && *value <= most
                       ? std::string()
                       : fmt::format("{}: give a number from {} to {}", shown(text), least, most);
          },
          fmt::format("{} to {}", least, most)};
}

CLI::Validator objectName() {
  return {[](const std::string& text) {
            return kubeapi::isDnsSubdomain(text)
                       ? std::string()
                       : shown(text) +
                             ": give lower-case letters, digits, '-' and '.', at most 253";
          },
          ""};
}

CLI::Validator namespaceName() {
  return {[](const std::string& text) {
            constexpr std::size_t kLongest = 63;
            const bool label = kubeapi::isDnsSubdomain(text) && text.size() <= kLongest &&
                               text.find('.') == std::string::npos;
            return label ? std::string()
                         : shown(text) + ": give lower-case letters, digits and '-', at most 63";
          },
          ""};
}

}  // namespace stowage::program
