#include "functions/shared/safety/scan.h"

#include <gtest/gtest.h>

namespace chatpad::safety {
namespace {

Wanted everything() {
  Wanted wanted;
  wanted.kinds = (1U << kKinds) - 1;
  return wanted;
}

std::string marked(std::string_view text, const Wanted& wanted) {
  return rewrite(text, wanted, [](const Match& match) -> std::optional<std::string> {
    return "<" + std::string(to_string(match.kind)) + ">";
  });
}
std::string marked(std::string_view text) { return marked(text, everything()); }

TEST(Scan, finds_personal_data) {
  EXPECT_EQ(marked("My SSN is 078-05-1120."), "My SSN is <ssn>.");
  EXPECT_EQ(marked("Card 4111 1111 1111 1111, thanks"), "Card <credit_card>, thanks");
  EXPECT_EQ(marked("5500-0055-5555-5559"), "<credit_card>");
  EXPECT_EQ(marked("I was born on 31.12.1987 in Kiel"), "I was born on <dob> in Kiel");
  EXPECT_EQ(marked("geboren am 4. Mai 1987"), "geboren am <dob>");
  EXPECT_EQ(marked("call +49 30 1234567 now"), "call <phone> now");
  EXPECT_EQ(marked("(202) 555-0101 or 202-555-0101"), "<phone> or <phone>");
  EXPECT_EQ(marked("ada.byron+x@example.co.uk!"), "<email>!");
  EXPECT_EQ(marked("at 221B Baker Street, London"), "at <address>, London");
  EXPECT_EQ(marked("wohne Hauptstra\u00dfe 12a in Kiel"), "wohne <address> in Kiel");
  EXPECT_EQ(marked("12 rue de la Paix"), "<address>");
}

TEST(Scan, leaves_what_only_looks_like_it) {
  for (const char* text :
       {"Order 4111111111111112 is on its way.", "Version 1.2.3 of 2024-05-01.",
        "Open 09:00 - 18:00, 7 days.", "It costs 1,299.00 EUR or 49.90.",
        "SKU 000-12-3456 is gone.", "We have 5 items and 30 Days.", "Ask @support on the site.",
        "a < b and c > d", "See [1] and [2].", "Fine!", "data: none",
        "The password must have 8 characters.", "Our token is of no use.", "1111 1111 1111 1111"}) {
    EXPECT_EQ(marked(text), text);
  }
}

TEST(Scan, finds_secrets_and_keeps_their_names) {
  EXPECT_EQ(marked("use sk-proj-abc123def456ghi789 now"), "use <secret> now");
  EXPECT_EQ(marked("AKIAIOSFODNN7EXAMPLE"), "<secret>");
  EXPECT_EQ(marked("password: hunter2!"), "password: <secret>");
  EXPECT_EQ(marked("api_key=\"a1b2c3d4e5\""), "api_key=\"<secret>\"");
  EXPECT_EQ(marked("The API key is zx81-9000-aa."), "The API key is <secret>.");
  EXPECT_EQ(marked("x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y"),
            "x <secret> y");
}

TEST(Scan, finds_what_a_page_would_load_or_follow) {
  EXPECT_EQ(marked("![cat](https://evil.example/?d=1) x"), "<image> x");
  EXPECT_EQ(marked("[here](https://evil.example/?d=1)"), "<link>");
  EXPECT_EQ(marked("[![a](https://a.example/b)](https://c.example)"), "<link>");
  EXPECT_EQ(marked("![a][ref]\n\n[ref]: https://evil.example"), "<image>[ref]\n\n[ref]: <link>");
  EXPECT_EQ(marked("see HTTPS://evil.example/a?b=c."), "see <link>.");
  EXPECT_EQ(marked("www.evil.example/x"), "<link>");
  EXPECT_EQ(marked("<https://evil.example/x>"), "<link>");
  EXPECT_EQ(marked("<img src=x onerror=alert(1)>"), "<image>");
  EXPECT_EQ(marked("<IMG SRC='https://evil.example'"), "<html>IMG SRC='<link>'");
  EXPECT_EQ(marked("javascript:alert(1)"), "<link>)");
}

// Every way to cut it in two, and byte by byte.
void same_however_cut(const std::string& text) {
  const std::string whole = marked(text);
  const auto decide = [](const Match& match) -> std::optional<std::string> {
    return "<" + std::string(to_string(match.kind)) + ">";
  };
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Scanner scanner(everything(), decide);
    std::string out = scanner.feed(text.substr(0, cut));
    out += scanner.feed(text.substr(cut));
    out += scanner.finish();
    ASSERT_EQ(out, whole) << text << " cut at " << cut;
  }
  Scanner scanner(everything(), decide);
  std::string out;
  for (const char c : text) out += scanner.feed(std::string_view(&c, 1));
  ASSERT_EQ(out + scanner.finish(), whole) << text;
}

TEST(Scan, is_the_same_however_the_text_is_cut) {
  for (const char* text : {"My SSN is 078-05-1120.",
                           "Card 4111 1111 1111 1111, thanks",
                           "born 31.12.1987 in K",
                           "+49 30 1234567",
                           "a@b.example, c",
                           "221B Baker Street",
                           "Hauptstra\u00dfe 12",
                           "12 rue de la Paix x",
                           "calle Mayor 5",
                           "password: hunter2!",
                           "the api key is abc12345",
                           "-----BEGIN X PRIVATE KEY-----\nA\n-----END X-----",
                           "![cat](https://evil.example/?d=1) x",
                           "[a](b) [c] !",
                           "![",
                           "<img src=x",
                           "<https://e.example/> <b>x</b>",
                           "http://",
                           "see https://evil.example/a?b=c. www.x",
                           "\u20ac\xf0\x9f",
                           "Gr\u00fc\u00dfe \xff\xfe a@b.cc"}) {
    same_however_cut(text);
  }
}

TEST(Scan, holds_back_only_what_may_still_become_something) {
  Scanner scanner(everything(), [](const Match&) { return std::optional<std::string>("x"); });
  EXPECT_EQ(scanner.feed("Hello there, we are "), "Hello there, we are ");
  EXPECT_EQ(scanner.feed("open"), "");
  EXPECT_EQ(scanner.feed(" from 9 "), "open from ");
  EXPECT_EQ(scanner.feed("to"), "9 ");
  EXPECT_EQ(scanner.finish(), "to");
}

TEST(Scan, shows_nothing_more_once_stopped) {
  Scanner* self = nullptr;
  Scanner scanner(everything(), [&](const Match&) -> std::optional<std::string> {
    self->stop();
    return std::nullopt;
  });
  self = &scanner;
  EXPECT_EQ(scanner.feed("write to a@b.example please "), "write to ");
  EXPECT_TRUE(scanner.stopped());
  EXPECT_EQ(scanner.feed("more"), "");
  EXPECT_EQ(scanner.finish(), "");
}

TEST(Scan, withholds_words_of_the_instructions_and_what_nobody_can_read_however_long) {
  Wanted wanted;
  wanted.add(Kind::leak);
  wanted.instructions = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"never", "speak", "of", "the", "winter", "sale", "before"});
  std::string encoded;
  for (int i = 0; i < 5003; ++i) encoded += "abcXYZ019+/="[i % 10];
  const std::string text = "I never speak of the winter sale before it " + encoded + " y";
  const auto decide = [](const Match&) -> std::optional<std::string> { return "#"; };
  const std::string whole = rewrite(text, wanted, decide);
  EXPECT_EQ(whole, "I # it ### y");
  for (const size_t step : {1, 7, 64, 999}) {
    Scanner scanner(wanted, decide);
    std::string out;
    for (size_t at = 0; at < text.size(); at += step) {
      out += scanner.feed(std::string_view(text).substr(at, step));
    }
    EXPECT_EQ(out + scanner.finish(), whole) << step;
  }
}

Wanted with_rules(std::vector<Rule> rules) {
  Wanted wanted;
  wanted.rules = RuleSet::compile(std::move(rules)).or_raise();
  return wanted;
}

TEST(Rules, fit_patterns_and_phrases_however_the_text_is_cut) {
  const Wanted wanted = with_rules({{"id", R"(ACME-\d{8})", false, Action::redact},
                                    {"short", "ab?", false, Action::redact},
                                    {"name", "Blue Falcon", true, Action::warn}});
  const std::string text =
      "Ticket ACME-12345678 and ACME-1 of blue  falcon, BLUE FALCON, blue falcons, a ab az";
  const auto decide = [](const Match& match) -> std::optional<std::string> {
    return "{" + std::to_string(match.rule) + "}";
  };
  const std::string whole = rewrite(text, wanted, decide);
  EXPECT_NE(whole.find("Ticket {0} "), std::string::npos) << whole;
  EXPECT_NE(whole.find(", {2}, "), std::string::npos) << whole;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Scanner scanner(wanted, decide);
    std::string out = scanner.feed(text.substr(0, cut));
    out += scanner.feed(text.substr(cut));
    out += scanner.finish();
    ASSERT_EQ(out, whole) << cut;
  }
}

TEST(Rules, hold_back_only_what_could_begin_a_match) {
  const Wanted wanted = with_rules({{"id", R"(ACME-\d{8})", false, Action::redact}});
  Scanner scanner(wanted, [](const Match&) { return std::optional<std::string>("[x]"); });
  EXPECT_EQ(scanner.feed("Hello, your ticket is ACM"), "Hello, your ticket is ");
  EXPECT_EQ(scanner.feed("E-1234567"), "");
  EXPECT_EQ(scanner.feed("8 now"), "");
  EXPECT_EQ(scanner.finish(), "[x] now");
}

TEST(Rules, that_cannot_be_kept_are_refused) {
  for (const char* pattern : {"(", "a{1001}", "(?=x)", "x*", "((a{100}){100}){100}"}) {
    EXPECT_FALSE(RuleSet::compile({{"bad", pattern, false, Action::warn}}).ok()) << pattern;
  }
}

}  // namespace
}  // namespace chatpad::safety
