#include "functions/shared/safety/handoff.h"

#include <re2/re2.h>

#include <memory>
#include <string>
#include <vector>

#include "functions/shared/text/tokenize.h"
#include "runtime/base/check.h"

namespace chatpad::safety {
namespace {

constexpr size_t kRequestWordsMax = 400;  // of a message; a longer one is no request

// Words of a message stand as " word word . word ", folded, a point between sentences. {f} is what
// may stand before {n}, who answers.
struct Language {
  std::string_view filler;
  std::string_view noun;
  std::vector<std::string_view> wishes;
  std::vector<std::string_view> refusals;  // a wish within one of these is none
};

const std::vector<Language>& languages() {
  static const std::vector<Language> kLanguages = {
      // English
      {"a|an|the|that|this|same|some|any|one|of|your|you|real|live|actual|proper|different|another|"
       "other|human|"
       "customer|technical|from|in|at|please",
       "human|humans|human being|person|somebody|someone|anyone|anybody|agent|representative|rep|"
       "operator|advisor|adviser|employee|colleague|specialist|manager|supervisor|support|team|"
       "staff|service|sales",
       {" (?:talk|speak|chat) (?:directly )?(?:to|with) {f}{n} ",
        " (?:human|person|someone|somebody|anyone|agent) (?:that |who )?(?:i|we) (?:can|could|may) "
        "(?:talk|speak|chat) ",
        " (?:connect|transfer|forward|put|pass|switch|hand|redirect|escalate|route) (?:me|us|this|"
        "it|the chat|this chat|the conversation) (?:through |over |on |up )?(?:to|with) {f}{n} ",
        " (?:want|need|get|give|like|prefer|have|is there|are there|find|send) (?:me |us |in )?{f}"
        "(?:(?:real|live|actual|human) (?:person|human|agent|representative|rep|operator|being|"
        "support|advisor|help|assistance)|human|representative)(?: (?:please|now|to|who|that|here|"
        "instead|not|and|or|asap|on|i|we|\\.) | $)",
        " (?:have|get|ask) (?:someone|somebody|a person|a human|an agent|a representative) (?:to )?"
        "(?:call|contact|reach|get back|write|reply|email) ",
        " (?:dont|do not|not|no longer) (?:want |like |wish )(?:to )?(?:(?:talk|speak|chat|talking|"
        "speaking) (?:to|with) )?(?:(?:a|an|the|this|your|some|stupid) )*(?:bot|bots|robot|robots|"
        "machine|computer|ai|chatbot) ",
        "^ (?:(?:please|hi|hello|hey|just|an|a|the|i want|i need|give me|get me|\\.) "
        ")*(?:human|person|"
        "agent|representative|rep|operator|live chat|live agent|human agent|real person|real human|"
        "live person|customer service|customer support|human support|human help)(?: (?:please|now|"
        "pls|here|thanks|thank you|\\.))* $",
        "(?:^| \\.) (?:(?:please|just|a|an) )*(?:human|person|agent|representative|operator|real "
        "person|real human|live agent|human agent)(?: (?:please|now|pls|asap))+ (?:\\.|$)"},
       {" (?:dont|do not|didnt|did not|doesnt|no need to|not) (?:really |even |actually "
        ")?(?:(?:want|"
        "need|wish|have|like|wanting|needing) )?(?:to )?(?:talk|speak|chat) (?:to|with) {f}{n} ",
        " (?:dont|do not|didnt|did not) (?:really |even )?(?:want|need) {f}{n} ",
        " did (?:i|we|you) (?:talk|speak|chat) (?:to|with) {f}{n} "}},
      // German
      {"einem|einer|einen|ein|eine|dem|der|den|euch|eurem|eurer|ihrem|ihrer|ihren|echten|echter|"
       "echtem|echte|richtigen|richtiger|richtige|realen|menschlichen|lebendigen|anderen|direkt|"
       "bitte|von",
       "mensch|menschen|person|mitarbeiter|mitarbeiterin|mitarbeitern|berater|beraterin|"
       "kundenberater|kundenberaterin|kundenservice|kundendienst|support|ansprechpartner|"
       "ansprechpartnerin|agent|agenten|kollegen|kollegin|jemand|jemandem|jemanden|operator|"
       "sachbearbeiter|sachbearbeiterin",
       {" mit {f}{n} (?:[^ ]+ ){0,4}?(?:sprechen|reden|chatten|verbinden|verbunden|telefonieren|"
        "schreiben|unterhalten) ",
        " (?:sprechen|reden|chatten|verbinden|verbinde|verbindet|sprich|rede) (?:sie )?(?:mich "
        "|uns "
        ")?(?:bitte )?(?:mit|zu|an) {f}{n} ",
        " (?:mitarbeiter|mitarbeiterin|menschen|jemanden|berater|kundenberater) sprechen ",
        " (?:will|mochte|brauche|hatte gern|hatte gerne|gibt es) (?:[^ ]+ ){0,2}?(?:echten|echter|"
        "richtigen|menschlichen|lebendigen) (?:menschen|mensch|mitarbeiter|ansprechpartner|berater|"
        "agenten|person) ",
        " nicht mit (?:einem|einer|dem|der) (?:bot|roboter|maschine|ki|computer|chatbot) ",
        "^ (?:bitte )?(?:einen |ein )?(?:echten |echter )?(?:mensch|menschen|mitarbeiter|"
        "kundenservice|kundenberater|ansprechpartner)(?: bitte)? $"},
       {" nicht mit {f}{n} ", " (?:bist du|sind sie|ist das) (?:[^ ]+ ){0,2}?{n} ",
        " keinen (?:echten )?{n} "}},
      // French
      {"un|une|le|la|votre|vos|vrai|vraie|veritable|autre|directement",
       "humain|humaine|etre humain|personne|conseiller|conseillere|agent|operateur|operatrice|"
       "quelquun|employe|employee|technicien|service client|responsable|representant|dun humain|"
       "dun conseiller",
       {" (?:parler|discuter|echanger|communiquer|chatter) {f}(?:a |avec |au |aux )?{f}{n} ",
        " (?:mettez|mets|passez|passe|transferez|transfere) moi (?:en relation |en contact )?(?:a |"
        "avec |vers |au )?{f}{n} ",
        " (?:veux|voudrais|souhaite|aimerais|besoin) (?:[^ ]+ ){0,2}?(?:humain|vraie personne|vrai "
        "conseiller|conseiller humain|dun humain|dun conseiller) ",
        " pas (?:parler|discuter) (?:a|avec) (?:un|une|ce|cette|votre) (?:robot|bot|machine|ia|"
        "chatbot) "},
       {" pas (?:parler|discuter|echanger) (?:a |avec |au )?{f}{n} "}},
      // Spanish
      {"un|una|el|la|su|algun|alguna|otra|otro|de|ustedes",
       "persona|persona real|humano|humana|ser humano|agente|asesor|asesora|representante|operador|"
       "operadora|alguien|ejecutivo|empleado|servicio al cliente|atencion al cliente|soporte",
       {" (?:hablar|conversar|chatear|comunicarme|platicar) (?:directamente )?con {f}{n} ",
        " (?:paseme|pasame|conecteme|conectame|comuniqueme|comunicame|transfierame|transfiereme) "
        "(?:con |a )?{f}{n} ",
        " (?:quiero|necesito|prefiero) (?:[^ ]+ ){0,2}?(?:humano|persona real|agente humano|agente "
        "real|asesor humano) ",
        " no quiero hablar con (?:un|una|el|la|este|esta) (?:robot|bot|maquina|ia|chatbot) "},
       {" no (?:quiero|necesito|deseo) (?:hablar|conversar) con {f}{n} "}},
      // Italian
      {"un|uno|una|il|la|qualche|vostro|vero|vera|altro",
       "persona|persona reale|umano|operatore|operatrice|agente|consulente|qualcuno|essere umano|"
       "addetto|assistenza|responsabile",
       {" (?:parlare|chattare|comunicare) con {f}{n} ",
        " (?:passatemi|passami|mi passi|mettimi in contatto con|collegami con) {f}{n} ",
        " (?:voglio|vorrei) (?:[^ ]+ )?(?:umano|persona reale|operatore umano) "},
       {" non (?:voglio|vorrei) parlare con {f}{n} "}},
      // Portuguese
      {"um|uma|o|a|algum|alguma|outro|outra|de",
       "pessoa|pessoa real|humano|humana|ser humano|atendente|agente|alguem|operador|operadora|"
       "representante|consultor|consultora|suporte",
       {" (?:falar|conversar) (?:diretamente )?com {f}{n} ",
        " (?:me transfira|me transfere|me passa|me passe|transfira me) (?:para |com |a )?{f}{n} ",
        " (?:quero|preciso) (?:de )?(?:um |uma )?(?:humano|atendente humano|pessoa real) "},
       {" nao (?:quero|preciso) (?:falar|conversar) com {f}{n} "}},
      // Dutch
      {"een|de|het|echte|echt|jullie|iemand|van",
       "mens|persoon|medewerker|medewerkster|iemand|collega|klantenservice|adviseur|agent",
       {" met {f}{n} (?:[^ ]+ ){0,2}?(?:spreken|praten|chatten) ",
        " (?:spreken|praten|chatten) met {f}{n} ",
        " (?:verbind|verbindt) (?:mij|me|ons) (?:door )?"
        "met {f}{n} ",
        " (?:wil|zoek) (?:[^ ]+ )?(?:echte|echt) (?:mens|persoon|medewerker) "},
       {" niet met {f}{n} "}},
      // Polish
      {"zywym|zywa|prawdziwym|prawdziwa|jakims",
       "czlowiekiem|konsultantem|konsultantka|kims|osoba|pracownikiem|agentem|doradca",
       {" (?:rozmawiac|porozmawiac|pogadac|polaczyc|polacz mnie) z {f}{n} "},
       {" nie chce (?:rozmawiac|porozmawiac) z {f}{n} "}},
      // Russian
      {"живым|реальным|живого|вашим",
       "человеком|оператором|менеджером|специалистом|сотрудником|консультантом|человека|оператора|"
       "менеджера|кем нибудь",
       {" (?:поговорить|говорить|связаться|пообщаться|соедините|соедини|переведите|переведи) "
        "(?:меня )?(?:с|со|на) {f}{n} ",
        " (?:позовите|позови|нужен|хочу) (?:живого |живои )?(?:оператора|человека|менеджера|"
        "оператор|человек) "},
       {" не хочу (?:говорить|поговорить) с {f}{n} "}},
      // Chinese and Japanese: a character is a word.
      {"",
       "",
       {" 转 人 工 ", " 轉 人 工 ", " 人 工 客 服 ", " 真 人 客 服 ", " 人 工 服 务 ",
        " 担 当 者 と (?:話|は な) ", " 人 間 と (?:話|は な) ", " オ ペ レ ー タ ー (?:と|に) "},
       {}},
  };
  return kLanguages;
}

std::string written_out(std::string_view pattern, const Language& language) {
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with("{f}")) {
      out.append("(?:(?:").append(language.filler).append(") )*");
      i += 3;
    } else if (rest.starts_with("{n}")) {
      out.append("(?:").append(language.noun).append(")");
      i += 3;
    } else {
      out += pattern[i++];
    }
  }
  return out;
}

// All of one kind, as one expression: it is asked for every message.
std::unique_ptr<re2::RE2> one_of(std::vector<std::string_view> Language::*kind) {
  std::string all;
  for (const Language& language : languages()) {
    for (const std::string_view pattern : language.*kind) {
      all.append(all.empty() ? "(?:" : ")|(?:").append(written_out(pattern, language));
    }
  }
  auto made = std::make_unique<re2::RE2>(all + ")");
  CHECK(made->ok(), "the rules for requests are a regular expression");
  return made;
}

std::string worded(std::string_view message) {
  std::string words = " ";
  size_t end = 0;
  for (const text::Token& token : text::tokenize(message, kRequestWordsMax)) {
    const bool sentence =
        message.substr(end, token.begin - end).find_first_of(".!?\n") != std::string_view::npos;
    if (sentence && end > 0) words += ". ";
    words += token.text;
    words += ' ';
    end = token.end;
  }
  return words;
}

}  // namespace

bool asks_for_person(std::string_view message) {
  static const std::unique_ptr<re2::RE2> kWishes = one_of(&Language::wishes);
  static const std::unique_ptr<re2::RE2> kRefusals = one_of(&Language::refusals);
  std::string words = worded(message);
  // Taken out first, so that "not with a bot but with a person" is still a wish.
  re2::RE2::GlobalReplace(&words, *kRefusals, " _ ");
  return re2::RE2::PartialMatch(words, *kWishes);
}

}  // namespace chatpad::safety
