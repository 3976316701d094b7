#pragma once
// Background threads yield to the window: on few cores the engine's threads would otherwise hold its frames up.
namespace dilascope {

// Gives the calling thread, and the threads it starts from now on (an OpenMP team), only the CPU time nobody else
// wants. For work whose speed is not a measurement that is stored: live requests.
void yield_to_the_window();

} // namespace dilascope
