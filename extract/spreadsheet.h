// XLSX: the sheets of a workbook, row by row, with shared strings resolved and dates as dates.
#pragma once

#include <functional>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "extract/zip_archive.h"

namespace chatpad::extract {

void read_spreadsheet(ZipArchive& archive, const std::string& title, Emitter& out);

// Of office files in general: relation id -> file, and the relation id that a node carries.
std::map<std::string, std::string, std::less<>> relation_targets(std::string_view xml);
std::string_view relation_id(const pugi::xml_node& node);

}  // namespace chatpad::extract
