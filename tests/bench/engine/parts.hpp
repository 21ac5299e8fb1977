#pragma once

#include "stage.hpp"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace playhead::bench {

// Keys and numbers in the order in which they were found.
class Results {
  public:
    void add(const std::string& key, double value) { values_.emplace_back(key, value); }
    void add(const std::string& key, const Figures& figures) {
        add(key, figures.median);
        add(key + "_p10", figures.p10);
        add(key + "_p90", figures.p90);
    }
    double operator[](const std::string& key) const {
        for (const auto& [known, value] : values_)
            if (known == key) return value;
        return 0;
    }
    void print() const {
        for (const auto& [key, value] : values_) std::printf("%-44s %14.3f\n", key.c_str(), value);
        std::printf("{");
        const char* separator = "";
        for (const auto& [key, value] : values_)
            std::printf("%s\"%s\":%.3f", std::exchange(separator, ","), key.c_str(), value);
        std::printf("}\n");
    }

  private:
    std::vector<std::pair<std::string, double>> values_;
};

// Ten thousand who join in ten seconds, who come back all at once, and five hundred in one tick.
void joins(Results& results);

} // namespace playhead::bench
