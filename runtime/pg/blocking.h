// Blocking: one synchronous connection, for start-up work only (waiting for the private cluster,
// migrations). Never used on a loop. Errors carry the server's words in `cause`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/pg/types.h"

typedef struct pg_conn PGconn;

namespace chatpad::pg {

class Blocking {
 public:
  // A name in `database` takes the place of the connection string's own.
  static Result<Blocking> open(const std::string& conninfo, const std::string& database = {});

  // One or more statements without parameters; the rows of the last one.
  Result<Rows> run(const std::string& sql);
  Result<Rows> run(const std::string& sql, const Params& params);
  // before + text + after as one script. An error is a public sentence with file, line and the
  // server's words, and leaves no transaction open.
  Result<void> script(std::string_view file, const std::string& before, std::string_view text,
                      const std::string& after);
  int server_version() const;
  PGconn* raw() { return pg_.get(); }

 private:
  struct Close {
    void operator()(PGconn* connection) const;
  };
  explicit Blocking(PGconn* connection) : pg_(connection) {}
  std::unique_ptr<PGconn, Close> pg_;
};

}  // namespace chatpad::pg
