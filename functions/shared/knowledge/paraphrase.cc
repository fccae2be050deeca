#include "functions/shared/knowledge/paraphrase.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "functions/shared/knowledge/akin.h"

namespace chatpad::knowledge {
namespace {

using text::Language;

constexpr std::size_t kLanguages = 3;

// One group a line; every word of a group stands for every other.
constexpr std::string_view kEnglishGroups =
    "buy purchase order acquire\n"
    "sell vend\n"
    "price cost fee charge rate tariff pricing\n"
    "pay payment invoice bill\n"
    "refund reimburse reimbursement\n"
    "cancel cancellation terminate\n"
    "return exchange\n"
    "ship shipping deliver delivery dispatch send\n"
    "ship release publish launch\n"
    "parcel package shipment\n"
    "postage shipping\n"
    "abroad international overseas foreign worldwide\n"
    "country countries nation\n"
    "shop store\n"
    "open opening hours\n"
    "hours time schedule\n"
    "close closed shut\n"
    "address location located situated\n"
    "place location located\n"
    "place put\n"
    "contact reach call\n"
    "phone telephone mobile\n"
    "email mail\n"
    "delete remove erase uninstall discard drop\n"
    "install setup\n"
    "configure setup configuration setting settings customize\n"
    "update upgrade upgrading\n"
    "latest newest recent current\n"
    "fix repair solve resolve rectify\n"
    "problem issue trouble error fault\n"
    "bug defect\n"
    "report file submit\n"
    "broken damaged defective faulty\n"
    "change modify edit alter adjust\n"
    "switch migrate change move convert\n"
    "replace replacement substitute\n"
    "create make build generate\n"
    "build compile\n"
    "begin start launch\n"
    "stop halt prevent block\n"
    "stop end finish quit exit\n"
    "avoid prevent\n"
    "keep retain preserve\n"
    "keep store save\n"
    "show display list view see print\n"
    "find search locate look\n"
    "download fetch retrieve\n"
    "copy duplicate\n"
    "backup copy\n"
    "fast quick quickly speed rapid\n"
    "slow delay late\n"
    "big large huge\n"
    "small little tiny\n"
    "cheap inexpensive affordable\n"
    "expensive costly\n"
    "free gratis complimentary\n"
    "free available\n"
    "discount rebate coupon voucher\n"
    "sale discount offer\n"
    "warranty guarantee\n"
    "rule policy regulation guideline\n"
    "condition terms\n"
    "allow permit permission allowed may\n"
    "forbid prohibit forbidden\n"
    "need require requirement required necessary\n"
    "help support assist assistance\n"
    "support supported compatible\n"
    "choose select pick\n"
    "suggest recommend recommended advise advisable\n"
    "default standard usual\n"
    "way method possibility\n"
    "difference differ compare comparison\n"
    "old outdated obsolete\n"
    "new recent\n"
    "feature functionality function capability\n"
    "add include introduce\n"
    "contain include comprise\n"
    "program software application app tool\n"
    "computer machine pc system\n"
    "laptop notebook\n"
    "server host\n"
    "disk disc drive\n"
    "disc cd dvd\n"
    "usb stick\n"
    "folder directory\n"
    "file document\n"
    "picture image photo\n"
    "film movie cinema\n"
    "wifi wlan wireless\n"
    "internet web online network\n"
    "website site homepage\n"
    "account profile\n"
    "login signin\n"
    "register registration subscribe signup enroll\n"
    "subscription plan membership\n"
    "password passphrase\n"
    "user customer client member\n"
    "employee staff team\n"
    "people person human\n"
    "company business firm organization organisation\n"
    "job career vacancy\n"
    "author writer write written\n"
    "maintain maintainer maintenance\n"
    "owner founder\n"
    "donate donation contribute contribution money financial\n"
    "money cash\n"
    "language translation translate\n"
    "manual guide documentation instruction handbook\n"
    "version release edition\n"
    "distribution branch\n"
    "name called named\n"
    "secure security safe safety\n"
    "private privacy confidential\n"
    "data information details\n"
    "automatic automatically unattended\n"
    "regular regularly periodic periodically\n"
    "daily day night nightly\n"
    "several multiple many dozen\n"
    "various different\n"
    "each every individual\n"
    "whole entire complete\n"
    "part component\n"
    "belong produce own\n"
    "doctor physician\n"
    "appointment booking reservation\n"
    "book reserve\n"
    "room accommodation\n"
    "car vehicle\n"
    "kid child children\n"
    "pet dog cat animal\n"
    "food meal dish\n"
    "vegetarian vegan\n"
    "size dimension format\n"
    "colour color\n"
    "quality grade\n"
    "graphical visual gui\n"
    "manage management administer administration\n"
    "run execute\n"
    "processor cpu architecture\n"
    "hardware device\n"
    "access use\n"
    "permission right privilege\n"
    "join enter\n"
    "learn training course tutorial\n"
    "certificate certification\n"
    "mean meaning definition\n"
    "reason cause why\n"
    "happen occur\n"
    "wait duration\n"
    "track trace follow\n"
    "limit maximum restriction\n"
    "minimum least\n"
    "trial demo\n"
    "integrate integration connect connection\n";

constexpr std::string_view kGermanGroups =
    "kaufen bestellen erwerben\n"
    "preis kosten gebuhr kostet\n"
    "bezahlen zahlen zahlung rechnung\n"
    "erstattung erstatten ruckerstattung\n"
    "kundigen kundigung stornieren stornierung\n"
    "zuruckgeben ruckgabe umtausch umtauschen retoure zurucksenden\n"
    "versand liefern lieferung verschicken senden zustellung\n"
    "geschaft laden filiale\n"
    "offnungszeiten geoffnet offen offnen\n"
    "adresse standort anschrift\n"
    "telefon telefonnummer anrufen\n"
    "email mail\n"
    "loschen entfernen\n"
    "problem fehler storung\n"
    "defekt kaputt beschadigt\n"
    "andern bearbeiten anpassen\n"
    "hilfe unterstutzung support\n"
    "konto benutzerkonto\n"
    "anmelden registrieren login\n"
    "garantie gewahrleistung\n"
    "rabatt gutschein nachlass\n"
    "termin buchung reservierung\n"
    "mitarbeiter personal\n"
    "firma unternehmen\n"
    "kostenlos gratis\n"
    "ausland international\n";

constexpr std::string_view kFrenchGroups =
    "acheter commander achat commande\n"
    "prix cout tarif frais coute\n"
    "payer paiement facture\n"
    "remboursement rembourser\n"
    "annuler annulation resilier\n"
    "retour retourner renvoyer echange echanger\n"
    "livraison livrer expedier expedition envoi\n"
    "magasin boutique\n"
    "ouvert ouverture horaires ouvre\n"
    "adresse situe trouve\n"
    "telephone appeler\n"
    "email mail courriel\n"
    "supprimer effacer enlever\n"
    "probleme erreur panne\n"
    "casse abime defectueux endommage\n"
    "modifier changer\n"
    "aide assistance support\n"
    "compte profil\n"
    "inscription inscrire enregistrer\n"
    "garantie assurance\n"
    "remise reduction promotion\n"
    "reservation reserver\n"
    "gratuit gratuitement\n"
    "etranger international\n";

// "phrase = what it means", one a line.
constexpr std::string_view kEnglishPhrases =
    "get rid of = remove delete\n"
    "set up = setup install configure\n"
    "sign up = subscribe register\n"
    "sign in = login\n"
    "log in = login\n"
    "log out = logout\n"
    "look after = maintain maintainer\n"
    "take care of = maintain handle\n"
    "how much = price cost\n"
    "how long = duration time days\n"
    "how old = age\n"
    "how big = size\n"
    "how many = number\n"
    "where are you = address location\n"
    "opening times = hours open\n"
    "business hours = hours open\n"
    "money back = refund\n"
    "send back = return\n"
    "give back = return\n"
    "bring back = return\n"
    "get in touch = contact\n"
    "phone number = phone telephone\n"
    "go back = return reverse\n"
    "find out = know determine check\n"
    "turn off = disable\n"
    "switch off = disable\n"
    "turn on = enable\n"
    "switch on = enable\n"
    "come from = origin\n"
    "free of charge = free\n"
    "out of date = obsolete old\n"
    "up to date = current latest\n"
    "right now = \n"
    "at the moment = \n"
    "these days = \n"
    "by the way = \n"
    "by itself = automatic automatically\n"
    "by themselves = automatic automatically\n"
    "by hand = manual manually\n"
    "come up = start appear\n"
    "show up = appear\n"
    "break in = intrusion attack\n"
    "far more = too many\n"
    "look up = search find\n"
    "shut down = shutdown stop\n"
    "start up = start boot\n"
    "back up = backup\n"
    "throw away = delete discard\n"
    "run out of = full exhausted\n"
    "keep from = prevent avoid\n"
    "a lot of = many\n"
    "at once = immediately simultaneously\n"
    "on my own = myself manual\n"
    "of my own = own custom\n"
    "of their own = own private\n"
    "as soon as possible = \n"
    "make sure = ensure verify\n"
    "give up = abandon cancel\n"
    "carry out = perform\n"
    "fill in = complete\n"
    "credit card = card\n"
    "work with = compatible support\n";

constexpr std::string_view kEnglishWeak =
    "get find want need use make tell know help possible thing way give look like go come work "
    "put see try take question answer ask really happen mean explain talk say speak type kind "
    "sort bring someone run provide offer instead later first last good best right proper easy "
    "available able sure problem got actual actually exact exactly rough roughly particular "
    "particularly everything anything something nothing beforehand sudden suddenly accidentally "
    "still already ever annoy weird bit lot wonder figure notice let keep";
constexpr std::string_view kGermanWeak =
    "finden geben gehen brauchen wissen sagen moglich frage gut";
constexpr std::string_view kFrenchWeak = "trouver savoir aller dire possible question bon besoin";

std::vector<std::string_view> split(std::string_view list, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < list.size();) {
    const std::size_t end = std::min(list.find(separator, i), list.size());
    if (end > i) parts.push_back(list.substr(i, end - i));
    i = end + 1;
  }
  return parts;
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};
using StemMap = std::unordered_map<std::string, std::vector<std::string>, Hash, std::equal_to<>>;

struct Phrase {
  std::vector<std::string> words;  // stems, so that "looks after" is found too
  std::vector<std::string> stems;
};

struct Tables {
  StemMap similar;
  StemMap akin;
  std::vector<Phrase> phrases;
  std::unordered_set<std::string, Hash, std::equal_to<>> weak;
};

void add_once(std::vector<std::string>& list, const std::string& value) {
  if (!value.empty() && std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(value);
}

void add_groups(StemMap& table, std::string_view groups, Language language) {
  for (const std::string_view line : split(groups, '\n')) {
    std::vector<std::string> stems;
    for (const std::string_view word : split(line, ' '))
      add_once(stems, text::stem(word, language));
    for (const std::string& stem : stems) {
      for (const std::string& other : stems) {
        if (other != stem) add_once(table[stem], other);
      }
    }
  }
}

void add_phrases(Tables& tables, std::string_view phrases, Language language) {
  for (const std::string_view line : split(phrases, '\n')) {
    const std::size_t equals = line.find(" = ");
    Phrase phrase;
    for (const std::string_view word : split(line.substr(0, equals), ' ')) {
      phrase.words.push_back(text::stem(word, language));
    }
    for (const std::string_view word : split(line.substr(equals + 3), ' ')) {
      add_once(phrase.stems, text::stem(word, language));
    }
    tables.phrases.push_back(std::move(phrase));
  }
}

Tables make_tables(Language language) {
  static constexpr std::array groups = {kEnglishGroups, kGermanGroups, kFrenchGroups};
  static constexpr std::array weak = {kEnglishWeak, kGermanWeak, kFrenchWeak};
  const auto at = static_cast<std::size_t>(language);
  Tables tables;
  add_groups(tables.similar, groups[at], language);
  if (language == Language::english) add_groups(tables.akin, kEnglishAkin, language);
  if (language == Language::english) add_phrases(tables, kEnglishPhrases, language);
  for (const auto word : split(weak[at], ' ')) tables.weak.insert(text::stem(word, language));
  return tables;
}

const Tables& tables_for(Language language) {
  static const std::array<Tables, kLanguages> tables = {
      make_tables(Language::english), make_tables(Language::german), make_tables(Language::french)};
  return tables[static_cast<std::size_t>(language)];
}

// Verb and particle may stand apart: "set the printer up".
constexpr std::size_t kParticleGapWordsMax = 3;

bool is_particle(std::string_view word) {
  static constexpr std::array<std::string_view, 7> particles = {"up",   "off",  "out", "on",
                                                                "back", "down", "in"};
  return std::find(particles.begin(), particles.end(), word) != particles.end();
}

// The place of the particle that belongs to the verb in front; 0: none.
std::size_t split_particle(const Phrase& phrase, std::span<const std::string> words) {
  if (phrase.words.size() != 2 || !is_particle(phrase.words[1])) return 0;
  if (words.empty() || words.front() != phrase.words[0]) return 0;
  for (std::size_t i = 2; i < words.size() && i <= kParticleGapWordsMax + 1; ++i) {
    if (words[i] == phrase.words[1]) return i;
  }
  return 0;
}

std::span<const std::string> look_up(const StemMap& table, std::string_view stem) {
  const auto found = table.find(stem);
  if (found == table.end()) return {};
  return found->second;
}

}  // namespace

std::span<const std::string> similar_stems(std::string_view stem, Language language) {
  return look_up(tables_for(language).similar, stem);
}

std::span<const std::string> akin_stems(std::string_view stem, Language language) {
  return look_up(tables_for(language).akin, stem);
}

PhraseMatch match_phrase(std::span<const std::string> stems, Language language) {
  PhraseMatch best;
  for (const Phrase& phrase : tables_for(language).phrases) {
    if (phrase.words.size() <= best.words || phrase.words.size() > stems.size()) continue;
    if (std::equal(phrase.words.begin(), phrase.words.end(), stems.begin())) {
      best = {phrase.words.size(), phrase.stems};
    }
  }
  if (best.words > 0) return best;
  for (const Phrase& phrase : tables_for(language).phrases) {
    if (split_particle(phrase, stems) > 0) return {1, phrase.stems};
  }
  return best;
}

bool is_weak_stem(std::string_view stem, Language language) {
  return tables_for(language).weak.contains(stem);
}

}  // namespace chatpad::knowledge
