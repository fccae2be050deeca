#include "functions/shared/scoring/signals.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "functions/shared/text/fold.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::scoring {
namespace {

using List = std::span<const std::string_view>;

// What is read as one remark: words this close belong together.
constexpr std::size_t kNearWords = 6;

constexpr std::array<std::string_view, 22> kBudgetWords = {
    "budget",     "budgets", "spend",     "invest",   "investment", "afford",
    "affordable", "pay",     "allocated", "approved", "ausgeben",   "investieren",
    "bezahlen",   "zahlen",  "depenser",  "investir", "payer",      "upto",
    "max",        "maximum", "hochstens", "maximal"};
constexpr std::array<std::string_view, 17> kCurrencies = {
    "usd",    "eur",     "gbp",    "chf", "euro", "euros", "dollar", "dollars", "pound",
    "pounds", "franken", "francs", "cad", "aud",  "sek",   "pln",    "inr"};
constexpr std::array<std::string_view, 8> kMagnitudes = {"k",     "thousand", "million", "m",
                                                         "grand", "tausend",  "mille",   "mio"};
constexpr std::array<std::string_view, 14> kUrgent = {
    "asap",         "immediately",   "urgent", "urgently", "deadline",
    "straightaway", "tomorrow",      "sofort", "dringend", "schnellstmoglich",
    "urgence",      "immediatement", "demain", "frist"};
constexpr std::array<std::string_view, 24> kUnits = {
    "day",     "days", "week",  "weeks",   "month",    "months", "quarter",   "quarters",
    "tag",     "tage", "tagen", "woche",   "wochen",   "monat",  "monate",    "monaten",
    "quartal", "jour", "jours", "semaine", "semaines", "mois",   "trimestre", "weekend"};
constexpr std::array<std::string_view, 6> kYearUnits = {"year",   "years", "jahr",
                                                        "jahren", "an",    "ans"};
constexpr std::array<std::string_view, 34> kMonths = {
    "january", "february",  "march",    "april",     "may",         "june",     "july",
    "august",  "september", "october",  "november",  "december",    "januar",   "februar",
    "marz",    "mai",       "juni",     "juli",      "oktober",     "dezember", "janvier",
    "fevrier", "mars",      "avril",    "juin",      "juillet",     "aout",     "septembre",
    "octobre", "novembre",  "decembre", "christmas", "weihnachten", "noel"};
constexpr std::array<std::string_view, 12> kQuarters = {"q1", "q2", "q3", "q4", "h1",     "h2",
                                                        "t1", "t2", "t3", "t4", "spring", "summer"};
constexpr std::array<std::string_view, 23> kTimePrepositions = {
    "by",    "before", "until",    "till", "within",   "in",        "next",    "this",
    "end",   "from",   "starting", "bis",  "vor",      "ab",        "nachste", "nachsten",
    "diese", "diesen", "avant",    "dans", "prochain", "prochaine", "debut"};
constexpr std::array<std::string_view, 12> kVague = {
    "sometime",   "someday", "eventually", "later",  "rush", "hurry",
    "irgendwann", "spater",  "eile",       "unsure", "tard", "exploring"};
constexpr std::array<std::string_view, 44> kDeciders = {"owner",
                                                        "founder",
                                                        "cofounder",
                                                        "ceo",
                                                        "cto",
                                                        "cfo",
                                                        "coo",
                                                        "cmo",
                                                        "cio",
                                                        "ciso",
                                                        "president",
                                                        "chairman",
                                                        "chairwoman",
                                                        "chair",
                                                        "director",
                                                        "principal",
                                                        "proprietor",
                                                        "vp",
                                                        "svp",
                                                        "evp",
                                                        "chief",
                                                        "partner",
                                                        "head",
                                                        "inhaber",
                                                        "inhaberin",
                                                        "grunder",
                                                        "grunderin",
                                                        "geschaftsfuhrer",
                                                        "geschaftsfuhrerin",
                                                        "leiter",
                                                        "leiterin",
                                                        "vorstand",
                                                        "direktor",
                                                        "direktorin",
                                                        "gerant",
                                                        "gerante",
                                                        "directeur",
                                                        "directrice",
                                                        "fondateur",
                                                        "fondatrice",
                                                        "proprietaire",
                                                        "pdg",
                                                        "president",
                                                        "patron"};
constexpr std::array<std::string_view, 14> kInfluencers = {
    "manager",   "managerin", "lead",      "supervisor",  "procurement", "purchasing", "buyer",
    "purchaser", "einkauf",   "einkaufer", "einkauferin", "responsable", "acheteur",   "acheteuse"};
constexpr std::array<std::string_view, 10> kWithoutSay = {
    "intern",     "student",      "assistant", "trainee", "apprentice",
    "praktikant", "praktikantin", "stagiaire", "azubi",   "researcher"};
constexpr std::array<std::string_view, 22> kIntent = {
    "quote",   "quotation", "demo",   "trial",     "pricing",    "proposal",
    "buy",     "purchase",  "order",  "contract",  "subscribe",  "signup",
    "offer",   "angebot",   "kaufen", "bestellen", "vorfuhrung", "devis",
    "acheter", "commander", "essai",  "upgrade"};

bool among(List list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_number(std::string_view word) { return !word.empty() && word[0] >= '0' && word[0] <= '9'; }

// "10k", "2m"
bool is_short_amount(std::string_view word) {
  return word.size() >= 2 && is_number(word) && (word.back() == 'k' || word.back() == 'm') &&
         std::all_of(word.begin(), word.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (text::Token& token : text::tokenize(text)) words.push_back(std::move(token.text));
  return words;
}

// A currency sign before or after a digit, at most one space between.
bool has_currency_sign(std::string_view text) {
  for (const std::string_view sign : {"$", "\u20AC", "\u00A3", "\u00A5"}) {
    for (std::size_t at = text.find(sign); at != std::string_view::npos;
         at = text.find(sign, at + sign.size())) {
      const auto digit = [&](std::size_t i) {
        return i < text.size() && is_number(text.substr(i, 1));
      };
      const std::size_t after = at + sign.size();
      const bool right =
          digit(after) || (after < text.size() && text[after] == ' ' && digit(after + 1));
      const bool left =
          at >= 1 && (digit(at - 1) || (at >= 2 && text[at - 1] == ' ' && digit(at - 2)));
      if (right || left) return true;
    }
  }
  return false;
}

bool near(const std::vector<std::string>& words, std::size_t at, auto matches) {
  const std::size_t first = at > kNearWords ? at - kNearWords : 0;
  const std::size_t last = std::min(words.size(), at + kNearWords + 1);
  for (std::size_t i = first; i < last; ++i) {
    if (i != at && matches(words[i])) return true;
  }
  return false;
}

bool denied(const std::vector<std::string>& words, std::size_t at) {
  static constexpr std::array<std::string_view, 11> negations = {
      "no", "not", "dont", "without", "havent", "kein", "keine", "keinen", "nicht", "pas", "aucun"};
  const std::size_t first = at > 3 ? at - 3 : 0;
  for (std::size_t i = first; i < at; ++i) {
    if (among(negations, words[i])) return true;
  }
  return false;
}

bool has_amount(const std::vector<std::string>& words, std::string_view text) {
  if (has_currency_sign(text)) return true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_number(words[i])) continue;
    if (is_short_amount(words[i])) return true;
    if (i + 1 < words.size() &&
        (among(kCurrencies, words[i + 1]) || among(kMagnitudes, words[i + 1]))) {
      return true;
    }
    if (i > 0 && among(kCurrencies, words[i - 1])) return true;
  }
  return false;
}

enum class When { never, vague, definite };

When when_of(const std::vector<std::string>& words, std::size_t i) {
  const std::string_view word = words[i];
  if (among(kUrgent, word)) return denied(words, i) ? When::vague : When::definite;
  if (among(kQuarters, word)) return When::definite;
  const bool number_before = i > 0 && is_number(words[i - 1]);
  const auto preposition = [](const std::string& other) { return among(kTimePrepositions, other); };
  const bool prepared = (i > 0 && preposition(words[i - 1])) ||
                        (i > 1 && preposition(words[i - 2])) ||
                        (i > 2 && preposition(words[i - 3]));
  if (among(kMonths, word) && prepared) return When::definite;
  if (among(kUnits, word) && prepared) return When::definite;
  if (among(kYearUnits, word) && prepared) return number_before ? When::definite : When::vague;
  return among(kVague, word) ? When::vague : When::never;
}

// "I am the owner", "as head of", "ich bin Inhaber", "je suis gérant"
bool speaks_of_self(const std::vector<std::string>& words, std::size_t at) {
  static constexpr std::array<std::string_view, 9> selves = {"im",   "am",   "as", "bin", "als",
                                                             "suis", "tant", "my", "our"};
  const std::size_t first = at > 3 ? at - 3 : 0;
  for (std::size_t i = first; i < at; ++i) {
    if (words[i] == "my" || words[i] == "our") return false;  // "my director" is somebody else
  }
  for (std::size_t i = first; i < at; ++i) {
    if (among(selves, words[i])) return true;
  }
  return false;
}

Signal role_in_title(std::string_view title) {
  const std::vector<std::string> words = words_of(title);
  const auto any = [&](List list) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return among(list, word); });
  };
  if (any(kWithoutSay)) return {0.1, "The job title says somebody else decides."};
  const bool product_owner = std::find(words.begin(), words.end(), "product") != words.end();
  if (any(kDeciders)) return {product_owner ? 0.7 : 1.0, "The job title is one that decides."};
  if (any(kInfluencers)) return {0.7, "The job title is one that has a say."};
  return {0.3, "A job title is given."};
}

}  // namespace

Signal read_budget(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  const bool amount = has_amount(words, text);
  bool mentioned = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!among(kBudgetWords, words[i])) continue;
    const bool of_budget = words[i].starts_with("budget");
    const bool figure = near(words, i, [](const std::string& word) { return is_number(word); });
    if (denied(words, i) && !figure) continue;
    if (figure && (amount || of_budget)) return {1.0, "A budget is named with an amount."};
    if (of_budget) mentioned = true;
  }
  if (amount) return {0.6, "An amount of money is named."};
  if (mentioned) return {0.5, "A budget is mentioned without an amount."};
  return {0, "No budget is mentioned."};
}

Signal read_timeline(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  When best = When::never;
  for (std::size_t i = 0; i < words.size(); ++i) best = std::max(best, when_of(words, i));
  if (best == When::definite) return {1.0, "A time for the purchase is named."};
  if (best == When::vague) return {0.3, "The time is left open."};
  return {0, "No time is mentioned."};
}

Signal read_role(std::string_view job_title, std::string_view text) {
  Signal best{0, "Nothing is known about the role."};
  if (!words_of(job_title).empty()) best = role_in_title(job_title);
  const std::vector<std::string> words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool decides = words[i] == "decide" || words[i] == "entscheide" || words[i] == "decideur";
    if (decides && i > 0 && (words[i - 1] == "i" || words[i - 1] == "ich") && best.share < 1.0) {
      best = {1.0, "The visitor says the decision is theirs."};
    }
    if (!speaks_of_self(words, i)) continue;
    if (among(kDeciders, words[i]) && best.share < 1.0) {
      best = {1.0, "The visitor says they hold a role that decides."};
    } else if (among(kInfluencers, words[i]) && best.share < 0.7) {
      best = {0.7, "The visitor says they hold a role that has a say."};
    }
  }
  return best;
}

bool shows_intent(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (among(kIntent, words[i]) && !denied(words, i)) return true;
  }
  return false;
}

}  // namespace chatpad::scoring
