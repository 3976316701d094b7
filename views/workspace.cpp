#include "views/workspace.h"
#include "engine/pattern/pattern_text.h"

namespace dilascope {

namespace {

constexpr std::size_t undo_limit = 500; // steps kept

std::int64_t clamp_index(std::int64_t index, std::int64_t count) {
    return std::clamp<std::int64_t>(index, 0, std::max<std::int64_t>(0, count - 1));
}

} // namespace

Workspace::Workspace() { apply(Case{}); }

void Workspace::start(Case first) {
    undo_.clear();
    redo_.clear();
    gesture_.clear();
    apply(std::move(first));
}

void Workspace::set_config(Case next, const std::string& gesture) {
    if (next == config) return;
    if (gesture.empty() || gesture != gesture_) {
        undo_.push_back(config);
        if (undo_.size() > undo_limit) undo_.erase(undo_.begin());
    }
    gesture_ = gesture;
    redo_.clear();
    apply(std::move(next));
}

void Workspace::apply(Case next) {
    config = std::move(next);
    if (const Result<void> checked = validate(config); !checked) {
        config_error = checked.error().what;
        return;
    }
    config_error.clear();
    const Problem next_problem = *problem_of(config);
    const bool is_other_problem = version == 0 || !(next_problem == problem);
    problem = next_problem;
    pattern = *pattern_of(config);
    config.pattern = to_text(pattern);
    ++version;
    if (is_other_problem) problem_version = version;
    check_compare();
    selection.head = clamp_index(selection.head, problem.heads);
    pick(selection.picked_q, selection.picked_k);
}

void Workspace::check_compare() {
    compare_error.clear();
    if (!compare_pattern) return;
    if (const Result<void> checked = validate(*compare_pattern, problem); !checked)
        compare_error = checked.error().what;
}

void Workspace::keep_as_a() {
    compare_pattern = pattern;
    compare_text = to_text(pattern);
    compare_error.clear();
}

Result<void> Workspace::keep_as_a(const std::string& text) {
    compare_pattern = TRY(parse_pattern(text));
    compare_text = to_text(*compare_pattern);
    check_compare();
    return {};
}

void Workspace::forget_a() {
    compare_pattern.reset();
    compare_text.clear();
    compare_error.clear();
    compared = Compared::b;
}

void Workspace::flip_compared() {
    if (has_a()) compared = compared == Compared::a ? Compared::b : Compared::a;
}

bool Workspace::undo() {
    if (undo_.empty()) return false;
    redo_.push_back(std::move(config));
    Case previous = std::move(undo_.back());
    undo_.pop_back();
    gesture_.clear();
    apply(std::move(previous));
    return true;
}

bool Workspace::redo() {
    if (redo_.empty()) return false;
    undo_.push_back(std::move(config));
    Case next = std::move(redo_.back());
    redo_.pop_back();
    gesture_.clear();
    apply(std::move(next));
    return true;
}

void Workspace::hover(std::int64_t q, std::int64_t k) {
    selection.q = clamp_index(q, problem.seq_len);
    selection.k = clamp_index(k, problem.kv_len);
    selection.hovered = true;
}

void Workspace::end_hover() {
    selection.hovered = false;
    selection.q = selection.picked_q;
    selection.k = selection.picked_k;
}

void Workspace::pick(std::int64_t q, std::int64_t k) {
    selection.picked_q = clamp_index(q, problem.seq_len);
    selection.picked_k = clamp_index(k, problem.kv_len);
    selection.hovered = false;
    selection.q = selection.picked_q;
    selection.k = selection.picked_k;
}

void Workspace::select_head(std::int64_t head) { selection.head = clamp_index(head, problem.heads); }

} // namespace dilascope
