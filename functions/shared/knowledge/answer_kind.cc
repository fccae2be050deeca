#include "functions/shared/knowledge/answer_kind.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

using text::Token;
using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 12> kThings = {
    "tool",   "program", "app",      "application", "command", "way",
    "option", "form",    "programm", "moglichkeit", "outil",   "moyen"};
constexpr std::array<std::string_view, 24> kActions = {
    "used",  "lets",   "allows", "enables", "use",     "using",  "run",     "click",
    "press", "select", "choose", "install", "type",    "add",    "edit",    "send",
    "write", "call",   "fill",   "log",     "klicken", "nutzen", "cliquez", "utilisez"};
constexpr std::array<std::string_view, 26> kTimes = {
    "monday",  "tuesday", "wednesday", "thursday", "friday",   "saturday", "sunday",
    "day",     "days",    "hour",      "hours",    "week",     "weeks",    "month",
    "months",  "year",    "years",     "montag",   "dienstag", "mittwoch", "donnerstag",
    "freitag", "samstag", "tage",      "jours",    "heures"};
constexpr std::array<std::string_view, 14> kPlaces = {
    "street",  "road", "address", "located", "directory", "folder", "page",
    "website", "menu", "strasse", "adresse", "seite",     "rue",    "site"};
constexpr std::array<std::string_view, 20> kRules = {
    "yes",     "no",    "not",    "must",      "mustnt",     "may",       "cannot",
    "allowed", "allow", "permit", "permitted", "permission", "forbidden", "prohibited",
    "should",  "free",  "ja",     "nein",      "darf",       "oui"};
constexpr std::array<std::string_view, 6> kFree = {"free",    "kostenlos", "gratis",
                                                   "gratuit", "gratuite",  "gratuitement"};

bool among(Words list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_any(const std::vector<Token>& tokens, Words list) {
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](const Token& token) { return among(list, token.text); });
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool all_capitals(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// "12 Harbour", "Hauptstrasse 5".
bool has_house_number(const std::vector<Token>& tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Token& left = tokens[i - 1];
    const Token& right = tokens[i];
    if (has_digit(left.text) && right.capital == text::Capital::first) return true;
    if (left.capital == text::Capital::first && has_digit(right.text)) return true;
  }
  return false;
}

bool has_full_name(std::string_view sentence, const std::vector<Token>& tokens) {
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    const bool pair =
        tokens[i - 1].capital == text::Capital::first && tokens[i].capital == text::Capital::first;
    if (!pair || tokens[i].begin != tokens[i - 1].end + 1) continue;
    const std::size_t begin = tokens[i].begin;
    if (!all_capitals(sentence.substr(begin, tokens[i].end - begin))) return true;
  }
  return false;
}

// "May I", "am I allowed", "is it legal", "should it": what is asked for is a rule.
bool asks_for_permission(const std::vector<Token>& tokens) {
  static constexpr std::array<std::string_view, 8> openers = {"may",  "must", "should", "shall",
                                                              "darf", "muss", "puis",   "dois"};
  static constexpr std::array<std::string_view, 10> rules = {
      "allowed", "permitted", "forbidden", "legal",  "ok",
      "okay",    "required",  "erlaubt",   "permis", "obligatoire"};
  static constexpr std::array<std::string_view, 4> forms = {"am", "are", "is", "ist"};
  if (tokens.empty()) return false;
  const std::string_view first = tokens.front().text;
  return among(openers, first) || (among(forms, first) && has_any(tokens, rules));
}

AnswerKind kind_of_how(std::string_view next) {
  static constexpr std::array<std::string_view, 2> amounts = {"much", "many"};
  if (among(amounts, next)) return AnswerKind::amount;
  return next == "long" ? AnswerKind::time : AnswerKind::action;
}

}  // namespace

AnswerKind expected_kind(std::string_view question) {
  static constexpr std::array<std::string_view, 9> amounts = {
      "price", "cost", "costs", "fee", "preis", "kostet", "prix", "coute", "combien"};
  static constexpr std::array<std::string_view, 4> times = {"when", "wann", "quand", "hours"};
  static constexpr std::array<std::string_view, 3> places = {"where", "wo", "ou"};
  static constexpr std::array<std::string_view, 4> people = {"who", "whom", "wer", "qui"};
  static constexpr std::array<std::string_view, 2> how = {"wie", "comment"};
  const std::vector<Token> tokens = text::tokenize(question);
  if (has_any(tokens, amounts)) return AnswerKind::amount;
  if (asks_for_permission(tokens)) return AnswerKind::permission;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view word = tokens[i].text;
    const std::string_view next = i + 1 < tokens.size() ? tokens[i + 1].text : std::string_view();
    if (word == "how") return kind_of_how(next);
    if (among(how, word)) return next == "viel" ? AnswerKind::amount : AnswerKind::action;
    if (among(times, word) || (word == "what" && next == "time")) return AnswerKind::time;
    if (among(places, word)) return AnswerKind::place;
    if (among(people, word)) return AnswerKind::person;
    if (among(kThings, word)) return AnswerKind::action;
    if (word == "something" && (next == "that" || next == "to")) return AnswerKind::action;
  }
  return AnswerKind::any;
}

bool speaks_of(AnswerKind kind, std::string_view sentence) {
  if (kind == AnswerKind::any) return false;
  const std::vector<Token> tokens = text::tokenize(sentence);
  switch (kind) {
    case AnswerKind::any:
      return false;
    case AnswerKind::action:
      return has_any(tokens, kActions);
    case AnswerKind::amount:
      return has_digit(sentence) || has_any(tokens, kFree);
    case AnswerKind::time:
      return has_digit(sentence) || has_any(tokens, kTimes);
    case AnswerKind::place:
      return sentence.find(" /") != std::string_view::npos || has_house_number(tokens) ||
             has_any(tokens, kPlaces);
    case AnswerKind::person:
      return has_full_name(sentence, tokens);
    case AnswerKind::permission:
      return has_any(tokens, kRules);
  }
  return false;
}

}  // namespace chatpad::knowledge
