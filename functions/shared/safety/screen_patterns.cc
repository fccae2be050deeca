#include "functions/shared/safety/screen_patterns.h"

#include <array>

namespace chatpad::safety {
namespace {

constexpr int kStrong = 60;
constexpr int kMiddle = 40;
constexpr int kWeak = 20;

// One row a language; what stands between the words of an order is bounded.
constexpr std::array kPatterns = std::to_array<ScreenPattern>({
    // Forget what you were told.
    {"override", kStrong,
     R"((ignor(e|ing)|disregard|forget|overrid(e|es)|bypass|discard|do not follow|don'?t fol)"
     R"(low|stop following|pay no attention to|cancel|erase) (\S+ ){0,5}?(instruction|prompt)"
     R"(|rule|guideline|direction|directive|command|restriction|safety|guardrail|policy|poli)"
     R"(cies|constraint|training|everything (above|before|you)|all (of )?(the )?(above|previ)"
     R"(ous|prior)|what (you were|was) (told|said)))"},
    {"override", kStrong,
     R"((ignorier|vergiss|vergesst|missachte|verwirf|umgeh|überschreib)\w* (\S+ ){0,5}?(anw)"
     R"(eisung|instruktion|regel|vorgabe|prompt|richtlinie|befehl|alles,? was))"},
    {"override", kStrong,
     R"((ignore[rsz]?|oublie[rsz]?|contourne[rsz]?|ne (suis|suivez|tiens) pas) (\S+ ){0,5}?()"
     R"(instruction|consigne|règle|regle|directive|prompt|tout ce qui))"},
    {"override", kStrong,
     R"((ignor[ae]|olvid[ae]|descarta|anula|omite|haz caso omiso)n?r? (\S+ ){0,6}?(instrucci)"
     R"(|regla|indicaci|directriz|orden|prompt|todo lo (anterior|que)))"},
    {"override", kStrong,
     R"((ignora|dimentica|trascura|scavalca|disattendi)(re|te)? (\S+ ){0,5}?(istruzion|regol)"
     R"(|indicazion|direttiv|comand|prompt|tutto (ciò|quello)))"},
    {"override", kStrong,
     R"((ignore|esqueça|esqueca|desconsidere|descarte|ignorar) (\S+ ){0,5}?(instruç|instru)"
     R"(c|regra|orientaç|diretriz|prompt|tudo (o que|acima)))"},
    {"override", kStrong,
     R"((negeer|vergeet|omzeil|laat) (\S+ ){0,5}?(instructie|regel|opdracht|richtlijn|prompt)"
     R"(|alles (hierboven|wat)))"},
    {"override", kStrong,
     R"((zignoruj|ignoruj|zapomnij|pomiń|odrzuć) (\S+ ){0,5}?(instrukcj|polece|zasad|regu)"
     R"(ł|wytyczn|prompt|wszystk))"},
    {"override", kStrong,
     R"((игнорируй|проигнорируй|забудь|не обращай вни)"
     R"(мания|отмени|обойди)\S* (\S+ ){0,5}?(инструкц|указан)"
     R"(и|правил|команд|промпт|всё|все))"},
    {"override", kStrong,
     R"((talimat|kural|yönerge|komut|istem)\S* (\S+ ){0,4}?(yok say|unut|görmezden gel|dik)"
     R"(kate alma|geç))"},
    {"override", kStrong,
     R"((忽略|无视|無視|忘记|忘記|不要理会|覆盖|绕过)[^。.!?]{0,20}?(指)"
     R"(令|指示|规则|規則|提示|说明|說明|要求|内容))"},
    {"override", kStrong,
     R"((指示|命令|ルール|規則|プロンプト|制約)[^。.!?]{0,12}?(無視|忘)"
     R"(れ|破棄|従わな))"},
    {"override", kStrong, R"((지시|명령|규칙|프롬프트|지침)[^.!?]{0,12}?(무시|잊|따르지))"},
    {"override", kStrong,
     R"((تجاهل|انس|تخط)\S* (\S+ ){0,5}?(التعليمات|الأوامر|الق)"
     R"(واعد|التوجيهات|تعليمات))"},
    {"override", kStrong,
     R"((निर्देश|नियम|आदेश|प्रॉम्प्ट)\S* (\S)"
     R"(+ ){0,4}?(अनदेखा|भूल|नज़रअंदाज़|नजरअ)"
     R"(ंदाज))"},
    {"override", kMiddle,
     R"((new|updated|revised|real|actual|following) (system )?(instructions?|prompt|directiv)"
     R"(e|task|orders?)( from \S+( \S+)?)?( are| is)?\s*:)"},
    {"override", kMiddle,
     R"((from now on|ab sofort|à partir de maintenant|a partir de ahora|d'ora in poi|a part)"
     R"(ir de agora|vanaf nu|od teraz|с этого момента|bundan sonra|从现在开)"
     R"(始|これから|지금부터),? (\S+ ){0,3}?(you|du|vous|tu|ustedes|bist|sei|must|w)"
     R"(ill|only|ты|вы|sen|你|あなた|너|sadece|eres|jesteś|bent|é|sarai))"},
    // Say what you were told.
    {"reveal", kMiddle,
     R"((reveal|show|print|repeat|output|tell me|display|leak|dump|give me|write( out| down))"
     R"(?|recite|share|disclose|quote|paste|return|translate|summari[sz]e|encode|list|what ()"
     R"(is|are|was|were)|copy) (\S+ ){0,5}?((system|initial|hidden|original|secret|developer)"
     R"(|internal|full|entire|base) (prompt|instructions?|message|configuration|rules)|your )"
     R"((\S+ )?(prompt|instructions|directives|guidelines|configuration|rules)\b|(text|words)"
     R"(|everything|message|content)s? (above|before this)))"},
    {"reveal", kMiddle,
     R"((zeig|nenn|verrat|gib|wiederhol|druck|schreib|übersetz|wie lauten|was (ist|sind|ste)"
     R"(ht))\S* (\S+ ){0,5}?(system-?\s?prompt|systemanweisung|systemnachricht|anfangsanweis)"
     R"(ung|deine\w* (\S+ )?(anweisung|instruktion|prompt|regeln)|ihre\w* (\S+ )?(anweisung|)"
     R"(instruktion|prompt)))"},
    {"reveal", kMiddle,
     R"((montre|affiche|révèle|revele|répète|repete|donne|écris|ecris|quelles? sont|que)"
     R"(l est|traduis|dis)\S* (\S+ ){0,5}?(prompt|message système|(tes|vos) (\S+ )?(instruc)"
     R"(tions|consignes|règles)|instructions (système|initiales|cachées|secrètes)))"},
    {"reveal", kMiddle,
     R"((muestra|muéstrame|revela|repite|dime|imprime|escribe|cuáles son|cual es|cuál es|)"
     R"(traduce|dame)\S* (\S+ ){0,5}?(prompt|mensaje del sistema|instrucciones (del sistema|)"
     R"(iniciales|ocultas|secretas)|tus (\S+ )?(instrucciones|reglas)))"},
    {"reveal", kMiddle,
     R"((mostra|rivela|ripeti|dimmi|stampa|scrivi|quali sono|qual è|revele|repita|imprima|d)"
     R"(iga|quais são|escreva|toon|onthul|herhaal|wat (is|zijn)|pokaż|ujawnij|powtórz|wyp)"
     R"(isz|jakie są)\S* (\S+ ){0,5}?(prompt|istruzioni|instruções|instrucoes|instructies)"
     R"(|systeem|instrukcj|systemow))"},
    {"reveal", kMiddle,
     R"((покажи|раскрой|повтори|выведи|напиши|какие|к)"
     R"(аков|скажи)\S* (\S+ ){0,5}?(промпт|системн|твои (\S+ )?(и)"
     R"(нструкц|правил)|ваши (\S+ )?инструкц))"},
    {"reveal", kMiddle,
     R"((显示|顯示|告诉我|告訴我|输出|輸出|重复|重複|泄露|打印|复述))"
     R"([^。.!?]{0,12}?(系统提示|系統提示|提示词|提示詞|指令|初始)|(シ)"
     R"(ステムプロンプト|指示|プロンプト)[^。.!?]{0,12}?(表示|教え|出)"
     R"(力|見せ|繰り返)|(시스템 프롬프트|프롬프트|지시)[^.!?]{0,12}?(보)"
     R"(여|알려|출력|공개)|(sistem (istem|talimat|prompt)\S*|talimatlar\S*) (\S+ ){0,)"
     R"(3}?(göster|yaz|söyle|açıkla|tekrarla)|(أظهر|اكشف|اعرض|كرر|أخب)"
     R"(رني)\S* (\S+ ){0,4}?(التعليمات|تعليمات|النظام)|(सिस)"
     R"(्टम प्रॉम्प्ट|निर्देश)\S* (\S+ ){0,4}?(दि)"
     R"(खा|बता))"},
    {"reveal", kWeak,
     R"((system|developer|hidden|initial|secret) ?(prompt|instructions?|message)\b)"},
    {"reveal", kMiddle,
     R"((repeat|print|output|begin with|start with) (\S+ ){0,6}?['"“]?you are (a|an|the)\b)"},
    // Be somebody else.
    {"role", kStrong,
     R"(\b(developer|debug|god|admin(istrator)?|maintenance|root|sudo|unrestricted|unfiltere)"
     R"(d|jailbreak|dan|evil|opposite|diagnostic) mode\b|\bjailbr[eo]a?k|\bdo anything now\b)"
     R"(|\bsudo (rm|cat|print|show|give|make|su)\b)"},
    {"role", kStrong,
     R"((you are|act as|pretend|roleplay|role-play|behave|simulate|imagine|respond as|become)"
     R"(|switch to|play) (\S+ ){0,8}?(without (any )?(\S+ )?(restriction|rule|filter|limit|g)"
     R"(uideline|censor|ethic|moral)|no (\S+ )?(restriction|rule|filter|limit|guideline|ethi)"
     R"(c)|unrestricted|unfiltered|uncensored|not bound|free of (all|any)))"},
    {"role", kMiddle, R"(\b(you are|you're) (now|no longer) )"},
    {"role", kMiddle,
     R"((du bist|sie sind) (jetzt|nun|ab jetzt|ab sofort|nicht mehr) |tu es (maintenant|dés)"
     R"(ormais)|eres ahora|ahora eres|ora sei |agora (você|voce) é|jesteś teraz|ты те)"
     R"(перь|теперь ты|sen artık|artık sen|你现在是|你現在是|あなた)"
     R"(は今|이제 너는|أنت الآن|अब तुम)"},
    {"role", kStrong,
     R"((ohne|sans|sin|senza|sem|zonder|bez|без) (\S+ ){0,2}?(einschränkung|beschränkun)"
     R"(g|restricci|restriction|restrizion|restriç|beperking|ogranicze|ограничени)"
     R"()\S*)"},
    {"role", kMiddle,
     R"(\b(i am|i'm|this is|speaking as|message from) (\S+ ){0,3}?(your (developer|creator|a)"
     R"(dministrator|owner|operator)|the (system )?(administrator|developer|admin|operator)|)"
     R"(openai|anthropic|root|the ceo of))"},
    // Signs of the formats that models are fed with.
    {"delimiter", kMiddle,
     R"(<\|?(im_start|im_end|system|endoftext|start_header_id|end_header_id|eot_id|assistant)"
     R"(|user|begin_of_text)\|?>|\[/?inst\]|<</?sys>>|</?(system|assistant|instructions?|con)"
     R"(text|document|passage|prompt|user|human|tool_call|function_call)(_?(prompt|message)))"
     R"(?>)"},
    {"delimiter", kMiddle,
     R"((###|---|===|\*\*\*|\[|\{|#)\s*(system|assistant|instructions?|new instructions?|adm)"
     R"(in|developer|end of (document|context|input|user|prompt|passage)|begin (system|admin)"
     R"()|override)(\s+(prompt|message|note|override|instructions?|input))?\s*(###|---|===|\*)"
     R"(\*\*|\]|\}|:|#))"},
    {"delimiter", kMiddle,
     R"((^|[.!?"'>\]\n] ?)(system|assistant|developer|human|user|ai)\s?(message|prompt|note|)"
     R"(override)?\s?:\s)"},
    {"delimiter", kMiddle, R"re("role"\s*:\s*"(system|assistant|developer|tool)")re"},
    // Take it away.
    {"exfiltrate", kStrong,
     R"((send|post|append|include|embed|forward|upload|exfiltrate|transmit|attach|add|put|su)"
     R"(bmit|report|leak|insert|encode|place|e-?mail|render|load|link) (\S+ ){0,10}?(convers)"
     R"(ation|chat|history|transcript|user('s|s)?|visitor('s|s)?|customer('s|s)?|secret|pass)"
     R"(word|api.?key|key|token|credential|data|context|prompt|instructions|e-?mail|name|mes)"
     R"(sage|question|answer|summary|contents?|everything|details|it) (\S+ ){0,8}?(https?:|w)"
     R"(ww\.|\burl\b|webhook|query (string|parameter)|image (tag|link|url)|\blink (to|with)|)"
     R"(mailto|@[a-z0-9-]+\.[a-z]))"},
    {"exfiltrate", kStrong,
     R"((schick|send|häng|füge|leite|envoie|envoyez|ajoute|envía|envia|añade|incluye|inv)"
     R"(ia|aggiungi|envie|adicione|stuur|wyślij|dodaj|отправь|добавь|gönder|e)"
     R"(kle|发送|發送|送信|보내|أرسل|भेज)[^.!?]{0,80}?(https?:|www\.|webho)"
     R"(ok|@[a-z0-9-]+\.[a-z]))"},
    {"exfiltrate", kStrong,
     R"(!\[[^\]]*\]\(\s*https?://[^)]*(=|/)\s*(\{|\[|<|%|\$|data|secret|conversation|history)"
     R"(|prompt|the |your |user|here))"},
    {"exfiltrate", kMiddle, R"((https?://|www\.)\S*[?&/=](\{|\[|<|%7b|\$)[a-z_ ]+)"},
    {"exfiltrate", kMiddle,
     R"((render|display|show|output|insert|include|load|end (every|each|your|the)[^.]{0,20}?)"
     R"( with|always (add|append|include)) (\S+ ){0,6}?(image|markdown|img|iframe|html|link|)"
     R"(script|!\[))"},
    // Do something.
    {"tool", kMiddle,
     R"(\b((call|invoke|run|execute|trigger|activate) (\S+ ){0,4}?(tool|function|plugin|shel)"
     R"(l|command|script|api|code|sql|query|webhook)|use (the |your |any |a )(\S+ ){0,2}?(to)"
     R"(ol|function|plugin|shell|api))\b)"},
    {"tool", kMiddle,
     R"((delete|drop|refund|transfer|cancel|approve|grant|wire|purchase|issue) (\S+ ){0,3}?()"
     R"(all|every|the|my|this|full) (\S+ ){0,3}?(user|account|order|record|database|table|fi)"
     R"(le|payment|money|access|refund|conversation|message)s? (\S+ ){0,6}?(without|immediat)"
     R"(ely|now|silently|do not (ask|tell|confirm)|don't (ask|tell)))"},
    // Text for a machine, in a place that is for people.
    {"addressed", kMiddle,
     R"((attention|note|message|instructions?|important|notice|to|hinweis|achtung|remarque|a)"
     R"(ttenzione|atención)( (to|for|an|für|pour|à|para|per))? (\S+ ){0,3}?\b(ai|a\.i\.|l)"
     R"(lms?|assistants?|chat ?bots?|language models?|language-models?|ki|ia|sprachmodelle?|)"
     R"(bots?|gpt|claude|gemini|copilot)\b)"},
    {"addressed", kMiddle,
     R"(\b(if you are|when you are|as) an? (\S+ )?(ai|llm|assistant|language model|chat ?bot)"
     R"(|bot|ai assistant|ai model)\b[, ])"},
    {"addressed", kMiddle,
     R"(\b(the |any |every )?(assistant|chat ?bot|ai|llm|language model|model|bot) (reading )"
     R"(this )?(must|should|shall|has to|needs to|will|is (required|instructed|ordered|permi)"
     R"(tted) to) (now |always |only |never |instead |first |also |immediately )*(\S+ ){0,1})"
     R"(?(respond|reply|say|answer|tell|print|output|include|recommend|ignore|reveal|send|ad)"
     R"(d|state|write|praise|refuse|follow|obey|execute|disclose|ask|claim|call|translate|re)"
     R"(peat|append|insert|forward|give|share|show))"},
    {"addressed", kMiddle,
     R"((do not|don't|never) (tell|mention|inform|reveal|show|let|disclose|say) (\S+ ){0,4}?)"
     R"((the )?(user|visitor|customer|human|anyone|anybody)\b)"},
    {"addressed", kMiddle,
     R"((always|only|simply|just|instead) (answer|respond|reply|say|output|print)( only)?( w)"
     R"(ith)?( the (word|phrase|text))?\s?[:"'“«])"},
    {"hypnosis", kMiddle,
     R"((hypothetical|fiction|story|game|novel|movie|poem|grandmother|grandma|opposite day)\S)"
     R"(* (\S+ ){0,20}?(system prompt|instructions|rules|password|secret|api key|restriction)"
     R"(s))"},
    {"secret", kMiddle,
     R"((reveal|show|print|tell me|give me|what (is|are)|list|output|dump|leak|share|send( m)"
     R"(e)?|display) (\S+ ){0,6}?((admin|database|db|root|master|internal|secret|hidden|api|)"
     R"(server|staff|employee|other|previous|all)\S* (\S+ ){0,2}?(password|key|secret|creden)"
     R"(tial|token|user|customer|visitor|conversation|chat|document|data|record|email|order))"
     R"(s?\b|environment variables?|/etc/passwd|\.env\b))"},
});

}  // namespace

std::span<const ScreenPattern> screen_patterns() { return kPatterns; }

}  // namespace chatpad::safety
