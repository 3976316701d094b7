#pragma once
// The attention kernels. To add one: its line here. kernel_config.cpp makes a configuration of it, and the .cu file of
// its direction and element the kernel, under the same KERNEL_NAME.
//
// Each line: element, head_dim, rows of a block of threads, keys that pass at a time, and how many blocks one
// multiprocessor holds at once, for which the compiler saves registers. 99 KiB of shared memory is what the smallest
// GPUs since Ampere give a block: every element and head_dim has a kernel below that.

// clang-format off
#define FORWARD_HALF_KERNELS(line, element) \
    line(element, 64, 128, 64, 3)  \
    line(element, 64, 64, 64, 4)   \
    line(element, 128, 128, 64, 2) \
    line(element, 128, 64, 64, 3)  \
    line(element, 256, 64, 32, 2)

#define FORWARD_F32_KERNELS(line) \
    line(f32, 64, 64, 32, 4)   \
    line(f32, 128, 64, 32, 3)  \
    line(f32, 256, 64, 16, 2)  \
    line(tf32, 64, 64, 64, 3)  \
    line(tf32, 128, 64, 32, 2) \
    line(tf32, 256, 64, 16, 2)

#define BACKWARD_HALF_KERNELS(line, element) \
    line(element, 64, 128, 64, 1)  \
    line(element, 64, 64, 64, 2)   \
    line(element, 128, 128, 64, 1) \
    line(element, 128, 64, 64, 2)  \
    line(element, 256, 64, 16, 2)

#define BACKWARD_F32_KERNELS(line) \
    line(f32, 64, 64, 32, 2)   \
    line(f32, 128, 64, 16, 2)  \
    line(f32, 256, 32, 16, 1)  \
    line(tf32, 64, 64, 32, 2)  \
    line(tf32, 128, 64, 16, 2) \
    line(tf32, 256, 32, 16, 1)
// clang-format on

#define KERNEL_NAME(direction, element, head_dim, rows) direction " " #element " d" #head_dim " r" #rows
