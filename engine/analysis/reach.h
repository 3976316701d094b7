#pragma once
// Receptive fields over stacked layers. With the residual connection a token keeps what it had:
//   R_0 = {q};  R_l = R_{l−1} ∪ ∪ over x in R_{l−1} of the keys that x reads in the l-th layer from the top.
// So R_1 is q and the keys it reads in the top layer, and R_l what can reach q's output through the top l layers. A
// stack that is asked for more layers than it has starts again at its top.
#include "engine/analysis/read_keys.h"
#include "engine/analysis/token_plan.h"
#include "engine/cancel.h"
#include "engine/pattern/count.h"

namespace dilascope {

// One layer: what each token reads through any of the heads. The plan must outlive its use.
struct Layer {
    const Plan* plan = nullptr;
    std::vector<std::int64_t> heads;
};

// Who reads what in each layer of a stack, made once and shared by the walks of many queries (and threads).
class Stack {
public:
    // `layers` from the bottom to the top, at least one, each with at least one head. Error when their problems do not
    // stack: N = M, equal in all, all causal or none.
    static Result<Stack> make(std::span<const Layer> layers);
    // For walks of many queries over few tokens; a second call does nothing: the rows of each layer as bits, N²/8 bytes
    // a distinct layer at most.
    Result<void> tabulate(const CancelFlag* cancel);

    std::int64_t tokens() const { return problem_.seq_len; }
    const Problem& problem() const { return problem_; }
    int layer_count() const { return int(kind_of_layer_.size()); }
    int kind_count() const { return int(kinds_.size()); }
    // The kind (layers of one plan and heads) of the step-th layer from the top, step = 0, 1, …
    int kind_of_step(std::int64_t step) const {
        return kind_of_layer_[std::size_t(layer_count() - 1 - step % layer_count())];
    }
    // Inserts the keys the queries read in a layer of this kind. False when cancelled.
    bool read(int kind, const TokenSet& queries, TokenSet& keys, const CancelFlag* cancel) const;

private:
    struct Kind {
        std::shared_ptr<const Plan> plan; // in token order
        HeadTiles tiles;
        std::vector<std::int32_t> row_of_query; // tabulated: index into `rows`; alike queries share one
        std::vector<TokenSet> rows;
        std::vector<Range> spans; // of the rows' keys
    };
    Problem problem_;
    std::vector<Kind> kinds_;
    std::vector<int> kind_of_layer_;
};

// R_0, R_1, … of one query.
class ReachWalk {
public:
    ReachWalk(const Stack& stack, std::int64_t query);
    // One layer on. False when cancelled.
    bool advance(const CancelFlag* cancel);
    std::int64_t layers() const { return layers_; }
    const TokenSet& reached() const { return reached_; }
    // No further layer adds anything, however often the stack is repeated.
    bool is_final() const;

private:
    const Stack* stack_;
    std::int64_t layers_ = 0;
    TokenSet reached_, frontier_;
    std::vector<TokenSet> expanded_; // of each kind: the tokens whose keys are in already
};

// Least number of layers that reaches each key from one query, within the stack: 0 the query itself, −1 never.
Result<std::vector<std::int32_t>> key_depths(const Stack& stack, std::int64_t query,
                                             const CancelFlag* cancel = nullptr);

} // namespace dilascope
