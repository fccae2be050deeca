#include "functions/shared/leads/extract.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "functions/shared/safety/scan.h"
#include "functions/shared/scoring/signals.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::leads {
namespace {

using re2::RE2;

// A name, a firm or a title: one to four words, the first with a capital letter.
#define CHATPAD_NAMED \
  "([\\p{Lu}][\\p{L}'&.-]*(?: (?:[\\p{Lu}][\\p{L}'&.-]*|of|de|von|van|und|and|&)){0,3})"

const RE2& name_pattern() {
  static const RE2 pattern(
      "(?:(?i:my name is|this is|i am called|ich hei\u00dfe|ich heisse|mein name ist|je m'appelle|"
      "mon nom est)|I'm|I am|Ich bin|Je suis) " CHATPAD_NAMED);
  return pattern;
}

const RE2& company_pattern() {
  static const RE2 pattern(
      "(?i:work(?:ing)? (?:at|for)|my company is|our company is|company called|on behalf of|"
      "arbeite (?:bei|f\u00fcr)|unsere firma hei\u00dft|firma|travaille (?:chez|pour)|"
      "i'm from|i am from|we are|wir sind) " CHATPAD_NAMED);
  return pattern;
}

const RE2& title_pattern() {
  static const RE2 pattern(
      "(?i:i am|i'm|i work as|as|ich bin|je suis) (?i:an? |the |der |die |le |la |our )?"
      "((?i:(?:(?:marketing|sales|it|product|project|operations|purchasing|office|general|hr|"
      "finance|technical|senior|head of|director of|vp of|vp|chief) "
      "?){0,3}(?:manager(?:in)?|director|"
      "ceo|cto|cfo|coo|cmo|founder|owner|head of [a-z]+|engineer|buyer|lead|president|"
      "gesch\u00e4ftsf\u00fchrer(?:in)?|inhaber(?:in)?|leiter(?:in)?|directeur|directrice|"
      "g\u00e9rante?)))\\b");
  return pattern;
}

#undef CHATPAD_NAMED

std::string first_of(const RE2& pattern, std::string_view text) {
  std::string found;
  RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern, &found);
  while (!found.empty() && (found.back() == '.' || found.back() == ' ')) found.pop_back();
  return found;
}

void keep(std::vector<std::string>& list, std::string_view sentence) {
  std::string words(sentence.substr(0, kPhraseBytesMax));
  while (!words.empty() && (static_cast<unsigned char>(words.back()) & 0xc0) == 0x80)
    words.pop_back();
  if (!words.empty() && static_cast<unsigned char>(words.back()) >= 0xc0) words.pop_back();
  if (list.size() < kListedMax && std::find(list.begin(), list.end(), words) == list.end()) {
    list.push_back(std::move(words));
  }
}

bool says(const std::string& folded, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return folded.find(phrase) != std::string::npos;
  });
}

// " word word ", folded: whole words are found by a plain search.
std::string folded_words(std::string_view text) {
  std::string words = " ";
  for (const text::Token& token : text::tokenize(text)) words += token.text + " ";
  return words;
}

void read_contacts(std::string_view text, Entities& found) {
  safety::Wanted wanted;
  wanted.add(safety::Kind::email).add(safety::Kind::phone);
  safety::rewrite(text, wanted, [&](const safety::Match& match) -> std::optional<std::string> {
    std::string& into = match.kind == safety::Kind::email ? found.email : found.phone;
    if (match.text.size() <= (match.kind == safety::Kind::email ? 254 : 50))
      into = std::string(match.text);
    return std::nullopt;
  });
}

void read_sentence(std::string_view sentence, Entities& found) {
  const std::string words = folded_words(sentence);
  if (scoring::read_budget(sentence).share >= 0.5)
    found.budget = std::string(sentence.substr(0, kPhraseBytesMax));
  if (scoring::read_timeline(sentence).share >= 1.0)
    found.timeline = std::string(sentence.substr(0, kPhraseBytesMax));
  if (says(words, {" decide ", " decides ", " decision ", " approve ", " approves ", " sign off ",
                   " my boss ", " our ceo ", " our board ", " entscheidet ", " entscheide ",
                   " mein chef ", " decide ", " mon patron "})) {
    keep(found.decision_makers, sentence);
  }
  if (says(words,
           {" problem ",       " problems ",    " struggle ",        " struggling ", " too slow ",
            " too expensive ", " frustrated ",  " frustrating ",     " pain ",       " annoying ",
            " does not work ", " doesnt work ", " lose time ",       " losing ",     " zu langsam ",
            " zu teuer ",      " probleme ",    " schwierigkeiten ", " probleme ",   " trop cher ",
            " trop lent "})) {
    keep(found.pain_points, sentence);
  }
  if (says(words,
           {" currently use ", " currently using ", " we use ", " using today ", " switch from ",
            " switching from ", " migrate from ", " moving away from ", " nutzen derzeit ",
            " verwenden derzeit ", " wir nutzen ", " nous utilisons ", " on utilise "})) {
    keep(found.current_solutions, sentence);
  }
  if (says(words,
           {" we need ", " i need ", " must have ", " have to have ", " requirement ",
            " requirements ", " looking for ", " need to ", " wir brauchen ", " ich brauche ",
            " wir suchen ", " nous avons besoin ", " j ai besoin ", " nous cherchons "})) {
    keep(found.requirements, sentence);
  }
}

struct IntentWords {
  std::string_view name;
  std::initializer_list<std::string_view> strong;  // 0.9
  std::initializer_list<std::string_view> weak;    // 0.6
};

const std::array<IntentWords, 7>& intent_words() {
  static const std::array<IntentWords, 7> words = {{
      {"purchase",
       {" want to buy ", " like to buy ", " ready to buy ", " place an order ", " want to order ",
        " sign the contract ", " send a quote ", " need a quote ", " quote for ", " mochte kaufen ",
        " will kaufen ", " mochte bestellen ", " angebot ", " je veux acheter ",
        " voudrais acheter ", " devis "},
       {" buy ", " purchase ", " order ", " subscribe ", " upgrade ", " kaufen ", " bestellen ",
        " acheter ", " commander "}},
      {"demo",
       {" demo ", " free trial ", " try it out ", " show me how ", " vorfuhrung ", " testzugang ",
        " demonstration "},
       {" trial ", " test it ", " try ", " testen ", " essayer "}},
      {"pricing",
       {" how much ", " price list ", " pricing ", " what does it cost ", " wie viel kostet ",
        " preisliste ", " combien coute "},
       {" price ", " prices ", " cost ", " costs ", " cheap ", " discount ", " preis ", " preise ",
        " kostet ", " prix ", " tarif "}},
      {"booking",
       {" book an appointment ", " make an appointment ", " schedule a call ", " book a call ",
        " termin vereinbaren ", " termin buchen ", " prendre rendez vous "},
       {" appointment ", " meeting ", " schedule ", " termin ", " rendez vous "}},
      {"complaint",
       {" complain ", " complaint ", " unacceptable ", " refund me ", " beschwerde ",
        " beschweren ", " reclamation "},
       {" disappointed ", " terrible ", " angry ", " enttauscht ", " decu "}},
      {"support",
       {" does not work ", " doesnt work ", " not working ", " is broken ", " error message ",
        " funktioniert nicht ", " geht nicht ", " kaputt ", " ne marche pas ",
        " ne fonctionne pas "},
       {" help ", " problem ", " issue ", " broken ", " hilfe ", " problem ", " aide ",
        " probleme "}},
      {"human",
       {" speak to a human ", " talk to a human ", " talk to a person ", " speak to a person ",
        " real person ", " call me ", " mit einem menschen ", " rufen sie mich an ",
        " parler a quelqu un ", " parler a un humain "},
       {" human ", " agent ", " mitarbeiter ", " conseiller "}},
  }};
  return words;
}

}  // namespace

Entities extract(std::string_view text) {
  text = text.substr(0, kExtractBytesMax);
  Entities found;
  read_contacts(text, found);
  for (const text::Span& span : text::split_sentences(text)) {
    const std::string_view sentence = span.of(text);
    read_sentence(sentence, found);
    if (found.job_title.empty()) found.job_title = first_of(title_pattern(), sentence);
    if (found.company.empty()) found.company = first_of(company_pattern(), sentence);
    const std::string name = first_of(name_pattern(), sentence);
    if (found.name.empty() && !name.empty() && name != found.company) found.name = name;
  }
  if (found.name.size() > kPhraseBytesMax) found.name.clear();
  if (found.company.size() > kPhraseBytesMax) found.company.clear();
  return found;
}

Entities confirmed(const Entities& claimed, std::string_view words) {
  const std::string said = folded_words(words.substr(0, kExtractBytesMax));
  const auto stands_there = [&said](const std::string& value) {
    const std::string folded = folded_words(value);
    return value.size() <= kPhraseBytesMax && folded.size() > 1 && said.find(folded) != said.npos;
  };
  Entities kept;
  Entities contacts;
  read_contacts(claimed.email, contacts);
  if (!contacts.email.empty() && stands_there(contacts.email)) kept.email = contacts.email;
  read_contacts(claimed.phone, contacts);
  if (!contacts.phone.empty() && stands_there(contacts.phone)) kept.phone = contacts.phone;
  for (const auto member : {&Entities::name, &Entities::company, &Entities::job_title,
                            &Entities::budget, &Entities::timeline}) {
    if (stands_there(claimed.*member)) kept.*member = claimed.*member;
  }
  for (const std::string& need : claimed.requirements) {
    if (kept.requirements.size() < kListedMax && stands_there(need)) {
      kept.requirements.push_back(need);
    }
  }
  return kept;
}

std::vector<Intent> intents_of(std::string_view text) {
  const std::string words = folded_words(text.substr(0, kExtractBytesMax));
  std::vector<Intent> intents;
  for (const IntentWords& intent : intent_words()) {
    const double confidence = says(words, intent.strong) ? 0.9 : says(words, intent.weak) ? 0.6 : 0;
    if (confidence > 0) intents.push_back({std::string(intent.name), confidence});
  }
  std::stable_sort(intents.begin(), intents.end(),
                   [](const Intent& a, const Intent& b) { return a.confidence > b.confidence; });
  if (intents.empty()) intents.push_back({"information", 0.5});
  return intents;
}

}  // namespace chatpad::leads
