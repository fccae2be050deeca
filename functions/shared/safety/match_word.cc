#include <algorithm>
#include <array>
#include <span>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {
namespace {

constexpr size_t kLocalBytes = 64;    // RFC 5321, 4.5.3.1.1
constexpr size_t kDomainBytes = 255;  // RFC 5321, 4.5.3.1.2
constexpr size_t kTokenBytes = 1024;
constexpr size_t kValueBytes = 200;
constexpr size_t kPrivateKeyBytes = 4000;
constexpr size_t kStreetBytes = 80;

bool in_local(char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}
bool in_domain(char c) { return is_alnum(c) || c == '.' || c == '-'; }
bool in_token(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

// Keys as their makers write them: how they begin, and how long they are at least.
struct Prefix {
  std::string_view begins;
  size_t bytes_min;
};
constexpr std::array<Prefix, 19> kKeys = {{{"sk-", 20},
                                           {"sk_live_", 20},
                                           {"sk_test_", 20},
                                           {"rk_live_", 20},
                                           {"pk_live_", 20},
                                           {"whsec_", 20},
                                           {"cp_live_", 20},
                                           {"ghp_", 30},
                                           {"gho_", 30},
                                           {"ghs_", 30},
                                           {"github_pat_", 30},
                                           {"glpat-", 20},
                                           {"xoxb-", 20},
                                           {"xoxp-", 20},
                                           {"xapp-", 20},
                                           {"AKIA", 20},
                                           {"ASIA", 20},
                                           {"AIza", 35},
                                           {"npm_", 30}}};
constexpr std::array<std::string_view, 16> kSecretWords = {
    "password",   "passwd",   "pwd",        "passwort",  "secret",     "token",
    "api_key",    "apikey",   "api-key",    "api key",   "credential", "credentials",
    "passphrase", "kennwort", "access_key", "secret_key"};

size_t run_of(const Place& place, size_t from, size_t bytes_max, auto fits) {
  size_t end = from;
  while (end < place.text.size() && end - from < bytes_max && fits(place.text[end])) ++end;
  return end;
}

bool is_key(std::string_view token) {
  for (const Prefix& key : kKeys) {
    if (token.starts_with(key.begins) && token.size() >= key.bytes_min &&
        std::any_of(token.begin() + static_cast<long>(key.begins.size()), token.end(), is_digit)) {
      return true;
    }
  }
  // A JSON web token (RFC 7519): two dots, each part in base64url.
  return token.starts_with("eyJ") && token.size() >= 40 &&
         std::count(token.begin(), token.end(), '.') == 2;
}

// "-----BEGIN ... PRIVATE KEY-----" up to its end, or as much of it as is looked at.
Verdict match_private_key(const Place& place) {
  static constexpr std::string_view begin = "-----BEGIN ";
  const std::string_view rest = place.text.substr(place.at, kPrivateKeyBytes);
  const bool more = place.ends_at(place.at + rest.size()) && rest.size() < kPrivateKeyBytes;
  if (!rest.starts_with(begin)) {
    return more && begin.starts_with(rest) ? open() : nothing();
  }
  const size_t head = rest.find("-----", begin.size());
  if (head == std::string_view::npos) return more && rest.size() < 80 ? open() : nothing();
  if (rest.substr(0, head).find("PRIVATE KEY") == std::string_view::npos) return nothing();
  const size_t foot = rest.find("-----END ", head);
  const size_t end = foot == rest.npos ? rest.npos : rest.find("-----", foot + 9);
  if (end == rest.npos) return more ? open() : found(Kind::secret, place, rest.size());
  return found(Kind::secret, place, end + 5);
}

// "password: hunter2", "api_key=..."; only the value is the secret.
Verdict match_named_secret(const Place& place, size_t word_end) {
  const std::string word = lower(place.text.substr(place.at, word_end - place.at));
  const bool names =
      std::find(kSecretWords.begin(), kSecretWords.end(), word) != kSecretWords.end();
  const bool api = word == "api" && place[word_end] == ' ';
  if (!names && !api) return nothing();
  size_t i = word_end;
  if (api) {
    i = run_of(place, word_end + 1, 3, is_letter);
    if (place.ends_at(i) && i - word_end <= 3) return open();
    if (lower(place.text.substr(word_end + 1, i - word_end - 1)) != "key") return nothing();
  }
  const size_t sign = run_of(place, i, 4, [](char c) {
    return is_blank(c) || c == '"' || c == '\'' || c == '*' || c == '`';
  });
  if (place.ends_at(sign)) return open();
  size_t after = sign;
  if (place[sign] == ':' || place[sign] == '=') {
    after = sign + 1;
  } else if (lower(place.text.substr(sign, 3)) == "is ") {
    after = sign + 3;
  } else {
    return place.ends_at(sign + 3) &&
                   std::string_view("is ").starts_with(lower(place.text.substr(sign)))
               ? open()
               : nothing();
  }
  const size_t value = run_of(place, after, 4, [](char c) {
    return is_blank(c) || c == '"' || c == '\'' || c == '*' || c == '`';
  });
  const size_t end = run_of(place, value, kValueBytes, [](char c) {
    return !is_space(c) && c != '"' && c != '\'' && c != '`' && c != '<' && c != ',' && c != ')';
  });
  if (place.ends_at(end) && end - value < kValueBytes) return open();
  std::string_view text = place.text.substr(value, end - value);
  while (!text.empty() && (text.back() == '.' || text.back() == '*' || text.back() == ';'))
    text.remove_suffix(1);
  const bool mixed =
      std::any_of(text.begin(), text.end(), [](char c) { return !is_letter(c) && c != '-'; });
  if (text.size() < 6 || !mixed || text.find("://") != text.npos) return nothing();
  Verdict verdict = found(Kind::secret, place, value - place.at + text.size());
  verdict.match.keep = value - place.at;
  return verdict;
}

std::string_view strip(std::string_view word) {
  while (!word.empty() && (word.back() == '.' || word.back() == ',')) word.remove_suffix(1);
  return word;
}

bool among(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 26> kStreetWords = {
    "street", "st",        "avenue", "ave",      "road",  "rd",     "lane",   "ln",      "drive",
    "dr",     "boulevard", "blvd",   "court",    "place", "square", "sq",     "terrace", "highway",
    "hwy",    "parkway",   "pkwy",   "crescent", "close", "row",    "circle", "mews"};
constexpr std::array<std::string_view, 11> kFrenchWords = {
    "rue",  "avenue",  "boulevard", "bd",    "place",     "chemin",
    "quai", "impasse", "cours",     "route", "all\u00e9e"};
constexpr std::array<std::string_view, 12> kBefore = {"calle", "avenida", "paseo",    "plaza",
                                                      "via",   "viale",   "piazza",   "corso",
                                                      "rua",   "rue",     "travessa", "ulica"};
constexpr std::array<std::string_view, 11> kGermanEnds = {"stra\u00dfe", "strasse", "str.", "allee",
                                                          "gasse",       "platz",   "damm", "ufer",
                                                          "chaussee",    "weg",     "ring"};

struct Word {
  std::string_view text;
  size_t end = 0;
  bool open = false;  // further letters may come
};

// The word at `from`, whatever it is made of; it ends at white space.
Word word_at(const Place& place, size_t from) {
  const size_t end = run_of(place, from, kStreetBytes, [](char c) { return !is_space(c); });
  return {place.text.substr(from, end - from), end,
          place.ends_at(end) && end - from < kStreetBytes};
}

// Could the word that begins so stand in the name of a street? The first may be "rue", a later one
// "street"; the others have a capital letter.
bool may_go_on(std::string_view begun, int n) {
  if (begun.empty() || is_upper(begun[0])) return true;
  const std::string folded = lower(begun);
  const auto begins = [&](std::string_view word) { return word.starts_with(strip(folded)); };
  return n == 0 ? std::any_of(kFrenchWords.begin(), kFrenchWords.end(), begins)
                : std::any_of(kStreetWords.begin(), kStreetWords.end(), begins);
}

// "221b Baker Street", "12 rue de la Paix"
Verdict after_number(const Place& place) {
  Word word = word_at(place, place.at);
  if (word.open) return open();
  const std::string_view number = strip(word.text);
  const size_t digits = std::min(number.find_first_not_of("0123456789"), number.size());
  const bool house = digits >= 1 && digits <= 5 && number.size() <= digits + 1 &&
                     (number.size() == digits || is_letter(number.back()));
  if (!house || !is_blank(place[word.end])) return nothing();
  bool french = false;
  for (int n = 0; n < 5; ++n) {
    if (place.ends_at(word.end + 1)) return open();
    if (!is_blank(place[word.end]) || word.end - place.at > kStreetBytes) break;
    const Word next = word_at(place, word.end + 1);
    if (next.open && (french || may_go_on(next.text, n))) return open();
    const std::string folded = lower(strip(next.text));
    if (n == 0 && among(kFrenchWords, folded)) {
      french = true;
    } else if (n > 0 && among(kStreetWords, folded)) {
      return found(Kind::address, place,
                   next.end - place.at - (next.text.size() - strip(next.text).size()));
    } else if (french && !next.text.empty() &&
               (is_upper(next.text[0]) || static_cast<unsigned char>(next.text[0]) >= 0xc3)) {
      return found(Kind::address, place,
                   next.end - place.at - (next.text.size() - strip(next.text).size()));
    } else if (!french && (next.text.empty() || !is_upper(next.text[0]))) {
      break;
    }
    word = next;
  }
  return nothing();
}

// "Hauptstra\u00dfe 12", "Calle Mayor 5"
Verdict before_number(const Place& place) {
  Word word = word_at(place, place.at);
  if (word.open) return open();
  const std::string folded = lower(word.text);
  const bool german =
      std::any_of(kGermanEnds.begin(), kGermanEnds.end(), [&](std::string_view end) {
        return folded.ends_with(end) && folded.size() > end.size() + 2;
      });
  const bool named = among(kBefore, folded);
  if (!german && !named) return nothing();
  for (int n = 0; n < (german ? 1 : 4); ++n) {
    if (place.ends_at(word.end + 1)) return open();
    if (!is_blank(place[word.end])) return nothing();
    const Word next = word_at(place, word.end + 1);
    if (next.open) return open();
    const std::string_view number = strip(next.text);
    const size_t digits = std::min(number.find_first_not_of("0123456789"), number.size());
    if (digits >= 1 && digits <= 4 && number.size() <= digits + 1 && (german || n > 0)) {
      return found(Kind::address, place, word.end + 1 + number.size() - place.at);
    }
    word = next;
  }
  return nothing();
}

}  // namespace

Verdict match_email(const Place& place) {
  if (!is_alnum(place.text[place.at]) || in_local(place.before())) return nothing();
  const size_t at = run_of(place, place.at, kLocalBytes, in_local);
  if (place.ends_at(at) && at - place.at < kLocalBytes) return open();
  if (place[at] != '@') return nothing();
  const size_t end = run_of(place, at + 1, kDomainBytes, in_domain);
  if (place.ends_at(end) && end - at < kDomainBytes) return open();
  std::string_view domain = place.text.substr(at + 1, end - at - 1);
  while (!domain.empty() && !is_alnum(domain.back())) domain.remove_suffix(1);
  const size_t dot = domain.rfind('.');
  if (dot == domain.npos || dot == 0 || domain.size() - dot < 3) return nothing();
  if (!std::all_of(domain.begin() + static_cast<long>(dot) + 1, domain.end(), is_letter))
    return nothing();
  return found(Kind::email, place, at + 1 + domain.size() - place.at);
}

Verdict match_secret(const Place& place) {
  const char c = place.text[place.at];
  if (c == '-') return place.before() == '-' ? nothing() : match_private_key(place);
  if (!is_letter(c) || is_word(place.before())) return nothing();
  const size_t end = run_of(place, place.at, kTokenBytes, in_token);
  if (place.ends_at(end) && end - place.at < kTokenBytes) return open();
  std::string_view token = place.text.substr(place.at, end - place.at);
  while (!token.empty() && token.back() == '.') token.remove_suffix(1);
  if (is_key(token)) return found(Kind::secret, place, token.size());
  return match_named_secret(place, place.at + token.size());
}

Verdict match_address(const Place& place) {
  const char c = place.text[place.at];
  if (is_word(place.before()) || place.before() == '.' || place.before() == '-') return nothing();
  if (is_digit(c)) return after_number(place);
  // Small letters begin no street that could be told from other words.
  if (is_upper(c) || static_cast<unsigned char>(c) == 0xc3) return before_number(place);
  return nothing();
}

}  // namespace chatpad::safety
