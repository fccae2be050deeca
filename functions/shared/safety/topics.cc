#include "functions/shared/safety/topics.h"

#include <algorithm>
#include <array>

#include "functions/shared/text/tokenize.h"

namespace chatpad::safety {
namespace {

struct BuiltIn {
  std::string_view name;
  std::string_view phrases;  // one a line
};

constexpr std::array<BuiltIn, 8> kBuiltIn = {{
    {"illegal_activity",
     "buy drugs\nsell drugs\nbuy cocaine\nbuy heroin\ncook meth\nmake meth\nlaunder money\nmoney "
     "laundering\n"
     "fake passport\nfake id\nforge documents\nstolen credit card\nhack into\nhack an "
     "account\nhack someone\n"
     "pick a lock\ntax evasion\nevade taxes\ncounterfeit money\nhotwire a car\npirated software\n"
     "drogen kaufen\ngeld waschen\ngefalschter ausweis\nsteuern hinterziehen\nfaux papiers\n"
     "acheter de la drogue\nblanchir de l argent\ncomprar drogas\nlavar dinero\npasaporte falso"},
    {"self_harm_instructions",
     "kill myself\nhow to commit suicide\nend my life\nhurt myself\nharm myself\ncut myself\nwant "
     "to die\n"
     "painless way to die\nlethal dose\nmich umbringen\nselbstmord begehen\nmich selbst verletzen\n"
     "mein leben beenden\nme suicider\nmettre fin a mes jours\nme "
     "tuer\nsuicidarme\nmatarme\nhacerme dano"},
    {"weapons_manufacturing",
     "build a bomb\nmake a bomb\npipe bomb\nmake explosives\nbuild a gun\n3d print a gun\nprint a "
     "gun\n"
     "ghost gun\nmake a weapon\nnerve agent\nmake napalm\nmolotov\nbombe bauen\nsprengstoff "
     "herstellen\n"
     "waffe bauen\nfabriquer une bombe\nfabriquer une arme\nfabricar una bomba\nfabricar un arma"},
    {"competitor_disparagement",
     "why are you better than\nworse than you\nyour competitors are\ntrash talk\nbad about your "
     "competitor\n"
     "bad about your competitors\nwhat is wrong with your competitor\nbesser als die konkurrenz\n"
     "schlecht uber die konkurrenz\nmeilleur que vos concurrents\nmejor que la competencia"},
    {"stock_price_predictions",
     "stock price\nshare price\nstock prediction\nwill the stock\nshould i buy stock\nshould i buy "
     "shares\n"
     "buy the stock\nprice target\ninvest in your stock\naktienkurs\naktie kaufen\naktien kaufen\n"
     "cours de l action\nacheter des actions\nprecio de la accion\ncomprar acciones"},
    {"medical_diagnosis",
     "diagnose me\nmedical diagnosis\nwhat disease\ndo i have cancer\nis it cancer\nwhat illness\n"
     "my symptoms\nsymptoms mean\nwhich medication\nwhat medication\nwhat dose\nwhat dosage\n"
     "should i take antibiotics\ndiagnose stellen\nwelche krankheit\nmeine symptome\nwelches "
     "medikament\n"
     "quelle maladie\nmes symptomes\nquel medicament\nque enfermedad\nmis sintomas\nque "
     "medicamento"},
    {"legal_advice",
     "legal advice\nsue you\nsue your\ntake legal action\nmy lawyer\nan attorney\nlawsuit\ncan i "
     "sue\n"
     "is it legal to\nrechtsberatung\nverklagen\nmein anwalt\nrechtlich vorgehen\nconseil "
     "juridique\n"
     "mon avocat\nporter plainte\nasesoria legal\nmi abogado\ndemandarlos\ndemandar a"},
    {"complaint",
     "i want to complain\nmake a complaint\nfile a complaint\nthis is unacceptable\nworst service\n"
     "terrible service\nvery disappointed\nextremely disappointed\ni am furious\nspeak to your "
     "manager\n"
     "speak to a manager\nbeschwerde einreichen\nich mochte mich beschweren\nmich beschweren\n"
     "das ist inakzeptabel\nsehr enttauscht\nfaire une reclamation\nje suis decu\nje suis tres "
     "decu\n"
     "inacceptable\nponer una queja\nquiero quejarme\nes inaceptable\nmuy decepcionado\nmuy "
     "decepcionada"},
}};

// " word word " so that whole words are found by a plain search.
std::string worded(std::string_view text) {
  std::string words = " ";
  for (const text::Token& token : text::tokenize(text)) {
    words += token.text;
    words += ' ';
  }
  return words;
}

bool occurs(const std::string& message, std::string_view phrase) {
  const std::string words = worded(phrase);
  return words.size() > 2 && message.find(words) != std::string::npos;
}

}  // namespace

bool is_built_in_topic(std::string_view name) {
  return std::any_of(kBuiltIn.begin(), kBuiltIn.end(),
                     [&](const BuiltIn& topic) { return topic.name == name; });
}

std::vector<std::string_view> built_in_topics() {
  std::vector<std::string_view> names;
  for (const BuiltIn& topic : kBuiltIn) names.push_back(topic.name);
  return names;
}

bool is_about(std::string_view message, const Topic& topic) {
  const std::string words = worded(message);
  for (const std::string& phrase : topic.phrases) {
    if (occurs(words, phrase)) return true;
  }
  for (const BuiltIn& built_in : kBuiltIn) {
    if (built_in.name != topic.name) continue;
    for (std::string_view rest = built_in.phrases; !rest.empty();) {
      const size_t line = std::min(rest.find('\n'), rest.size());
      if (occurs(words, rest.substr(0, line))) return true;
      rest.remove_prefix(std::min(line + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace chatpad::safety
