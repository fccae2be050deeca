#include "functions/shared/knowledge/small_talk.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

struct Row {
  std::string_view phrase;
  SmallTalk kind;
};

// Whole messages, as folded words.
constexpr std::array<Row, 23> kMessages = {{
    {"how are you", SmallTalk::how_are_you},
    {"how are you doing", SmallTalk::how_are_you},
    {"how is it going", SmallTalk::how_are_you},
    {"hows it going", SmallTalk::how_are_you},
    {"whats up", SmallTalk::how_are_you},
    {"wie geht es dir", SmallTalk::how_are_you},
    {"wie gehts", SmallTalk::how_are_you},
    {"wie geht es ihnen", SmallTalk::how_are_you},
    {"ca va", SmallTalk::how_are_you},
    {"comment allez vous", SmallTalk::how_are_you},
    {"who are you", SmallTalk::who_are_you},
    {"what are you", SmallTalk::who_are_you},
    {"are you a bot", SmallTalk::who_are_you},
    {"are you a robot", SmallTalk::who_are_you},
    {"are you human", SmallTalk::who_are_you},
    {"are you a human", SmallTalk::who_are_you},
    {"are you a real person", SmallTalk::who_are_you},
    {"am i talking to a bot", SmallTalk::who_are_you},
    {"am i talking to a human", SmallTalk::who_are_you},
    {"wer bist du", SmallTalk::who_are_you},
    {"bist du ein bot", SmallTalk::who_are_you},
    {"sind sie ein bot", SmallTalk::who_are_you},
    {"qui es tu", SmallTalk::who_are_you},
}};

// A message made only of these and of fillers is small talk of the strongest kind it holds.
constexpr std::array<Row, 33> kWords = {{
    {"hi", SmallTalk::greeting},         {"hello", SmallTalk::greeting},
    {"hey", SmallTalk::greeting},        {"hiya", SmallTalk::greeting},
    {"greetings", SmallTalk::greeting},  {"morning", SmallTalk::greeting},
    {"afternoon", SmallTalk::greeting},  {"evening", SmallTalk::greeting},
    {"hallo", SmallTalk::greeting},      {"moin", SmallTalk::greeting},
    {"servus", SmallTalk::greeting},     {"tag", SmallTalk::greeting},
    {"morgen", SmallTalk::greeting},     {"abend", SmallTalk::greeting},
    {"bonjour", SmallTalk::greeting},    {"salut", SmallTalk::greeting},
    {"bonsoir", SmallTalk::greeting},    {"thanks", SmallTalk::thanks},
    {"thank", SmallTalk::thanks},        {"thx", SmallTalk::thanks},
    {"cheers", SmallTalk::thanks},       {"danke", SmallTalk::thanks},
    {"dankeschon", SmallTalk::thanks},   {"merci", SmallTalk::thanks},
    {"bye", SmallTalk::goodbye},         {"goodbye", SmallTalk::goodbye},
    {"ciao", SmallTalk::goodbye},        {"tschuss", SmallTalk::goodbye},
    {"wiedersehen", SmallTalk::goodbye}, {"revoir", SmallTalk::goodbye},
    {"bientot", SmallTalk::goodbye},     {"farewell", SmallTalk::goodbye},
    {"dank", SmallTalk::thanks},
}};

constexpr std::array<std::string_view, 40> kFillers = {
    "good",  "there",    "you",     "very",   "much",    "so",    "a",        "lot",
    "for",   "your",     "the",     "help",   "all",     "again", "everyone", "everybody",
    "team",  "day",      "nice",    "great",  "ok",      "okay",  "have",     "guten",
    "gute",  "schon",    "schones", "vielen", "schonen", "auf",   "sehr",     "dir",
    "ihnen", "beaucoup", "bien",    "au",     "a",       "tous",  "vous",     "that"};

const Row* find(std::span<const Row> rows, std::string_view phrase) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.phrase == phrase; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::optional<SmallTalk> small_talk(std::string_view message) {
  const auto tokens = text::tokenize(message, kSmallTalkWordsMax + 1);
  if (tokens.empty() || tokens.size() > kSmallTalkWordsMax) return std::nullopt;
  std::string rest;  // what follows the greetings in front
  std::optional<SmallTalk> kind;
  bool only_small = true;
  for (const text::Token& token : tokens) {
    const Row* const row = find(kWords, token.text);
    const bool filler = std::find(kFillers.begin(), kFillers.end(), token.text) != kFillers.end();
    if (row != nullptr && (!kind || row->kind > *kind)) kind = row->kind;
    if (row == nullptr && !filler) only_small = false;
    if (row != nullptr && rest.empty()) continue;
    if (!rest.empty()) rest += ' ';
    rest += token.text;
  }
  if (const Row* const whole = find(kMessages, rest)) return whole->kind;
  return only_small ? kind : std::nullopt;
}

std::string_view small_talk_reply(SmallTalk kind, text::Language language) {
  static constexpr std::array<std::array<std::string_view, 5>, 3> replies = {{
      {"Hello! What can I help you with?", "You are welcome! Is there anything else?",
       "Goodbye, and come back any time.", "Very well, thank you. What can I help you with?",
       "I am an automatic assistant. I answer from what this team has written down, and a person "
       "can join us here."},
      {"Hallo! Wobei kann ich helfen?", "Gern geschehen! Kann ich noch etwas tun?",
       "Auf Wiedersehen, bis bald.", "Sehr gut, danke. Wobei kann ich helfen?",
       "Ich bin ein automatischer Assistent. Ich antworte aus dem, was das Team hinterlegt hat; "
       "ein "
       "Mensch kann jederzeit dazukommen."},
      {"Bonjour ! Comment puis-je vous aider ?", "Avec plaisir ! Autre chose ?",
       "Au revoir et à bientôt.", "Très bien, merci. Comment puis-je vous aider ?",
       "Je suis un assistant automatique. Je réponds avec ce que l'équipe a écrit ; une personne "
       "peut nous rejoindre ici."},
  }};
  return replies[static_cast<std::size_t>(language)][static_cast<std::size_t>(kind)];
}

}  // namespace chatpad::knowledge
