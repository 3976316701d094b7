#!/bin/sh
# Plays drag_rate.gui (the engine runs) and drag_million.gui (a million tokens, the engine rests) in the real window under
# Xvfb: opens in less than a second, 99 % of the frames that change the picture take less than 16 ms, one frame of 60 Hz,
# and real keys from the X server arrive. Usage: xvfb_session.sh path/to/dilascope
# A software renderer on two quiet cores comes to 12 … 15 ms. A slower or busier machine may miss the goal without a
# defect of ours: up to p99_ms_bad that is said and skipped, above it fails.
# Exit codes: 0 good, 1 bad, 77 skipped or not judged (why is said).
binary=$1
folder=$(dirname "$0")
startup_ms_max=1000
p99_ms_max=16
p99_ms_bad=33
attempts=3 # other programs on the machine may disturb one
load=$(cut -d' ' -f1 /proc/loadavg)
cores=$(nproc)
verdict=0

command -v Xvfb >/dev/null || { echo "skipped: Xvfb is not installed (Debian/Ubuntu: apt install xvfb)"; exit 77; }
scratch=$(mktemp -d) || exit 1
Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$scratch/display" 2>"$scratch/xvfb.log" &
xvfb=$!
trap 'kill $xvfb 2>/dev/null; rm -rf "$scratch"' EXIT
for wait in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$scratch/display" ] && break
    sleep 0.5
done
[ -s "$scratch/display" ] || { echo "Xvfb does not start:"; cat "$scratch/xvfb.log"; exit 1; }
DISPLAY=:$(cat "$scratch/display")
export DISPLAY
unset WAYLAND_DISPLAY

value() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$scratch/perf.json"; }
below() { awk "BEGIN { exit !($1 < $2) }"; }

# play SCRIPT: opens the window, plays the script, judges the frames.
play() {
    attempt=1
    while :; do
        "$binary" --profile "$scratch/$1$attempt" --size 1600x1000 --script "$folder/$1" --perf-json "$scratch/perf.json" \
            || exit 1
        startup_ms=$(value startup_ms)
        p99_ms=$(value frame_ms_p99)
        echo "$1, attempt $attempt: first frame after $startup_ms ms; $(value frames) frames, median $(value frame_ms_p50)" \
            "ms, 99 % below $p99_ms ms, longest $(value frame_ms_max) ms; load $(cut -d' ' -f1 /proc/loadavg)"
        below "$startup_ms" $startup_ms_max && below "$p99_ms" $p99_ms_max && return
        if [ $attempt = $attempts ]; then
            echo "expected less than $startup_ms_max ms and $p99_ms_max ms"
            below "$load" "$cores" && ! { below "$startup_ms" $startup_ms_max && below "$p99_ms" $p99_ms_bad; } && exit 1
            echo "not judged: less than $p99_ms_bad ms, or the load of $load on $cores cores before this began"
            verdict=77
            return
        fi
        attempt=$((attempt + 1))
    done
}
play drag_rate.gui
play drag_million.gui

command -v xdotool >/dev/null || { echo "xdotool is not installed: real keys not tried"; exit $verdict; }
"$binary" --profile "$scratch/keys" --size 1600x1000 --dump-ui "$scratch/ui.json" &
window=$!
xdotool search --sync --name Dilascope >/dev/null
sleep 1
xdotool search --name Dilascope windowfocus
sleep 0.5
xdotool key ctrl+t key 3 key ctrl+q
wait $window || { echo "the window did not close well"; exit 1; }
grep -q '"theme": "light"' "$scratch/ui.json" && grep -q '"layout": "compare"' "$scratch/ui.json" \
    || { echo "keys were lost:"; grep -E '"(theme|layout)"' "$scratch/ui.json"; exit 1; }
echo "keys arrived"
exit $verdict
