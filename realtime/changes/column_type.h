// ColumnType: what a column's type means for JSON and for comparing, as the catalogue has it.
//
// Immutable and shared by everything that was made while it was current. An array has its element's
// type, a composite its fields; a domain is its base type under its own name. Types nested deeper
// than kTypeDepthMax are plain text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace chatpad::realtime {

constexpr int kTypeDepthMax = 6;

enum class TypeKind : uint8_t {
  text,  // text, varchar, name and their like: compared by bytes
  padded_text,
  boolean,
  integer,
  floating,
  numeric,
  uuid,
  date,
  timestamp,
  timestamptz,
  label,  // enum
  json,
  array,
  composite,
  other,
};

struct ColumnType;
using TypeRef = std::shared_ptr<const ColumnType>;

struct ColumnType {
  uint32_t oid = 0;
  std::string name = "text";  // pg_type.typname; arrays begin with an underscore
  std::string sql = "text";   // the same as SQL may name it, quoted and qualified
  TypeKind kind = TypeKind::other;
  char delimiter = ',';                                 // between array elements
  TypeRef element;                                      // of an array
  std::vector<std::pair<std::string, TypeRef>> fields;  // of a composite
};

// A type by what pg_type says of it; the caller adds element and fields.
TypeKind type_kind(uint32_t base_oid, char typtype, char category);

}  // namespace chatpad::realtime
