// `chatpad outbox`: the mails that wait, with their links and codes. For whoever may read the home:
// without a mail server that is how an operator passes on a confirmation or a new password.
#include <cstdio>

#include "functions/shared/mail/compose.h"
#include "functions/shared/mail/sealed_mail.h"
#include "runtime/commands.h"
#include "runtime/home_database.h"

namespace chatpad::commands {
namespace {

constexpr const char* kWaiting =
    "select kind, recipient, sealed, \"row\"->>'createdAt' "
    "from api.list_mails(null, 200) where sealed is not null and \"row\"->>'status' = 'waiting'";

// Nobody's address writes to an operator's terminal.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return out;
}

}  // namespace

int outbox(const Config& given) {
  const HomeDatabase home = HomeDatabase::of(given);
  Config config = given;
  config.jwt_secret = home.value("SUPABASE_JWT_SECRET");
  config.public_url = home.value("SUPABASE_URL");
  pg::Blocking session = home.service();
  const pg::Rows rows = session.run(kWaiting).or_raise();
  for (int row = 0; row < rows.size(); ++row) {
    const auto content = functions::open_mail(config, rows.text(row, 2));
    if (!content) continue;
    const functions::Mail mail = functions::compose_mail(config, rows.text(row, 0), *content);
    std::printf("%s  %s  %s\n", rows.str(row, 3).c_str(), printable(rows.text(row, 1)).c_str(),
                printable(mail.subject).c_str());
    if (!mail.link.empty()) std::printf("  %s\n", printable(mail.link).c_str());
    if (!mail.code.empty()) std::printf("  code %s\n", mail.code.c_str());
  }
  if (rows.empty()) std::puts("No mail waits.");
  return 0;
}

}  // namespace chatpad::commands
