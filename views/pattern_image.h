#pragma once
// PatternPicture: the exact density of a region of a pattern as pixels, and its colours. Opacity is the share of a
// pixel's cells that attend; hue is the densest branch, or how often pairs count, or which of two patterns has them.
// Of `mixing`, hue is the branch that most of the row's softmax goes to, of those with pairs there, and opacity how
// much.
#include "views/branch_shares.h"
#include "views/geometry.h"
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dilascope {

enum class PictureColours : std::uint8_t { branches, multiplicity, difference, mixing };

struct PictureRequest {
    std::uint64_t version = 0; // of the workspace's configuration; stands for pattern and problem in comparisons
    Pattern pattern;
    Problem problem;
    std::int64_t head = 0;
    Region region;
    std::int64_t rows = 0, columns = 0; // pixels; as many as tokens when single cells are to be seen
    int only_branch = -1;               // ≥ 0: this branch alone
    PictureColours colours = PictureColours::branches;
    std::optional<Pattern> minus;       // for difference: pattern A, of which `pattern` differs
    std::shared_ptr<const Qkv> tensors; // for mixing: whose scores count; null: all scores are equal
    bool has_strips = true;             // false leaves out keys_per_query and queries_per_key
    std::string compare_text;           // of pattern A where it takes part; stands for it in comparisons
    friend bool operator==(const PictureRequest& a, const PictureRequest& b) {
        return a.version == b.version && a.head == b.head && a.region == b.region && a.rows == b.rows &&
               a.columns == b.columns && a.only_branch == b.only_branch && a.colours == b.colours &&
               a.compare_text == b.compare_text && a.tensors == b.tensors;
    }
};

struct PatternPicture {
    PictureRequest request;
    std::vector<float> density;       // rows × columns, active pairs ÷ cells; of mixing the branch's share of the row
    std::vector<std::uint8_t> branch; // rows × columns, the densest one; meaningless where density is 0
    BranchShares shares;              // for mixing
    std::vector<float> overlap;       // for multiplicity: how often the pixel's pairs count, mean; 0 without pairs
    std::vector<float> density_a;     // for difference: of pattern A
    std::vector<float> keys_per_query;  // rows, mean over the pixel's queries of the keys each sees in the whole matrix
    std::vector<float> queries_per_key; // columns, mean over the pixel's keys of the queries that see each
    double time_ms = 0;                 // that it took
};

// Quick enough to be painted on the way to the screen: counts are closed forms, nothing has to be drawn first.
bool counts_at_once(const Pattern& pattern);

// Never fails for a valid pattern; unfinished once `cancel` is set. `progress`: 0 … 1, of the scores.
PatternPicture make_picture(const PictureRequest& request, const std::atomic<bool>* cancel = nullptr,
                            std::atomic<float>* progress = nullptr);

// Opacity of a pixel: 0 where nothing attends, else 0.14 + 0.86·√density, so that one pair in a million still shows.
float density_alpha(float density);
// Of a branch's share of a row: linear, so that halves look like halves.
float share_alpha(float share);

// Pairs counted `times` of at most `most` times. Cells whose density is a in A and b in B: blue A alone, grey both
// alike, vermilion B alone.
Colour multiplicity_colour(float times, int most);
Colour difference_colour(float a, float b);
// How often a pair can count at most: once in a union of blocks, else once for each branch.
int most_multiplicity(const Pattern& pattern);

// rgba[row·columns + column] as Image wants it, straight alpha, over nothing.
std::vector<std::uint32_t> paint(const PatternPicture& picture);
// 0xaabbggrr
std::uint32_t packed(Colour colour);

} // namespace dilascope
