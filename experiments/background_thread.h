#pragma once
// Background threads yield to the window: on few cores the engine's threads would otherwise hold its frames up.
namespace dilascope {

// Gives the calling thread, and the threads it starts from now on (an OpenMP team), only the CPU time nobody else
// wants. For work whose speed is not a measurement that is stored: live requests.
void yield_to_the_window();

// A tenth of the CPU time of a thread that has not stepped back, likewise inherited. For numbers that may come a moment
// later, but must come on a busy machine too.
void step_back();

} // namespace dilascope
