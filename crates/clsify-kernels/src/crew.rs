//! Threads that stand by for a sequence of many short tasks.
//!
//! Encoding one sentence takes some thirty products of a few microseconds each. Waking a sleeping thread takes longer
//! than such a product. So for the length of one call the other threads of the pool do not sleep, but poll a board on
//! which the caller posts the next task.
//!
//! The other threads only help. The caller does every part that nobody has claimed, so a busy pool makes a call
//! slower but never blocks it.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The number of times that a thread polls an empty board before it yields the processor once.
const LOOKS: u32 = 256;

/// A part of a task, by its number.
type Part<'a> = dyn Fn(usize) + Sync + 'a;

/// The current task, shared by all threads.
struct Board {
    /// The number of the task (32 bits), its number of parts (16 bits) and the number of claimed parts (16 bits).
    /// They share one word, so that no thread claims a part of one task and runs that of another.
    claims: AtomicU64,
    /// The task. It is written while no part of any task is unfinished, and read by threads that have claimed a part
    /// and not finished it.
    task: UnsafeCell<Option<*const Part<'static>>>,
    /// The number of finished parts of the task.
    finished: AtomicUsize,
    /// Set when no task will follow.
    is_over: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: all fields but `task` may be shared. `task` is written by the one thread that took the board from its `BOARD`, where it
// is only while every part that was ever claimed is finished; it is read between a claim and its end.
unsafe impl Sync for Board {}

thread_local! {
    /// The board of this thread, while it is in `standing_by`.
    static BOARD: Cell<Option<*const Board>> = const { Cell::new(None) };
}

/// Calls `f` while the other threads of the current rayon pool stand by for each [`divide`] in it.
pub fn standing_by<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return f();
    }
    let board = Board {
        claims: AtomicU64::new(0),
        task: UnsafeCell::new(None),
        finished: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        panic: Mutex::new(None),
    };
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| board.help());
        }
        /// Releases the helpers and gives the thread its former board back, however `f` ends.
        struct Over<'a>(&'a Board, Option<*const Board>);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                BOARD.set(self.1);
                self.0.is_over.store(true, Ordering::Release);
            }
        }
        let _over = Over(&board, BOARD.replace(Some(&board)));
        f()
    })
}

/// Calls `part` with each of `0..parts`: on all threads inside [`standing_by`], otherwise on this one.
///
/// # Panics
/// Panics if a part does, after all parts have finished.
pub fn divide(parts: usize, part: &(dyn Fn(usize) + Sync)) {
    // The board is taken off the thread while a task is on it: a part that calls `divide` again does all of its own
    // parts, and replaces nothing.
    struct Back(*const Board);
    impl Drop for Back {
        fn drop(&mut self) {
            BOARD.set(Some(self.0));
        }
    }
    if !(2..=0xffff).contains(&parts) {
        return (0..parts).for_each(part);
    }
    match BOARD.take() {
        Some(board) => {
            let _back = Back(board);
            // SAFETY: the board outlives the time in which it is this thread's, and no task is on it.
            unsafe { (*board).divide(parts, part) }
        }
        None => (0..parts).for_each(part),
    }
}

/// Calls `part(i, items[i])` for each item, divided as by [`divide`].
///
/// ```
/// let mut rows = [1.0, 2.0, 3.0, 4.0];
/// clsify_kernels::crew::divide_each(rows.chunks_mut(2).collect(), |i, row| row[0] = i as f32);
/// assert_eq!(rows, [0.0, 2.0, 1.0, 4.0]);
/// ```
///
/// # Panics
/// As [`divide`].
pub fn divide_each<T: Send>(items: Vec<T>, part: impl Fn(usize, T) + Sync) {
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    divide(items.len(), &|i| {
        let item = items[i].lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(item) = item {
            part(i, item);
        }
    });
}

impl Board {
    /// # Safety
    /// No task is on the board: the call does not come from a part of one.
    unsafe fn divide(&self, parts: usize, part: &Part) {
        // SAFETY: only the lifetime changes. No part is called after this function returns, because it waits for all
        // of them.
        let part = unsafe { std::mem::transmute::<*const Part<'_>, *const Part<'static>>(part) };
        // SAFETY: by the caller's promise every part of the task before is finished, and none of this one can be claimed yet.
        unsafe { *self.task.get() = Some(part) };
        self.finished.store(0, Ordering::Relaxed);
        let number = (self.claims.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        // A thread that sees this value also sees the task.
        self.claims.store(number << 32 | (parts as u64) << 16, Ordering::Release);
        while self.work() {}
        while self.finished.load(Ordering::Acquire) < parts {
            std::hint::spin_loop();
        }
        let panic = self.panic.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Runs one part, if there is one.
    fn work(&self) -> bool {
        let claims = self.claims.load(Ordering::Acquire);
        let (parts, claimed) = (claims >> 16 & 0xffff, claims & 0xffff);
        if claimed == parts {
            return false;
        }
        if self.claims.compare_exchange(claims, claims + 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return true;
        }
        // SAFETY: a part of this task is claimed and not finished, so the task is not replaced, and its caller waits.
        let task = unsafe { (*self.task.get()).map(|task| &*task) };
        if let Some(Err(panic)) = task.map(|f| catch_unwind(AssertUnwindSafe(|| f(claimed as usize)))) {
            *self.panic.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(panic);
        }
        self.finished.fetch_add(1, Ordering::Release);
        true
    }

    /// Runs parts until the call is over.
    fn help(&self) {
        let mut looks = 0;
        while !self.is_over.load(Ordering::Acquire) {
            if self.work() {
                looks = 0;
                continue;
            }
            looks += 1;
            if looks % LOOKS == 0 {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri is a thousand times slower.
    const TASKS: usize = if cfg!(miri) { 8 } else { 2000 };

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
    }

    /// Every part of every task runs exactly once, and before `divide` returns.
    #[test]
    fn every_part_is_done_once() {
        for threads in [1, 2, 3, 8] {
            pool(threads).install(|| {
                standing_by(|| {
                    for task in 0..TASKS {
                        let parts = task % 7;
                        let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                        divide(parts, &|part| {
                            done[part].fetch_add(task + 1, Ordering::Relaxed);
                        });
                        assert!(
                            done.iter().all(|n| n.load(Ordering::Relaxed) == task + 1),
                            "{threads} threads"
                        );
                    }
                });
            });
        }
    }

    #[test]
    fn a_part_may_divide_again() {
        let done: Vec<AtomicUsize> = (0..30).map(|_| AtomicUsize::new(0)).collect();
        pool(2).install(|| {
            standing_by(|| {
                for _ in 0..TASKS {
                    divide(6, &|outer| {
                        divide(5, &|inner| {
                            done[5 * outer + inner].fetch_add(1, Ordering::Relaxed);
                        });
                    });
                }
            });
        });
        assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == TASKS));
    }

    #[test]
    fn without_anybody_standing_by_the_caller_does_all() {
        let sum = AtomicUsize::new(0);
        divide(5, &|part| {
            sum.fetch_add(part, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 10);
    }

    /// The other thread of the pool is busy until the call is over.
    #[test]
    fn a_busy_pool_does_not_stop_a_call() {
        let pool = pool(2);
        let free = AtomicBool::new(false);
        pool.scope(|scope| {
            scope.spawn(|_| {
                while !free.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            });
            scope.spawn(|_| {
                let sum = AtomicUsize::new(0);
                standing_by(|| {
                    divide(9, &|part| {
                        sum.fetch_add(part, Ordering::Relaxed);
                    });
                    free.store(true, Ordering::Release);
                });
                assert_eq!(sum.into_inner(), 36);
            });
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_after_all_parts() {
        let done = AtomicUsize::new(0);
        let outcome = pool(2).install(|| {
            catch_unwind(AssertUnwindSafe(|| {
                standing_by(|| {
                    divide(6, &|part| {
                        done.fetch_add(1, Ordering::Relaxed);
                        assert!(part != 3, "the fourth");
                    });
                });
            }))
        });
        assert!(outcome.is_err());
        assert_eq!(done.into_inner(), 6);
    }
}
