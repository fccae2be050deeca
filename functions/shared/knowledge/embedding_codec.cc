#include "functions/shared/knowledge/embedding_codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "functions/shared/knowledge/vectors.h"
#include "runtime/wire/json.h"

namespace chatpad::knowledge {
namespace {

Error refused(std::string why) {
  return Error(Errc::upstream_failed, PublicText(), LogText("embeddings: " + std::move(why)));
}

// Empty when it is no vector.
std::vector<float> row_of(const wire::Json& list) {
  std::vector<float> row;
  if (!list.is_array() || list.size() > kVectorWidthMax) return row;
  for (const wire::Json& number : list) {
    if (!number.is_number()) return {};
    const float value = number.get<float>();
    if (!std::isfinite(value)) return {};
    row.push_back(value);
  }
  return row;
}

}  // namespace

std::string embed_body(std::string_view model, const std::vector<std::string>& texts) {
  wire::JsonWriter out;
  out.object().field("model", model).array("input");
  for (const std::string& text : texts) out.value(text);
  out.end().field("encoding_format", "float").end();
  return std::move(out).str();
}

Result<std::vector<std::vector<float>>> read_embeddings(std::string_view body, size_t asked) {
  const Result<wire::Json> document = wire::parse_json(body, {.bytes_max = kEmbedAnswerBytesMax});
  if (!document) return refused("no JSON");
  const auto data = document->is_object() ? document->find("data") : document->end();
  if (!document->is_object() || data == document->end() || !data->is_array()) {
    return refused("no list of vectors");
  }
  if (data->size() != asked) return refused(std::to_string(data->size()) + " vectors");
  std::vector<std::vector<float>> rows(asked);
  size_t position = 0;
  for (const wire::Json& item : *data) {
    if (!item.is_object() || !item.contains("embedding")) return refused("an item without one");
    // Not every server numbers them; then they are in order.
    size_t index = position++;
    const auto number = item.find("index");
    if (number != item.end()) {
      if (!number->is_number_unsigned()) return refused("a number that is none");
      index = number->get<size_t>();
    }
    if (index >= asked || !rows[index].empty()) return refused("a number twice or too large");
    rows[index] = row_of(item.at("embedding"));
    if (rows[index].empty()) return refused("a vector that is none");
    if (rows[index].size() != rows.front().size() && !rows.front().empty()) {
      return refused("vectors of two widths");
    }
  }
  for (const auto& row : rows) {
    if (row.size() != rows.front().size()) return refused("vectors of two widths");
  }
  return rows;
}

std::string real_array(const std::vector<float>& row) {
  std::string literal = "{";
  char buffer[32];
  for (const float value : row) {
    if (literal.size() > 1) literal += ',';
    const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
    literal.append(buffer, end);
  }
  literal += '}';
  return literal;
}

std::vector<float> read_real_array(std::string_view text) {
  std::vector<float> row;
  if (!text.starts_with('{') || !text.ends_with('}') || text.size() < 3) return row;
  const char* at = text.data() + 1;
  const char* const last = text.data() + text.size() - 1;
  while (at < last && row.size() < kVectorWidthMax) {
    float value = 0;
    const auto [end, code] = std::from_chars(at, last, value);
    if (code != std::errc() || (end != last && *end != ',')) return {};
    row.push_back(value);
    at = end + 1;
  }
  return row;
}

}  // namespace chatpad::knowledge
