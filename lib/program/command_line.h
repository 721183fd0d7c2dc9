// Reading a command line so that whoever mistyped it learns from one line what was wrong and what
// to type instead. Nothing here prints or exits; nothing throws.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace stowage::program {

// The program is done before it began: --help, --version or a wrong command line.
struct EarlyExit {
  int code = 0;
  std::string text;  // for standard output when code is 0, else for standard error
};

// Parses; nullopt: go on. `program`: its name, as it is typed. `version`: what --version prints.
// `all`: what --help shows all of, such as "flag".
std::optional<EarlyExit> parse(CLI::App& app, const std::string& program,
                               const std::string& version, const std::string& all, int argc,
                               const char* const* argv);

// A wrong command line, for what only the program itself can see.
EarlyExit wrongCommandLine(const std::string& program, const std::string& what,
                           const std::string& all = "flag");

// Checks for CLI::Option::check(). Of CLI11's own, Range takes what is not a number at all, and the
// bool of a flag ends in an exception that is none of CLI11's.
CLI::Validator trueOrFalse();
CLI::Validator wholeNumber(std::int64_t least, std::int64_t most);
CLI::Validator decimalNumber(double least, double most);
// A name of an object (RFC 1123 subdomain), of a namespace (label).
CLI::Validator objectName();
CLI::Validator namespaceName();

}  // namespace stowage::program
