#include "engine/pattern/residues.h"
#include <numeric>
#include <utility>

namespace dilascope {

namespace {

__extension__ using Wide = __int128;

// Moduli beyond every token index: such a class has at most one member, its residue.
constexpr std::int64_t beyond = std::int64_t{1} << 61;

// x with a·x ≡ 1 (mod m), gcd(a, m) = 1.
std::int64_t inverse(std::int64_t a, std::int64_t m) {
    std::int64_t r0 = m, r1 = floor_mod(a, m), t0 = 0, t1 = 1;
    while (r1 > 0) {
        const std::int64_t quotient = r0 / r1;
        r0 = std::exchange(r1, r0 - quotient * r1);
        t0 = std::exchange(t1, t0 - quotient * t1);
    }
    return floor_mod(t0, m);
}

} // namespace

bool intersect(Residues a, Residues b, Residues& both) {
    const std::int64_t divisor = std::gcd(a.modulus, b.modulus), difference = b.residue - a.residue;
    if (difference % divisor != 0) return false;
    const std::int64_t m = b.modulus / divisor;
    const Wide steps = m == 1 ? 0 : Wide(floor_mod(difference / divisor, m)) * inverse(a.modulus / divisor, m) % m;
    const Wide residue = a.residue + Wide(a.modulus) * steps, modulus = Wide(a.modulus) * m;
    if (residue >= beyond) return false; // the first member lies beyond every token
    both = {std::int64_t(residue), modulus > beyond ? beyond : std::int64_t(modulus)};
    return true;
}

} // namespace dilascope
