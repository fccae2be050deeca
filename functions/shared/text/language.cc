#include "functions/shared/text/language.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>

#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

constexpr std::size_t kLanguages = 3;

// Function words and question scaffolding, folded and without apostrophes.
constexpr std::string_view kEnglish =
    "a about above after again against all also although am among an and another any anyone "
    "anything are arent around as at back be became because become been before being below "
    "between both but by can cannot cant could couldnt currently did didnt do does doesnt doing "
    "done dont down during each either else even ever every few for from further had hadnt has "
    "hasnt have havent having he hello her here hers herself hey hi him himself his how however i "
    "id if ill im in into is isnt it its itself ive just less let lets like may maybe me might "
    "mine more most must my myself neither no nobody nor not nothing now nowadays of off often oh "
    "ok okay on once one only onto or other our ours ourselves out over own per perhaps please "
    "quite rather really shall she should shouldnt since so some somebody someone something "
    "sometimes somewhere still such than thank thanks that thats the their theirs them themselves "
    "then there theres these they theyre this those though through thus to together too toward "
    "under until up upon us very was wasnt we were werent weve what whatever whats when whenever "
    "where wherever whether which while who whoever whom whose why will with within without wont "
    "would wouldnt yes yet you youd youll your youre yours yourself youve e g ie eg etc vs";
constexpr std::string_view kGerman =
    "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis "
    "bitte da dadurch daher damit dann das dass dein deine dem den denn der deren des dessen dich "
    "die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer "
    "eines er es etwas euch euer eure fur gegen gibt habe haben hallo hat hatte hatten hier hin "
    "hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jedem jeden jeder jedes "
    "jetzt kann kannst kein keine keinen konnen konnte machen man mehr mein meine meinem meinen "
    "meiner mich mir mit muss mussen nach nein nicht nichts noch nun nur ob oder ohne schon sehr "
    "sein seine seinem seinen seiner sich sie sind so soll sollte sondern uber um und uns unser "
    "unsere unter viel vom von vor wann war waren warum was weil welche welchem welchen welcher "
    "welches wenn wer werden wie wieder will wir wird wo wurde wurden zu zum zur zwischen";
constexpr std::string_view kFrench =
    "a afin ai alors apres au aucun aussi autre autres aux avant avec avez avoir avons bien "
    "bonjour "
    "ca car ce cela celle celui ces cet cette ceux chaque chez ci comme comment dans de depuis des "
    "dessous dessus deux doit donc du elle elles en encore entre est et etaient etait etant ete "
    "etes etre eu eux fait faire font ici il ils je la le les lesquels leur leurs lors lui ma mais "
    "me meme mes mon ne ni non nos notre nous on ont ou par parce pas peu peut peuvent peux plus "
    "pour pourquoi pouvez quand que quel quelle quelles quels qui quoi sa sans se ses si sont sous "
    "suis sur ta te tes toi ton tous tout toute toutes tres tu un une vers vos votre vous y est "
    "cest "
    "jai lai nest quil quelle dun dune sil";

using WordSet = std::unordered_set<std::string_view>;

WordSet words_of(std::string_view list) {
  WordSet set;
  for (std::size_t i = 0; i < list.size();) {
    const std::size_t end = std::min(list.find(' ', i), list.size());
    if (end > i) set.insert(list.substr(i, end - i));
    i = end + 1;
  }
  return set;
}

const WordSet& stop_words(Language language) {
  static const std::array<WordSet, kLanguages> sets = {words_of(kEnglish), words_of(kGerman),
                                                       words_of(kFrench)};
  return sets[static_cast<std::size_t>(language)];
}

struct StemmerDeleter {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};
using StemmerHandle = std::unique_ptr<sb_stemmer, StemmerDeleter>;

// A Snowball stemmer is a buffer in disguise: one per thread, made when first needed.
sb_stemmer* stemmer_for(Language language) {
  thread_local std::array<StemmerHandle, kLanguages> stemmers;
  static constexpr std::array<const char*, kLanguages> names = {"english", "german", "french"};
  const auto at = static_cast<std::size_t>(language);
  if (!stemmers[at]) stemmers[at].reset(sb_stemmer_new(names[at], "UTF_8"));
  return stemmers[at].get();
}

}  // namespace

bool is_stop_word(std::string_view folded, Language language) {
  return stop_words(language).contains(folded);
}

Language detect_language(std::string_view text) {
  std::array<std::size_t, kLanguages> hits{};
  for (const Token& token : tokenize(text, kDetectWordsMax)) {
    for (std::size_t i = 0; i < kLanguages; ++i) {
      if (is_stop_word(token.text, static_cast<Language>(i))) ++hits[i];
    }
  }
  const auto best = std::max_element(hits.begin(), hits.end());  // the first wins a draw
  return static_cast<Language>(best - hits.begin());
}

std::string stem(std::string_view folded, Language language) {
  const bool letters =
      std::all_of(folded.begin(), folded.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!letters || folded.size() < 3 || folded.size() > kStemBytesMax) return std::string(folded);
  sb_stemmer* const stemmer = stemmer_for(language);
  if (stemmer == nullptr) return std::string(folded);
  const sb_symbol* const stemmed = sb_stemmer_stem(
      stemmer, reinterpret_cast<const sb_symbol*>(folded.data()), static_cast<int>(folded.size()));
  if (stemmed == nullptr) return std::string(folded);
  return {reinterpret_cast<const char*>(stemmed),
          static_cast<std::size_t>(sb_stemmer_length(stemmer))};
}

}  // namespace chatpad::text
