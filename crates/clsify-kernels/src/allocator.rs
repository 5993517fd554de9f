//! When freed memory goes back to the system: not arithmetic, but `unsafe`.

/// From now on, blocks of a megabyte or more go back to the system as soon as they are freed.
///
/// By default glibc keeps blocks of up to 32 MB once one of that size was freed, so that the frozen encoder would still take
/// its memory while the tuned one learns. Smaller blocks are as fast as before; larger ones cost page faults each time. On
/// other systems nothing changes.
///
/// ```
/// clsify_kernels::allocator::return_large_blocks();
/// ```
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        const M_MMAP_THRESHOLD: i32 = -3; // malloc.h
        // SAFETY: the parameter and its type are those of `malloc.h`. The allocator is initialised, because the Rust runtime
        // has allocated before `main`, and glibc holds its lock while it changes the parameter.
        unsafe { mallopt(M_MMAP_THRESHOLD, 1 << 20) };
    }
}
